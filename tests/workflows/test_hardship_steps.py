"""Tests of 困难帮扶: every row of a valid case, and every refusal by its codes."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.workflows import refusals
from tests.workflows.evidence_refusals import INCOME_CUT
from tests.workflows.happy import HAPPY, Happy
from tests.workflows.refusals import SENT_BACK_FOR_PAPERS, Line, labels
from tests.workflows.rule_input_builders import AWARD, CALENDAR, FAMILY, FILE, FUND, filled, other_award, rule_input
from tests.workflows.sample_policy import SAMPLE
from workflows.eligibility import SpendingLine
from workflows.evidence import Verification
from workflows.facts import RuleInput
from workflows.programmes.hardship import HARDSHIP
from workflows.state_machine import decide
from workflows.vocabulary import Fen, Refused

VERIFIED = Verification(date(2025, 9, 12), "clear", seen=FILE)

PAID = {"self_paid": 1_200_000}
"""What the survey found for illness in FAMILY."""

MEDICAL: dict[str, Any] = {"item": "MED"}
PAID_MORE = {"self_paid": 1_200_001}

ONLY_HARDSHIP: list[Line] = [
    (
        "correct_application",
        rule_input("draft", answers={"item": "MED"}, open_cases={"MED": "HA2025-000001"}),
        ["case_already_open"],
    ),
    ("pass_review", rule_input("review", **MEDICAL, own=PAID_MORE), ["self_paid_differs"]),
    ("pass_review", rule_input("review", **MEDICAL, own={"self_paid": 1_199_999}), ["self_paid_differs"]),
    ("approve", rule_input("approval", **MEDICAL, own=PAID_MORE), ["self_paid_differs"]),
    (
        "pass_review",
        rule_input("review", **MEDICAL, own=PAID, cause="other", papers=frozenset(SAMPLE.papers_for("other"))),
        ["papers_missing"],
    ),
    ("record_check", rule_input("verification", answers={"replied_on": "2025-09-13"}), ["in_the_future"]),
    (
        "record_check",
        rule_input("verification", returned=SENT_BACK_FOR_PAPERS, answers={"replied_on": "2025-09-07"}),
        ["verification_not_repeated"],
    ),
    ("pass_review", rule_input("review", verification=None), ["verification_missing"]),
    (
        "pass_review",
        rule_input("review", verification=replace(VERIFIED, people="of others")),
        ["verification_of_others"],
    ),
    (
        "pass_review",
        rule_input("review", verification=replace(VERIFIED, replied_on=date(2025, 4, 1))),
        ["verification_stale"],
    ),
    (
        "pass_review",
        rule_input("review", verification=replace(VERIFIED, outcome="hits")),
        ["verification_hits_unexplained"],
    ),
    ("pass_review", rule_input("review", others=(other_award("LIV", 100),)), ["item_repeated"]),
    ("pass_review", rule_input("review", others=(other_award("LIV", 1_000_000),)), ["item_repeated", "over_cap"]),
    ("approve", rule_input("approval", others=(other_award("LIV", 1_000_000),)), ["item_repeated", "over_cap"]),
    (
        "pass_review",
        rule_input("review", seen=INCOME_CUT),
        ["check_void", "survey_void"],
    ),
    ("pass_review", rule_input("review", pending=("LIV",)), ["same_item_pending"]),
    ("approve", rule_input("approval", pending=("LIV",)), ["same_item_pending"]),
]
LINES = [*refusals.of(HARDSHIP), *ONLY_HARDSHIP]


@pytest.mark.parametrize("row", HAPPY["hardship"], ids=lambda row: f"{row.action}-{row.source}")
def test_each_row_of_a_valid_case_is_taken(row: Happy) -> None:
    transition = decide(HARDSHIP, row.action, filled(row.action, row.rule_input(HARDSHIP)))
    due = transition.due_on.isoformat() if transition.due_on else None
    assert (transition.source, transition.target, due, transition.due_is_provisional) == (
        row.source,
        row.target,
        row.due,
        False,
    )
    assert (transition.postings, transition.duty, transition.step.notification) == (
        row.moved,
        row.duty,
        row.notification,
    )


@pytest.mark.parametrize(("action", "case", "codes"), LINES, ids=labels(LINES))
def test_each_invalid_case_is_refused_with_every_reason(action: str, case: RuleInput, codes: list[str]) -> None:
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, action, filled(action, case))
    assert refusal.value.codes == codes


@pytest.mark.parametrize(
    "case",
    [
        rule_input("review", verification=None, policy=replace(SAMPLE, verification_required=False)),
        rule_input("review", verification=replace(VERIFIED, outcome="hits", explained=True)),
        rule_input("review", verification=replace(VERIFIED, replied_on=date(2025, 4, 2))),
        rule_input("review", others=(other_award("LIV", 100, on=date(2024, 12, 31)),)),
        rule_input("review", others=(other_award("MED", 100), other_award("EDU", 100))),
        rule_input("review", others=(other_award("MED", 100),), pending=("MED", "EDU", "ACC")),
        rule_input("review", cause="other", papers=frozenset(SAMPLE.papers["all"])),
        rule_input("review", finances=replace(FAMILY, members=1)),
        rule_input("review", requested=Fen(300_000)),
        rule_input("review", payee_in_family=None),
        rule_input("review", consented_until=date(2025, 9, 29)),
        rule_input(
            "review", fund=replace(FUND, opens_on=date(2025, 10, 14), expires_on=date(2025, 10, 14), available=AWARD)
        ),
        rule_input("review", requested=Fen(1_274_400), answers={"award": "12744.00"}),
        rule_input("review", **MEDICAL, own=PAID),
        rule_input("review", item="ACC", own=PAID, answers={"award": "1800.00"}),
        rule_input("review", own={"self_paid": 5_000_000}),
    ],
)
def test_review_at_the_limit_passes(case: RuleInput) -> None:
    assert decide(HARDSHIP, "pass_review", filled("pass_review", case)).target == "notice"


def test_reviewer_suspends_case_for_the_longest_hold() -> None:
    held = filled("suspend", rule_input("review", answers={"until": "2025-12-28"}))
    assert (date(2025, 12, 28) - held.today).days == SAMPLE.days("suspend_days")
    assert decide(HARDSHIP, "suspend", held).target == "review"


def test_medical_aid_without_proof_of_payment_has_cap_zero() -> None:
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, "pass_review", filled("pass_review", rule_input("review", item="MED")))
    assert [(reason.code, reason.values["cap"]) for reason in refusal.value.reasons] == [("over_cap", 0)]


def test_cap_follows_the_lower_of_form_and_survey() -> None:
    """50,000 yuan are typed, 3,000 were found: the cap is 3,000."""
    illness = replace(FAMILY, spending=(SpendingLine("illness", "head", Fen(500_000), Fen(200_000)),))
    case = rule_input("review", **MEDICAL, own={"self_paid": 5_000_000}, finances=illness, answers={"award": "3000.01"})
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, "pass_review", filled("pass_review", case))
    assert refusal.value.codes == ["self_paid_differs", "over_cap"]
    typed, cap = refusal.value.reasons
    assert (typed.values["typed"], typed.values["surveyed"], cap.values["cap"]) == (5_000_000, 300_000, 300_000)


LIVING_LAST_YEAR = (other_award("LIV", 100, on=date(2025, 9, 1)), other_award("MED", 100, on=date(2025, 9, 1)))


def test_year_of_caps_and_items_is_that_of_the_decision() -> None:
    """A review of 25 December posts a notice that ends in January: aid of the old year is no repeat."""
    calendar = replace(CALENDAR, years=CALENDAR.years | {2026})
    line = replace(FUND, opens_on=date(2026, 1, 1), expires_on=date(2026, 12, 31))
    check = replace(VERIFIED, replied_on=date(2025, 12, 1))
    case = replace(
        rule_input("review", today=date(2025, 12, 26), others=LIVING_LAST_YEAR, fund=line, verification=check),
        calendar=calendar,
    )
    assert decide(HARDSHIP, "pass_review", filled("pass_review", case)).target == "notice"
    refused = rule_input("approval", today=date(2025, 12, 30), others=LIVING_LAST_YEAR)
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, "approve", filled("approve", refused))
    assert refusal.value.codes == ["item_repeated"]
