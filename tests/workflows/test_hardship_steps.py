"""困难帮扶: every row's happy move, every refusal by its code, and what only hardship relief asks for."""

from dataclasses import replace
from datetime import date

import pytest

from tests.workflows import refusals
from tests.workflows.happy import HAPPY, Happy
from tests.workflows.refusals import SENT_BACK_FOR_PAPERS, Line, labels
from tests.workflows.rule_input_builders import AWARD, FAMILY, FUND, ask, filled, other_award
from tests.workflows.sample_policy import SAMPLE
from workflows.facts import RuleInput, Verification
from workflows.programmes.hardship import HARDSHIP
from workflows.state_machine import decide
from workflows.vocabulary import Fen, Refused

LOOKED_UP = Verification(date(2025, 9, 12), "clear")

ONLY_HARDSHIP: list[Line] = [
    ("record_check", ask("verification", answers={"replied_on": "2025-09-13"}), ["in_the_future"]),
    (
        "record_check",
        ask("verification", returned=SENT_BACK_FOR_PAPERS, answers={"replied_on": "2025-09-07"}),
        ["verification_not_repeated"],
    ),
    ("pass_review", ask("review", verification=None), ["verification_missing"]),
    ("pass_review", ask("review", verification=replace(LOOKED_UP, people="of others")), ["verification_of_others"]),
    (
        "pass_review",
        ask("review", verification=replace(LOOKED_UP, replied_on=date(2025, 4, 1))),
        ["verification_stale"],
    ),
    ("pass_review", ask("review", verification=replace(LOOKED_UP, outcome="hits")), ["verification_hits_unexplained"]),
    ("pass_review", ask("review", others=(other_award("LIV", 100),)), ["item_repeated"]),
    ("pass_review", ask("review", others=(other_award("LIV", 1_000_000),)), ["item_repeated", "over_cap"]),
    ("approve", ask("approval", others=(other_award("LIV", 1_000_000),)), ["item_repeated", "over_cap"]),
]
LINES = [*refusals.of(HARDSHIP), *ONLY_HARDSHIP]


@pytest.mark.parametrize("row", HAPPY["hardship"], ids=lambda row: f"{row.action}-{row.source}")
def test_each_row_when_all_is_well(row: Happy) -> None:
    move = decide(HARDSHIP, row.action, filled(row.action, row.ask(HARDSHIP)))
    due = move.due_on.isoformat() if move.due_on else None
    assert (move.source, move.target, due, move.due_is_provisional) == (row.source, row.target, row.due, False)
    assert (move.postings, move.duty, move.step.notification) == (row.moved, row.duty, row.notification)


@pytest.mark.parametrize(("action", "with_form", "codes"), LINES, ids=labels(LINES))
def test_each_refusal_gives_every_reason(action: str, with_form: RuleInput, codes: list[str]) -> None:
    with pytest.raises(Refused) as no:
        decide(HARDSHIP, action, filled(action, with_form))
    assert no.value.codes == codes


@pytest.mark.parametrize(
    "passes",
    [
        ask("review", verification=None, policy=replace(SAMPLE, verification_required=False)),
        ask("review", verification=replace(LOOKED_UP, outcome="hits", explained=True)),
        ask("review", verification=replace(LOOKED_UP, replied_on=date(2025, 4, 2))),
        ask("review", others=(other_award("LIV", 100, on=date(2024, 12, 31)),)),
        ask("review", others=(other_award("MED", 100), other_award("EDU", 100))),
        ask("review", cause="other", papers=frozenset(SAMPLE.papers["all"])),
        ask("review", finances=replace(FAMILY, members=1)),
        ask("review", requested=Fen(300_000)),
        ask("review", payee_in_family=None),
        ask("review", consented_until=date(2025, 9, 29)),
        ask("review", fund=replace(FUND, opens_on=date(2025, 9, 29), expires_on=date(2025, 9, 29), available=AWARD)),
        ask("review", requested=Fen(1_274_400), answers={"award": "12744.00"}),
        ask("review", item="MED", own={"self_paid": 300_000}),
    ],
)
def test_what_stands_on_the_line_passes(passes: RuleInput) -> None:
    assert decide(HARDSHIP, "pass_review", filled("pass_review", passes)).target == "notice"


def test_a_case_may_be_held_for_as_long_as_the_policy_says_and_no_longer() -> None:
    held = filled("suspend", ask("review", answers={"until": "2025-12-28"}))
    assert (date(2025, 12, 28) - held.today).days == SAMPLE.days("suspend_days")
    assert decide(HARDSHIP, "suspend", held).target == "review"


def test_a_family_without_proof_of_what_it_paid_gets_no_medical_aid() -> None:
    with pytest.raises(Refused) as no:
        decide(HARDSHIP, "pass_review", filled("pass_review", ask("review", item="MED")))
    assert [(reason.code, reason.values["cap"]) for reason in no.value.reasons] == [("over_cap", 0)]
