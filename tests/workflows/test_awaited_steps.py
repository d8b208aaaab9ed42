"""Tests of awaited steps: when a case waits for a step, and which reasons are about the person."""

from dataclasses import replace

import pytest

from tests.workflows.rule_input_builders import rule_input
from workflows.able_people import able_people
from workflows.awaited_steps import ASKED_OF_THE_PERSON, awaited_steps, is_awaited, waits_for_actor
from workflows.programme import Awaited, InvalidProgramme, Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Actor, Grant, Phase, Role


def test_every_open_state_is_awaited_of_people_or_of_the_clock() -> None:
    for programme in PROGRAMMES.values():
        by_people = {row.state for row in awaited_steps((programme,)) if row.awaited is not Awaited.HOLD_OVER}
        by_clock = {state for step in programme.steps if step.roles == (Role.CLOCK,) for state in step.sources}
        open_states = {state.key for state in programme.states if state.phase is not Phase.ENDED}
        assert open_states <= by_people | by_clock


def test_open_state_that_waits_for_no_step_is_not_imported() -> None:
    steps = tuple(replace(each, awaited=Awaited.NEVER) if "draft" in each.sources else each for each in HARDSHIP.steps)
    with pytest.raises(InvalidProgramme, match="draft: an open state waits for no step"):
        Programme(**{name: getattr(HARDSHIP, name) for name in Programme.__slots__} | {"steps": steps})


def test_rule_that_reads_the_actor_is_asked_in_sql_or_of_an_answer() -> None:
    """A new rule about the person must be asked by service/queries/awaited_steps.py too."""
    of_the_answers = {"recorder_went", "surveyors_have_no_incompatible_duty", "followers_have_no_incompatible_duty"}
    steps: list[Step] = [step for programme in PROGRAMMES.values() for step in programme.steps]
    rules = {rule for step in steps if step.awaited is not Awaited.NEVER for rule in step.must_hold}
    about_people = {rule for rule in rules if {"actor", "_people"} & set(rule.__code__.co_names)}
    assert {rule.__name__ for rule in about_people - set(ASKED_OF_THE_PERSON)} <= of_the_answers


def test_held_case_waits_for_its_end_only_once_the_hold_is_over() -> None:
    resume = HARDSHIP.step("resume", "review")
    assert resume is not None
    case = rule_input("review", by="reviewer", held=True)
    assert not is_awaited(resume, case)
    assert is_awaited(resume, case, hold_over=True)
    assert not waits_for_actor(HARDSHIP, case)
    assert waits_for_actor(HARDSHIP, case, hold_over=True)


def test_able_people_are_those_whom_no_rule_refuses() -> None:
    case = rule_input("notice", by="reviewer")
    reviewer, approver = (Actor(case.actor.account, (Grant(role, 1),)) for role in (Role.REVIEWER, Role.APPROVER))
    assert able_people(HARDSHIP, "suspend", case, [reviewer]) == (reviewer.account,)
    assert (
        able_people(HARDSHIP, "suspend", replace(case, facts=case.facts.replace(held=True)), [reviewer, approver]) == ()
    )
    assert able_people(HARDSHIP, "approve", case, [approver]) == ()
