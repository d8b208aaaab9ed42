"""The highest tier that a person holds decides whether they reach the sum of a recall."""

from dataclasses import replace

from tests.workflows.rule_input_builders import rule_input
from workflows.rules.approval import recall_tier_reaches
from workflows.vocabulary import Fen, Grant, Role


def test_person_with_two_tiers_reaches_what_the_higher_one_reaches() -> None:
    case = rule_input("receipt", award=Fen(500_000), outstanding=Fen(500_000), answers={"amount": 500_000})
    both = replace(case.actor, grants=(Grant(Role.APPROVER, tier=1), Grant(Role.APPROVER, tier=3)))
    low = replace(case.actor, grants=(Grant(Role.APPROVER, tier=1),))
    assert recall_tier_reaches(replace(case, actor=both)) is None
    reason = recall_tier_reaches(replace(case, actor=low))
    assert reason is not None
    assert reason.code == "tier_too_low"
