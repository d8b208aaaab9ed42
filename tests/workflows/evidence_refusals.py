"""Refusals about what a survey, a check and a notice saw, and about objections, in both programmes."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from tests.workflows.happy import ONE_OBJECTION, UNCONFIRMED, UNSIGNED
from tests.workflows.rule_input_builders import CALLED, FILE, OBJECTED, PEOPLE, SURVEY, other_award, rule_input
from workflows.facts import RuleInput
from workflows.programme import Programme
from workflows.vocabulary import Duty, Fen

Line = tuple[str, RuleInput, list[str]]

INCOME_CUT = replace(FILE, finances="finances after the visit")
CAR_SOLD = replace(FILE, exclusions=("vehicle",))
UPHELD = replace(OBJECTED, outcome="upheld")
ANOTHER = {"objection_met": "收入已重新核实"}
LOWER = {"award": "2999.99", **ANOTHER}


def surveying(programme: Programme) -> list[Line]:
    """Return refusals of visits that nobody confirmed, and of surveys that saw another file."""
    survey, review = (partial(rule_input, state, programme=programme) for state in ("survey", "review"))
    unconfirmed: dict[str, Any] = {"visits": (replace(SURVEY, confirmed=frozenset()),)}
    seen_again = (replace(SURVEY, confirmed=frozenset({PEOPLE["visitor"]})), SURVEY)
    return [
        ("confirm_visit", survey("visitor_2"), ["no_visit_to_confirm"]),
        ("confirm_visit", survey("visitor", **UNCONFIRMED), ["no_visit_to_confirm"]),
        ("confirm_visit", survey("follower", **UNCONFIRMED), ["no_visit_to_confirm"]),
        ("confirm_visit", survey("visitor_2", visits=(replace(SURVEY, seen=None),)), ["no_visit_to_confirm"]),
        ("confirm_visit", survey("follower", visits=(CALLED,)), ["no_visit_to_confirm"]),
        ("finish_survey", survey(**UNCONFIRMED), ["visit_unconfirmed"]),
        ("finish_survey", survey(seen=INCOME_CUT), ["survey_void"]),
        ("pass_review", review(**unconfirmed), ["visit_unconfirmed"]),
        ("pass_review", review(seen=replace(FILE, members="one more"), verification=None), _unchecked(programme)),
        # A newer visit that only one visitor confirmed does not renew the survey of two.
        (
            "pass_review",
            review(seen=CAR_SOLD, visits=(SURVEY, replace(UNCONFIRMED["visits"][0], seen=CAR_SOLD)), verification=None),
            _unchecked(programme),
        ),
        ("finish_survey", survey(seen=INCOME_CUT, visits=seen_again), ["survey_void"]),
    ]


def _unchecked(programme: Programme) -> list[str]:
    return ["verification_missing", "survey_void"] if programme.key == "hardship" else ["survey_void"]


def old_finances(programme: Programme) -> list[Line]:
    """Return refusals of finances that nobody surveyed for twelve months."""
    at = partial(rule_input, programme=programme)
    return [
        ("pass_review", at("review", finances_as_of=date(2024, 9, 28)), ["finances_stale"]),
        ("approve", at("approval", finances_as_of=date(2024, 10, 14)), ["finances_stale"]),
    ]


def given_together(programme: Programme) -> list[Line]:
    """Return refusals of a tier and of missing minutes for what a household got in 30 days, in several cases."""
    first = partial(rule_input, "approval", by="approver", programme=programme, award=Fen(200_000), **UNSIGNED)
    month = {"on": date(2025, 9, 16)}
    return [
        ("approve", first(others=(other_award("HOU", 1, **month),)), ["higher_tier_needed"]),
        ("endorse", first(others=(other_award("HOU", 300_000, **month),)), ["minutes_missing"]),
        # On the thirtieth day before the decision an award no longer counts.
        ("endorse", first(others=(other_award("HOU", 1, on=date(2025, 9, 15)),)), ["last_tier"]),
    ]


def objecting(programme: Programme) -> list[Line]:
    """Return refusals of answering an objection, and of passing a case again after one was upheld."""
    notice, review = (partial(rule_input, state, programme=programme) for state in ("notice", "review"))
    again = partial(review, by="reviewer_2", objections=(UPHELD,))
    to_own_award: dict[str, Any] = {"duties": frozenset({(Duty.REVIEWER, PEOPLE["reviewer"])})}
    return [
        ("answer_objection", notice("reviewer", **ONE_OBJECTION), ["objection_own_award"]),
        ("pass_review", again(), ["objected_unchanged", "objection_met_missing"]),
        ("pass_review", again(answers=ANOTHER), ["objected_unchanged"]),
        ("pass_review", again(answers={"award": "3000.01", **ANOTHER}), ["objected_unchanged"]),
        ("pass_review", again(answers=ANOTHER, objections=(replace(UPHELD, seen=None),)), ["objected_unchanged"]),
        ("pass_review", again(answers={"award": "2999.99"}), ["objection_met_missing"]),
        ("pass_review", again(by="reviewer", answers=LOWER, **to_own_award), ["objected_award_own"]),
        # The first of two upheld objections stays against the case whatever the second award was.
        (
            "pass_review",
            again(answers=LOWER, objections=(replace(UPHELD, award=Fen(200_000)), UPHELD)),
            ["objected_unchanged"],
        ),
    ]
