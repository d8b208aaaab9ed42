"""Gifts: relief goes through a case, money follows the policy's limits, accounts of activities stay apart."""

import tomllib
from dataclasses import replace
from uuid import UUID

import pytest

from tests.workflows.sample_policy import SAMPLE, TEXT
from workflows.policy import GiftRule
from workflows.policy_parser import InvalidPolicy, read_policy
from workflows.rules.gifts import Gift, Given, gift_refusals
from workflows.vocabulary import Fen

HEAD, CHILD = UUID(int=1), UUID(int=2)
RULE = GiftRule("SWN", "worker", ("502",), Fen(300_000), Fen(400_000), Fen(600_000))
POLICY = replace(SAMPLE, gifts=(RULE,))
GIFT = Gift("SWN", "worker", "50201", Fen(100_000), HEAD)


def codes(gift: Gift) -> list[str]:
    return [reason.code for reason in gift_refusals(POLICY, gift)]


def test_gift_within_the_policy_is_allowed() -> None:
    assert codes(GIFT) == []
    assert codes(replace(GIFT, fen=Fen(300_000))) == []


@pytest.mark.parametrize("item", ["LIV", "MED", "EDU", "ACC", "TMP", "HOU"])
def test_relief_to_a_worker_household_needs_a_case(item: str) -> None:
    assert codes(replace(GIFT, item=item)) == ["relief_needs_case"]
    allowed = replace(POLICY, gifts=(GiftRule(item, "worker", ("502",)),))
    assert [reason.code for reason in gift_refusals(allowed, replace(GIFT, item=item))] == ["relief_needs_case"]


def test_money_without_a_rule_is_refused() -> None:
    assert codes(replace(GIFT, item="CON")) == ["gift_not_in_policy"]
    assert codes(replace(GIFT, household_kind="rural_paired")) == ["gift_not_in_policy"]
    assert [reason.code for reason in gift_refusals(None, GIFT)] == ["gift_not_in_policy"]


def test_gift_over_one_occasion_is_refused() -> None:
    assert codes(replace(GIFT, fen=Fen(300_001))) == ["gift_over_limit"]


def test_gifts_of_a_year_to_one_person_are_limited() -> None:
    earlier = (Given(Fen(300_000), HEAD),)
    assert codes(replace(GIFT, earlier=earlier)) == []
    assert codes(replace(GIFT, fen=Fen(100_001), earlier=earlier)) == ["gift_over_limit"]
    assert codes(replace(GIFT, fen=Fen(100_001), person=CHILD, earlier=earlier)) == []


def test_gifts_of_a_year_to_one_household_are_limited() -> None:
    earlier = (Given(Fen(300_000), HEAD), Given(Fen(200_000), CHILD))
    assert codes(replace(GIFT, earlier=earlier)) == []
    [reason] = gift_refusals(POLICY, replace(GIFT, fen=Fen(100_001), person=None, earlier=earlier))
    assert (reason.code, reason.values["param"]) == ("gift_over_limit", "gift.household_year")


def test_gift_on_the_account_of_activities_is_refused() -> None:
    assert codes(replace(GIFT, account_code="501")) == ["account_not_of_gifts"]
    goods = Gift("KIND", "worker", "50101")
    assert codes(goods) == ["account_not_of_gifts"]
    assert codes(replace(goods, account_code="502")) == []


def test_policy_cannot_make_relief_a_gift() -> None:
    text = TEXT.replace('item = "SWN"\naccounts', 'item = "LIV"\naccounts')
    with pytest.raises(InvalidPolicy) as error:
        read_policy(text)
    assert [problem.code for problem in error.value.problems] == ["relief_is_no_gift"]


def test_policy_with_two_rules_for_one_gift_is_refused() -> None:
    text = TEXT.replace('item = "CON"\naccounts', 'item = "SWN"\naccounts')
    with pytest.raises(InvalidPolicy) as error:
        read_policy(text)
    [problem] = error.value.problems
    places = [rule["item"] for rule in tomllib.loads(text)["gift"]]
    again = len(places) - places[::-1].index("SWN")
    assert (problem.path, problem.code) == (f"gift[{again}]", "gift_twice")
    assert problem.values == {"item": "SWN", "first": places.index("SWN") + 1}


def test_gift_counts_as_aid_only_where_the_policy_says_so() -> None:
    assert {rule.counts_as_aid for rule in SAMPLE.gifts} == {False}
    counted = read_policy(TEXT.replace('item = "SWN"\naccounts', 'item = "SWN"\ncounts_as_aid = true\naccounts'))
    assert [rule.item for rule in counted.gifts if rule.counts_as_aid] == ["SWN"]
