"""Tests of evidence at its last day, of objections in turn, and of grants that are judged one by one."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from tests.workflows.rule_input_builders import FAILED, FILE, OBJECTED, PEOPLE, SENT, rule_input
from tests.workflows.sample_policy import SAMPLE
from tests.workflows.test_boundaries import codes
from workflows.assessment import yuan
from workflows.programmes.hardship import HARDSHIP
from workflows.rules import evidence, objections
from workflows.step_input import corrected
from workflows.vocabulary import Grant, Reason, Role


@pytest.mark.parametrize(
    ("today", "stale"), [(date(2025, 9, 29), False), (date(2025, 9, 30), False), (date(2025, 10, 1), True)]
)
def test_finances_are_recent_until_the_last_day_of_a_shorter_month(today: date, stale: bool) -> None:
    policy = replace(SAMPLE, finances_valid_months=1)
    case = rule_input("review", policy=policy, today=today, finances_as_of=date(2025, 8, 31))
    reason = evidence.finances_recent(case)
    assert [each.code for each in (reason,) if each is not None] == (["finances_stale"] if stale else [])


@pytest.mark.parametrize("missing", ["finances", "finances_as_of"])
def test_finances_that_are_not_on_file_are_not_too_old(missing: str) -> None:
    old: dict[str, Any] = {"finances_as_of": date(2020, 1, 1)}
    assert evidence.finances_recent(rule_input("review", **(old | {missing: None}))) is None
    assert evidence.finances_recent(rule_input("review", **old)) is not None


def test_objection_is_answered_in_turn() -> None:
    """The first that waits is answered: a later one, to an award of the actor's own, is no reason against it."""
    mine = replace(OBJECTED, posted_by=frozenset({PEOPLE["reviewer_2"]}))
    asked = rule_input("notice", by="reviewer_2", objections=(OBJECTED, mine))
    assert objections.answered_by_another(asked) is None
    turned = rule_input("notice", by="reviewer_2", objections=(mine, OBJECTED))
    assert objections.answered_by_another(turned) == Reason.of("objection_own_award")


def test_half_a_fen_is_rounded_away_from_zero() -> None:
    halves = (Fraction(1, 2), Fraction(-1, 2), Fraction(1, 3), Fraction(0))
    assert [yuan(each) for each in halves] == ["0.01", "-0.01", "0.00", "0.00"]


def test_corrected_application_has_no_free_text_among_its_facts() -> None:
    step = HARDSHIP.step("correct_application", "draft")
    assert step is not None
    answers = {"requested": 500, "item": "LIV", "self_paid": 30, "cause_text": "病"}
    facts = corrected(step.form, replace(rule_input("draft"), answers=answers))
    assert (facts.requested, facts.item, facts.answers) == (500, "LIV", {"self_paid": 30})


def test_each_grant_is_judged_alone() -> None:
    """A cashier who also stands in for another confirms as themselves what that other person may not confirm again."""
    first = replace(FAILED, payer=PEOPLE["cashier"], confirmer=PEOPLE["cashier_2"])
    grants = (Grant(Role.CASHIER), Grant(Role.CASHIER, principal=PEOPLE["cashier_2"]))
    both = rule_input("transit", by="someone_else", grants=grants, payments=(first, SENT))
    assert codes("confirm_payment", both) == []
    as_stand_in = rule_input("transit", by="someone_else", grants=grants[1:], payments=(first, SENT))
    assert codes("confirm_payment", as_stand_in) == ["second_payment_same_people"]


def test_void_survey_says_what_changed_since_it() -> None:
    """Why: visitors go again, and must know for what."""
    reason = evidence.survey_still_holds(rule_input("survey", seen=replace(FILE, finances="finances after the visit")))
    assert reason is not None
    assert (reason.code, reason.values["changed"]) == ("survey_void", ["finances"])
