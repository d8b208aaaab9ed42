"""The highest tier that a person holds decides whether they reach the sum of a recall."""

from dataclasses import replace

from tests.workflows.rule_input_builders import rule_input
from tests.workflows.sample_policy import SAMPLE
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


def test_recall_without_a_sum_yet_asks_for_the_tier_of_the_earlier_ones() -> None:
    """At the limit of the first tier: a preview adds nothing to what was recalled before."""
    limit = next(each for each in SAMPLE.tiers if each is not None)
    award = Fen(limit + 100)
    case = rule_input("receipt", award=award, outstanding=Fen(100), answers={})
    first = replace(case.actor, grants=(Grant(Role.APPROVER, tier=1),))
    assert recall_tier_reaches(replace(case, actor=first)) is None
    more = replace(case, actor=first, answers={"amount": 1})
    assert [reason.code for reason in [recall_tier_reaches(more)] if reason] == ["tier_too_low"]
