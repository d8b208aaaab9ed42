"""Tests of 金秋助学: every row of a valid case, and every refusal by its codes."""

from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from tests.workflows import refusals, rule_input_builders
from tests.workflows.happy import HAPPY, SCHOOLING, Happy
from tests.workflows.refusals import Line, labels
from tests.workflows.rule_input_builders import filled, other_award
from workflows.facts import RuleInput
from workflows.programmes.tuition import TUITION
from workflows.state_machine import decide
from workflows.vocabulary import Fen, Refused

rule_input = partial(rule_input_builders.rule_input, programme=TUITION)
review = partial(rule_input, "review")
STUDENT_GRANT = other_award("EDU", 100, school_year="2025-2026", same_student=True)
SIBLING_GRANT = other_award("EDU", 1_000_000, school_year="2025-2026")

draft = partial(rule_input, "draft")
PARTS = {"tuition_part": "2000.00", "living_part": "18000.01"}
PARTS_IN_FEN = {"tuition_part": 200_000, "living_part": 1_800_001}

ONLY_TUITION: list[Line] = [
    ("correct_application", draft(answers={**SCHOOLING, "school_year": "2024-2025"}), ["school_year_wrong"]),
    ("correct_application", draft(answers={**SCHOOLING, **PARTS}), ["parts_over_requested"]),
    ("pass_review", review(own=PARTS_IN_FEN), ["parts_over_requested"]),
    ("pass_review", review(student_stage="senior"), ["stage_differs"]),
    ("pass_review", review(own={"school_year": "2024-2025"}), ["school_year_wrong"]),
    ("pass_review", review(own={"school_year": None}), ["school_year_wrong"]),
    ("pass_review", review(own={"institution_kind": "military"}), ["institution_excluded"]),
    ("pass_review", review(own={"institution_kind": "abroad"}), ["institution_excluded"]),
    ("pass_review", review(others=(STUDENT_GRANT,)), ["student_repeated"]),
    ("pass_review", review(own={"stage": "compulsory"}, answers={"award": "3000.01"}), ["over_cap"]),
    ("record_check", rule_input("survey"), ["unknown_action"]),
    ("approve", rule_input("approval", others=(STUDENT_GRANT,)), ["student_repeated"]),
    (
        "approve",
        rule_input("approval", others=(replace(STUDENT_GRANT, fen=Fen(1_000_000)),)),
        ["student_repeated", "over_cap"],
    ),
]
LINES = [*refusals.of(TUITION), *ONLY_TUITION]


@pytest.mark.parametrize("row", HAPPY["tuition"], ids=lambda row: f"{row.action}-{row.source}")
def test_each_row_of_a_valid_case_is_taken(row: Happy) -> None:
    transition = decide(TUITION, row.action, filled(row.action, row.rule_input(TUITION)))
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
        decide(TUITION, action, filled(action, case))
    assert refusal.value.codes == codes


@pytest.mark.parametrize(
    "case",
    [
        review(others=(SIBLING_GRANT,)),
        review(others=(replace(STUDENT_GRANT, school_year="2024-2025"),)),
        review(own={"stage": "compulsory"}, answers={"award": "3000.00"}),
        review(answers={"award": "10620.00"}),
        review(own={"institution_kind": "private"}),
        review(student_stage="bachelor"),
        review(own={"tuition_part": 200_000, "living_part": 1_800_000}),
        review(own={"school_year": "2024-2025"}, opened_on=date(2025, 6, 30), today=date(2025, 7, 1)),
        review(opened_on=date(2025, 7, 1)),
    ],
)
def test_review_at_the_limit_passes(case: RuleInput) -> None:
    assert decide(TUITION, "pass_review", filled("pass_review", case)).target == "notice"
