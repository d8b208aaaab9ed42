"""金秋助学: every row's happy move, every refusal by its code, and what only tuition aid asks of a student."""

from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from tests.workflows import refusals, rule_input_builders
from tests.workflows.happy import HAPPY, Happy
from tests.workflows.refusals import Line, labels
from tests.workflows.rule_input_builders import filled, other_award
from workflows.facts import RuleInput
from workflows.programmes.tuition import TUITION
from workflows.state_machine import decide
from workflows.vocabulary import Fen, Refused

ask = partial(rule_input_builders.ask, programme=TUITION)
review = partial(ask, "review")
ONCE = other_award("EDU", 100, school_year="2025-2026", same_student=True)
SISTERS = other_award("EDU", 1_000_000, school_year="2025-2026")

ONLY_TUITION: list[Line] = [
    ("pass_review", review(own={"school_year": "2024-2025"}), ["school_year_wrong"]),
    ("pass_review", review(own={"school_year": None}), ["school_year_wrong"]),
    ("pass_review", review(own={"institution_kind": "military"}), ["institution_excluded"]),
    ("pass_review", review(own={"institution_kind": "abroad"}), ["institution_excluded"]),
    ("pass_review", review(others=(ONCE,)), ["student_repeated"]),
    ("pass_review", review(own={"stage": "compulsory"}, answers={"award": "3000.01"}), ["over_cap"]),
    ("record_check", ask("survey"), ["unknown_action"]),
    ("approve", ask("approval", others=(ONCE,)), ["student_repeated"]),
    ("approve", ask("approval", others=(replace(ONCE, fen=Fen(1_000_000)),)), ["student_repeated", "over_cap"]),
]
LINES = [*refusals.of(TUITION), *ONLY_TUITION]


@pytest.mark.parametrize("row", HAPPY["tuition"], ids=lambda row: f"{row.action}-{row.source}")
def test_each_row_when_all_is_well(row: Happy) -> None:
    move = decide(TUITION, row.action, filled(row.action, row.ask(TUITION)))
    due = move.due_on.isoformat() if move.due_on else None
    assert (move.source, move.target, due, move.due_is_provisional) == (row.source, row.target, row.due, False)
    assert (move.postings, move.duty, move.step.notification) == (row.moved, row.duty, row.notification)


@pytest.mark.parametrize(("action", "with_form", "codes"), LINES, ids=labels(LINES))
def test_each_refusal_gives_every_reason(action: str, with_form: RuleInput, codes: list[str]) -> None:
    with pytest.raises(Refused) as no:
        decide(TUITION, action, filled(action, with_form))
    assert no.value.codes == codes


@pytest.mark.parametrize(
    "passes",
    [
        review(others=(SISTERS,)),
        review(others=(replace(ONCE, school_year="2024-2025"),)),
        review(own={"stage": "compulsory"}, answers={"award": "3000.00"}),
        review(answers={"award": "10620.00"}),
        review(own={"institution_kind": "private"}),
        review(own={"school_year": "2024-2025"}, today=date(2025, 6, 30)),
        review(today=date(2025, 7, 1)),
    ],
)
def test_what_stands_on_the_line_passes(passes: RuleInput) -> None:

    assert decide(TUITION, "pass_review", filled("pass_review", passes)).target == "notice"
