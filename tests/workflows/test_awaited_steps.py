"""Tests of awaited steps: when a case waits for a step, and which reasons are about the person."""

from dataclasses import replace
from typing import Any

import pytest

from tests.workflows.rule_input_builders import POSTED, SURVEY, rule_input
from tests.workflows.sample_policy import SAMPLE
from workflows.able_people import able_people
from workflows.awaited_steps import ASKED_OF_THE_PERSON, AwaitedStep, awaited_steps, is_awaited, waits_for_actor
from workflows.programme import Awaited, InvalidProgramme, Step
from workflows.programmes import PROGRAMMES
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Actor, Duty, Grant, Phase, Role


def test_every_open_state_is_awaited_of_people_or_of_the_clock() -> None:
    for programme in PROGRAMMES.values():
        by_people = {row.state for row in awaited_steps((programme,)) if row.awaited is not Awaited.HOLD_OVER}
        by_clock = {state for step in programme.steps if step.roles == (Role.CLOCK,) for state in step.sources}
        open_states = {state.key for state in programme.states if state.phase is not Phase.ENDED}
        assert open_states <= by_people | by_clock


def test_open_state_that_waits_for_no_step_is_not_imported() -> None:
    steps = tuple(replace(each, awaited=Awaited.NEVER) if "draft" in each.sources else each for each in HARDSHIP.steps)
    with pytest.raises(InvalidProgramme, match="draft: an open state waits for no step"):
        replace(HARDSHIP, steps=steps)


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


def rows(state: str, role: Role, awaited: Awaited = Awaited.ALWAYS) -> list[AwaitedStep]:
    """Return what hardship cases in a state wait for from a role."""
    found = awaited_steps((HARDSHIP,))
    return [each for each in found if (each.state, each.role, each.awaited) == (state, role, awaited)]


def test_signature_is_awaited_once_for_each_number_of_valid_ones() -> None:
    assert [each.signatures for each in rows("approval", Role.APPROVER)] == list(range(9))
    assert [each.signatures for each in rows("verification", Role.VERIFIER)] == [None]


def test_step_is_not_awaited_of_those_whose_duty_forbids_it() -> None:
    [check] = rows("verification", Role.VERIFIER)
    assert {Duty.REGISTRAR, Duty.FILER, Duty.VISITOR, Duty.REVIEWER, Duty.PAYER} <= set(check.barred_by)
    assert {Duty.VERIFIER, Duty.FOLLOWER, Duty.RECEIPT_WITNESS}.isdisjoint(check.barred_by)
    [finish] = rows("survey", Role.REGISTRAR, Awaited.VISITED)
    assert finish.barred_by == ()
    first, second, *_ = rows("approval", Role.APPROVER)
    assert (Duty.APPROVER_1 in first.barred_by, Duty.APPROVER_2 in first.barred_by) == (False, True)
    assert (Duty.APPROVER_1 in second.barred_by, Duty.APPROVER_2 in second.barred_by) == (True, False)


@pytest.mark.parametrize(
    ("state", "role", "awaited", "asks"),
    [
        ("review", Role.REVIEWER, Awaited.ALWAYS, ("passes_own_award",)),
        ("notice", Role.REVIEWER, Awaited.OBJECTION_OPEN, ("answers_own_award",)),
        ("transit", Role.CASHIER, Awaited.ALWAYS, ("same_people_again",)),
        ("returning", Role.CASHIER, Awaited.ALWAYS, ()),
    ],
)
def test_step_asks_what_its_rules_ask_of_the_person(
    state: str, role: Role, awaited: Awaited, asks: tuple[str, ...]
) -> None:
    assert [each.asks for each in rows(state, role, awaited)] == [asks]


@pytest.mark.parametrize(
    ("action", "state", "facts", "expected"),
    [
        ("record_follow_up", "follow_up", {}, False),
        ("close", "follow_up", {}, True),
        ("record_follow_up", "follow_up", {"visits": (SURVEY,)}, True),
        ("close", "follow_up", {"visits": (SURVEY,)}, False),
        ("finish_survey", "survey", {"visits": (SURVEY,)}, True),
        ("finish_survey", "survey", {"visits": ()}, False),
        ("answer_objection", "notice", {"notice": replace(POSTED, open_objections=1)}, True),
        ("answer_objection", "notice", {"notice": POSTED}, False),
        ("return_to_review", "notice", {"notice": replace(POSTED, upheld_objections=1)}, True),
        ("return_to_review", "notice", {"notice": POSTED}, False),
        ("end_notice", "notice", {}, False),
    ],
)
def test_step_is_awaited_while_its_condition_holds(
    action: str, state: str, facts: dict[str, Any], expected: bool
) -> None:
    step = HARDSHIP.step(action, state)
    assert step is not None
    assert is_awaited(step, rule_input(state, **facts)) is expected


def test_able_people_are_looked_for_under_the_policy_in_force() -> None:
    """Why: a case keeps the policy set of its application, and a new award follows the one in force."""
    case = rule_input("review")
    unknown = replace(SAMPLE, dibao_lines=())
    assert able_people(HARDSHIP, "pass_review", case, [case.actor]) == (case.actor.account,)
    assert able_people(HARDSHIP, "pass_review", case, [case.actor], unknown) == ()
    of_then = replace(case, policy=unknown)
    assert able_people(HARDSHIP, "pass_review", of_then, [case.actor]) == ()
    assert able_people(HARDSHIP, "pass_review", of_then, [case.actor], SAMPLE) == (case.actor.account,)
    assert waits_for_actor(HARDSHIP, of_then, SAMPLE)
