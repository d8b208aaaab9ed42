"""Tests of what a policy set says of one item: conditions, papers, tiers; and of as many tiers as it names."""

from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest

from tests.workflows import rule_input_builders
from tests.workflows.happy import UNSIGNED
from tests.workflows.refusals import BETTER_OFF, WELL_OFF
from tests.workflows.rule_input_builders import FAMILY, FUND, PEOPLE, SHOWN, filled, other_award
from tests.workflows.sample_policy import SAMPLE
from workflows.facts import Approval, Facts, RuleInput
from workflows.policy import ItemRule, PolicySet
from workflows.policy_codes import Requirement
from workflows.programmes.hardship import HARDSHIP
from workflows.rules.approval import tiers_needed
from workflows.rules.means_test import AwardLimits, award_limits
from workflows.state_machine import decide
from workflows.vocabulary import APPROVERS, INCOMPATIBLE_DUTIES, Actor, Duty, Fen, Grant, Refused, Role

OPEN_FUND = replace(FUND, categories=frozenset())
EVERYBODY = replace(FAMILY, observed=frozenset({"vehicle"}), income=WELL_OFF.income)
review = partial(rule_input_builders.rule_input, "review", fund=OPEN_FUND)


def waiving(*waived: Requirement) -> PolicySet:
    return replace(SAMPLE, item_rules=(ItemRule("LIV", waived),))


def codes(case: RuleInput) -> list[str]:
    try:
        decide(HARDSHIP, "pass_review", filled("pass_review", case))
    except Refused as refusal:
        return refusal.codes
    return []


@pytest.mark.parametrize(
    ("requirement", "facts", "code"),
    [
        (Requirement.FILED, {"filed": False}, "household_not_filed"),
        (Requirement.FINANCES, {"finances": None}, "finances_missing"),
        (Requirement.INCOME_TEST, {"finances": WELL_OFF}, "income_over_line"),
        (Requirement.EXCLUSIONS, {"finances": replace(FAMILY, observed=frozenset({"vehicle"}))}, "excluded"),
        (Requirement.VERIFICATION, {"verification": None}, "verification_missing"),
        (Requirement.ITEMS_PER_YEAR, {"finances": BETTER_OFF, "others": (other_award("MED", 1),)}, "too_many_items"),
        (Requirement.ITEMS_PER_YEAR, {"finances": BETTER_OFF, "pending": ("MED",)}, "items_pending"),
        (Requirement.SAME_ITEM_PER_YEAR, {"others": (other_award("LIV", 100),)}, "item_repeated"),
        (Requirement.SAME_ITEM_PER_YEAR, {"pending": ("LIV",)}, "same_item_pending"),
    ],
)
def test_requirement_binds_unless_the_policy_waives_it_for_the_item(
    requirement: Requirement, facts: dict[str, Any], code: str
) -> None:
    others = waiving(*(each for each in Requirement if each is not requirement))
    assert codes(review(policy=others, **facts)) == [code]
    assert codes(review(policy=waiving(requirement), **facts)) == []
    assert codes(review(policy=replace(others, item_rules=(ItemRule("MED", tuple(Requirement)),)), **facts)) == [code]


def test_temporary_relief_of_the_sample_is_for_a_family_over_the_line() -> None:
    papers = frozenset({"application", "identity", "authorisation", "bank_card"})
    temporary = partial(review, item="TMP", finances=WELL_OFF, papers=papers)
    assert codes(temporary()) == []
    assert codes(review(finances=WELL_OFF)) == ["income_over_line"]
    assert codes(temporary(papers=papers - {"identity"})) == ["papers_missing"]
    assert codes(temporary(fund=FUND)) == ["category_missing"]
    assert codes(temporary(answers={"award": "3000.01"})) == ["over_cap"]
    assert codes(temporary(finances=EVERYBODY)) == ["excluded"]


@pytest.mark.parametrize(
    ("facts", "limits"),
    [
        ({}, (2_000_000, 1_274_400, 0, 1_274_400)),
        ({"requested": Fen(500)}, (500, 1_274_400, 0, 500)),
        ({"others": (other_award("LIV", 1_000_000),)}, (2_000_000, 1_274_400, 1_000_000, 274_400)),
        ({"others": (other_award("LIV", 2_000_000),)}, (2_000_000, 1_274_400, 2_000_000, 0)),
        ({"policy": replace(SAMPLE, caps=())}, (2_000_000, None, 0, 2_000_000)),
    ],
)
def test_limits_of_an_award_are_the_request_and_what_is_left_of_the_cap(
    facts: dict[str, Any], limits: tuple[Any, ...]
) -> None:
    requested, cap, earlier, most = limits
    assert award_limits(review(**facts)) == AwardLimits(requested, cap, earlier, most, ())


@pytest.mark.parametrize(
    ("pending", "codes_given"),
    [((), []), (("MED",), []), (("LIV",), ["same_item_pending"]), (("LIV", "LIV"), ["same_item_pending"])],
)
def test_earlier_open_case_counts_as_the_repeat_it_may_become(pending: tuple[str, ...], codes_given: list[str]) -> None:
    assert codes(review(pending=pending)) == codes_given


def test_policy_that_allows_two_of_an_item_counts_given_and_pending_together() -> None:
    twice = partial(review, policy=replace(SAMPLE, same_item_per_year=2))
    assert codes(twice(pending=("LIV",))) == []
    assert codes(twice(pending=("LIV",), others=(other_award("LIV", 100),))) == ["same_item_pending"]
    assert codes(twice(others=(other_award("LIV", 100), other_award("LIV", 100)))) == ["item_repeated"]


FIVE = replace(SAMPLE, tiers=(Fen(100), Fen(200), Fen(300), Fen(400), None), collective_from_fen=None)
SIGNERS = [UUID(int=number) for number in range(901, 906)]


def signed(times: int, **facts: Any) -> RuleInput:
    """Return a case in approval with `times` signatures, about to be signed by the holder of the next tier."""
    approvals = tuple(Approval(tier, SIGNERS[tier - 1], SHOWN) for tier in range(1, times + 1))
    case = rule_input_builders.rule_input("approval", policy=FIVE, **{**UNSIGNED, "approvals": approvals, **facts})
    grant = Grant(Role.APPROVER, tier=times + 1)
    return replace(case, actor=Actor(SIGNERS[times], (grant,)))


def test_five_tiers_sign_one_after_the_other() -> None:
    for times in range(4):
        endorsed = decide(HARDSHIP, "endorse", signed(times))
        assert (endorsed.target, endorsed.duty) == ("approval", APPROVERS[times])
        with pytest.raises(Refused) as refusal:
            decide(HARDSHIP, "approve", signed(times))
        assert refusal.value.codes == ["higher_tier_needed"]
    approved = decide(HARDSHIP, "approve", signed(4))
    assert (approved.target, approved.duty) == ("payment", Duty.APPROVER_5)
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, "endorse", signed(4))
    assert refusal.value.codes == ["last_tier"]


@pytest.mark.parametrize(("award", "needed"), [(None, 1), (100, 1), (101, 2), (300, 3), (400, 4), (401, 5)])
def test_award_needs_as_many_tiers_as_the_policy_names(award: int | None, needed: int) -> None:
    assert tiers_needed(signed(0, award=award)) == needed
    own = replace(FIVE, item_rules=(ItemRule("LIV", tiers=(None,)),))
    assert tiers_needed(replace(signed(0, award=award), policy=own)) == 1


def test_fifth_approver_has_no_other_duty_on_the_case() -> None:
    for duty in (Duty.REGISTRAR, Duty.FILER, Duty.VISITOR, Duty.VERIFIER, Duty.REVIEWER, Duty.PAYER, *APPROVERS[:4]):
        case = signed(4)
        facts = case.facts.replace(duties=case.facts.duties | {(duty, SIGNERS[4])})
        with pytest.raises(Refused) as refusal:
            decide(HARDSHIP, "approve", replace(case, facts=facts))
        assert refusal.value.codes == ["incompatible_duty"]


def test_no_two_tiers_meet_in_one_person() -> None:
    assert len(APPROVERS) == 9
    assert all(frozenset(pair) in INCOMPATIBLE_DUTIES for pair in combinations(APPROVERS, 2))


def test_payment_needs_the_signatures_of_all_five_tiers() -> None:
    approvals = tuple(Approval(tier, SIGNERS[tier - 1], SHOWN) for tier in range(1, 6))
    pay = partial(rule_input_builders.rule_input, "payment", policy=FIVE)
    assert decide(HARDSHIP, "pay", filled("pay", pay(approvals=approvals))).target == "transit"
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, "pay", filled("pay", pay(approvals=approvals[:4])))
    assert refusal.value.reasons[0].values["needed"] == 5


def test_signatures_are_counted_from_the_case_alone() -> None:
    assert Facts.partial(approvals=(Approval(1, PEOPLE["approver"], SHOWN),)).next_tier == 2
