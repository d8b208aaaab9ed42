"""Tests of the means test, with worked examples of docs/domain/eligibility.md §2.8."""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.sample_policy import RUSHAN, SAMPLE
from workflows.eligibility import (
    Finances,
    IncomeLine,
    SpendingLine,
    as_record,
    assess_need,
    recheck,
    self_paid_surveyed,
)
from workflows.policy import CategoryRule, DibaoLine, PolicySet
from workflows.policy_codes import Comparator, Term
from workflows.vocabulary import Fen

DAY = date(2025, 6, 1)
QINGDAO = SAMPLE
UP_TO_THE_LINE = replace(SAMPLE.categories[0], comparator=Comparator.UP_TO)
XINGTAI = replace(SAMPLE, categories=(UP_TO_THE_LINE, *SAMPLE.categories[1:]))


def yuan(amount: int) -> Fen:
    return Fen(amount * 100)


def household(income: int = 0, rigid: int = 0, members: int = 3, **extra: object) -> Finances:
    """Return finances by their sums in fen; `extra` are further fields of Finances."""
    lines = {
        "income": (IncomeLine("wage", "head", Fen(income)),),
        "spending": (SpendingLine("schooling", "child", Fen(rigid)),),
    }
    return Finances(members=members, **(lines | extra))  # type: ignore[arg-type]


def category(policy: PolicySet, finances: Finances) -> str | None:
    return assess_need(policy, finances, RUSHAN, DAY).category


@pytest.mark.parametrize(
    ("income", "rigid", "per_head", "expected"),
    [
        (60_000, 30_000, "833.33", "deep"),
        (84_000, 24_000, "1666.67", "relative"),
        (76_464, 0, "2124.00", "relative"),
        (76_465, 0, "2124.03", None),
        (10_000, 30_000, "-555.56", "deep"),
    ],
)
def test_worked_examples_1_and_2(income: int, rigid: int, per_head: str, expected: str | None) -> None:
    assessment = assess_need(SAMPLE, household(yuan(income), yuan(rigid)), RUSHAN, DAY)
    assert assessment.category == expected
    assert as_record(assessment)["per_head"] == per_head


def test_worked_example_4_exactly_on_the_line() -> None:
    on_the_line = household(yuan(1_062) * 12 * 3)
    assert (category(QINGDAO, on_the_line), category(XINGTAI, on_the_line)) == ("relative", "deep")
    assert assess_need(QINGDAO, on_the_line, RUSHAN, DAY).outcomes[0].distance_fen == 0


def test_dibao_line_of_the_day_is_used() -> None:
    finances = household(yuan(1_030) * 12 * 3)
    policy = replace(SAMPLE, effective_from=date(2023, 1, 1))
    assert assess_need(policy, finances, RUSHAN, date(2024, 12, 31)).category == "relative"
    assert assess_need(policy, finances, RUSHAN, date(2025, 1, 1)).category == "deep"


def test_reimbursed_spending_is_neither_burden_nor_income() -> None:
    bills = (
        SpendingLine("illness", "head", yuan(30_000), yuan(20_000)),
        SpendingLine("illness", "child", yuan(1), yuan(9)),
        SpendingLine("lottery", "head", yuan(5_000)),
    )
    sums = assess_need(SAMPLE, household(spending=bills), RUSHAN, DAY).sums
    assert (sums.rigid, sums.misfortune) == (yuan(10_000), yuan(10_000))


def test_uncounted_income_is_left_out_and_unnamed_income_counts() -> None:
    lines = tuple(IncomeLine(kind, "", yuan(100)) for kind in ("wage", "wage", "basic_pension", "windfall"))
    sums = assess_need(SAMPLE, Finances(members=1, income=lines), RUSHAN, DAY).sums
    assert sums.income_by_kind == (("wage", yuan(200)), ("windfall", yuan(100)))
    assert sums.income_not_counted == (("basic_pension", yuan(100)),)
    assert sums.income == yuan(300)


@pytest.mark.parametrize(
    ("item", "amount", "day", "counted"),
    [
        ("LIV", 300, date(2025, 5, 1), 300),
        ("SWN", 1_000, date(2025, 1, 20), 0),
        ("SWN", 1_001, date(2025, 1, 20), 1_001),
        ("EDU", 600, date(2024, 6, 2), 600),
        ("EDU", 600, date(2024, 6, 1), 0),
        ("EDU", 600, date(2025, 6, 1), 600),
        ("EDU", 600, date(2025, 6, 2), 0),
    ],
)
def test_earlier_aid_is_income_and_small_gift_is_not(item: str, amount: int, day: date, counted: int) -> None:
    finances = household(prior_aid=((item, yuan(amount), day),))
    sums = assess_need(SAMPLE, finances, RUSHAN, DAY).sums
    assert (sums.prior_aid, sums.income, sums.misfortune) == (yuan(counted), yuan(counted), 0)
    assert assess_need(replace(SAMPLE, prior_aid_counts=False), finances, RUSHAN, DAY).sums.income == 0


@pytest.mark.parametrize(("reimbursed", "left"), [(400, 600), (1_000, 0), (1_200, 0)])
def test_self_paid_is_what_reimbursement_left(reimbursed: int, left: int) -> None:
    bill = SpendingLine("illness", "head", yuan(1_000), yuan(reimbursed))
    assert self_paid_surveyed(SAMPLE, "MED", household(spending=(bill,))) == yuan(left)


def test_idle_able_member_is_imputed_the_minimum_wage() -> None:
    finances = household(idle_able_members=1)
    assert assess_need(SAMPLE, finances, RUSHAN, DAY).sums.imputed == yuan(26_400)
    assert assess_need(replace(SAMPLE, impute_idle=False), finances, RUSHAN, DAY).sums.income == 0


@pytest.mark.parametrize(
    ("observed", "category", "exclusions"),
    [
        ({"vehicle", "two_homes"}, "deep", ("two_homes", "vehicle")),
        ({"idle_refusal"}, "relative", ()),
        ({"a_cat"}, "deep", ()),
    ],
)
def test_observation_excludes_only_as_the_policy_says(
    observed: set[str], category: str, exclusions: tuple[str, ...]
) -> None:
    assessment = assess_need(SAMPLE, household(observed=frozenset(observed)), RUSHAN, DAY)
    assert (assessment.category, assessment.exclusions) == (category, exclusions)


LIMIT = 1_062 * 12 * 3
FOUR_FIFTHS = 12_234_240
"""In fen, of an income of four times the line."""


@pytest.mark.parametrize(
    ("income", "spent", "assets", "event", "failed"),
    [
        (2 * LIMIT + 30_000, LIMIT + 20_000, 0, "disaster", ()),
        (2 * LIMIT + 30_000, LIMIT + 20_000, 0, None, ("no_listed_event",)),
        (2 * LIMIT + 30_000, LIMIT + 20_000, 0, "debt", ("no_listed_event",)),
        (2 * LIMIT + 30_000, LIMIT // 3, 0, "disaster", ("over_line",)),
        (4 * LIMIT, 3 * LIMIT, 0, "disaster", ("income_above_limit",)),
    ],
)
def test_sudden_category_by_the_first_formula(
    income: int, spent: int, assets: int, event: str | None, failed: tuple[str, ...]
) -> None:
    finances = household(
        yuan(income), spending=(SpendingLine("disaster", "", yuan(spent)),), assets=yuan(assets), event=event
    )
    assessment = assess_need(SAMPLE, finances, RUSHAN, DAY)
    assert assessment.outcomes[2].failed == failed
    assert assessment.category == ("sudden" if not failed else None)


@pytest.mark.parametrize(
    ("spent", "assets", "failed"),
    [
        (33 * LIMIT // 10, 0, ()),
        (33 * LIMIT // 10, LIMIT, ("over_line",)),
        (32 * LIMIT // 10, 0, ("misfortune_too_small",)),
    ],
)
def test_sudden_category_by_the_second_formula(spent: int, assets: int, failed: tuple[str, ...]) -> None:
    bills = (SpendingLine("accident", "", yuan(spent)),)
    finances = household(yuan(4 * LIMIT), spending=bills, assets=yuan(assets), event="major_accident")
    assert assess_need(SAMPLE, finances, RUSHAN, DAY).outcomes[3].failed == failed


def test_income_of_exactly_three_lines_uses_the_first_formula() -> None:
    finances = household(yuan(3 * LIMIT), spending=(SpendingLine("accident", "", yuan(3 * LIMIT)),), event="epidemic")
    assert [outcome.failed for outcome in assess_need(SAMPLE, finances, RUSHAN, DAY).outcomes[2:]] == [
        (),
        ("income_not_above",),
    ]


@pytest.mark.parametrize(("fen", "failed"), [(12_234_240, ("misfortune_too_small",)), (12_234_241, ())])
def test_misfortune_of_exactly_four_fifths_of_income_is_too_small(fen: int, failed: tuple[str, ...]) -> None:
    finances = household(yuan(4 * LIMIT), spending=(SpendingLine("accident", "", Fen(fen)),), event="epidemic")
    assert assess_need(SAMPLE, finances, RUSHAN, DAY).outcomes[3].failed == failed


@pytest.mark.parametrize(
    ("changed", "income", "spent", "failed"),
    [
        ({}, 4 * LIMIT, FOUR_FIFTHS, ("misfortune_too_small",)),
        ({"misfortune_comparator": Comparator.FROM}, 4 * LIMIT, FOUR_FIFTHS, ()),
        ({"misfortune_comparator": Comparator.FROM}, 4 * LIMIT, FOUR_FIFTHS - 1, ("misfortune_too_small",)),
        ({}, 3 * LIMIT, FOUR_FIFTHS, ("income_not_above",)),
        ({"income_above_comparator": Comparator.FROM}, 3 * LIMIT, FOUR_FIFTHS, ()),
        ({"income_upto": Fraction(4)}, 4 * LIMIT, FOUR_FIFTHS + 1, ()),
        (
            {"income_upto": Fraction(4), "income_upto_comparator": Comparator.BELOW},
            4 * LIMIT,
            FOUR_FIFTHS + 1,
            ("income_above_limit",),
        ),
    ],
)
def test_policy_says_whether_a_limit_is_included(
    changed: dict[str, object], income: int, spent: int, failed: tuple[str, ...]
) -> None:
    rule = replace(SAMPLE.categories[3], **changed)  # type: ignore[arg-type]
    bills = (SpendingLine("accident", "", Fen(spent)),)
    finances = household(yuan(income), spending=bills, event="epidemic")
    assessment = assess_need(replace(SAMPLE, categories=(rule,)), finances, RUSHAN, DAY)
    assert assessment.outcomes[0].failed == failed
    assert recheck(json.loads(json.dumps(as_record(assessment))))


def test_record_of_a_policy_without_the_later_comparators_stays_as_it_was() -> None:
    """An event stored before policies had these comparators is assessed again from its own record."""
    record = json.loads(json.dumps(as_record(assess_need(SAMPLE, household(), RUSHAN, DAY))))
    assert {name for row in record["rules"] for name in row if "comparator" in name} == {"comparator"}
    assert recheck(record)
    changed = [{**row, "misfortune_comparator": ">="} for row in record["rules"]]
    assert not recheck({**record, "rules": [*record["rules"][:3], {**changed[3], "failed": []}]})


@pytest.mark.parametrize(
    "invalid",
    [
        {"members": 0},
        {"members": 2, "idle_able_members": 3},
        {"members": 1, "assets": Fen(-1)},
        {"members": 1, "income": (IncomeLine("wage", "", Fen(-1)),)},
        {"members": 1, "spending": (SpendingLine("illness", "", Fen(1), Fen(-1)),)},
    ],
)
def test_impossible_finances_are_refused(invalid: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"household|below zero"):
        Finances(**invalid)  # type: ignore[arg-type]


amounts = st.integers(0, 30_000_000)
finances_strategy = st.builds(
    household,
    amounts,
    amounts,
    members=st.integers(1, 8),
    assets=amounts,
    event=st.sampled_from([None, "disaster", "debt"]),
    observed=st.frozensets(st.sampled_from(["vehicle", "idle_refusal", "a_cat"])),
)
rules = st.builds(
    CategoryRule,
    category=st.sampled_from(["deep", "relative", "sudden"]),
    comparator=st.sampled_from([Comparator.BELOW, Comparator.UP_TO]),
    multiplier=st.fractions(0, 4, max_denominator=7),
    plus=st.just((Term.INCOME, Term.ASSETS)),
    minus=st.sampled_from([(Term.RIGID,), (Term.MISFORTUNE,), ()]),
    income_upto=st.none() | st.fractions(0, 4, max_denominator=7),
    barred_by=st.sampled_from([(), ("idle_refusal",)]),
)


@given(finances=finances_strategy, rule=rules, line=st.integers(1, 300_000))
def test_formula_agrees_with_fractions_per_head(finances: Finances, rule: CategoryRule, line: int) -> None:
    lines = (DibaoLine(date(2020, 1, 1), "", Fen(line)),)
    policy = replace(SAMPLE, categories=(rule,), dibao_lines=lines, prior_aid_counts=False)
    outcome = assess_need(policy, finances, RUSHAN, DAY).outcomes[0]
    months = 12 * finances.members
    spent = finances.spending[0].fen if rule.minus == (Term.RIGID,) else 0
    per_head = Fraction(finances.income[0].fen + finances.assets - spent, months)
    below = per_head < rule.multiplier * line
    expected = below or (rule.comparator is Comparator.UP_TO and per_head == rule.multiplier * line)
    if rule.income_upto is not None:
        expected = expected and Fraction(finances.income[0].fen, months) <= rule.income_upto * line
    assert outcome.held == (expected and not set(rule.barred_by) & finances.observed)
    assert outcome.per_head == per_head


@given(members=st.integers(1, 9), line=st.integers(1, 300_000), multiplier=st.fractions(0, 4, max_denominator=9))
def test_one_fen_decides_at_the_line(members: int, line: int, multiplier: Fraction) -> None:
    exact = multiplier * line * 12 * members
    for comparator in (Comparator.BELOW, Comparator.UP_TO):
        rule = CategoryRule("deep", comparator, multiplier)
        lines = (DibaoLine(date(2020, 1, 1), "", Fen(line)),)
        policy = replace(SAMPLE, categories=(rule,), dibao_lines=lines)
        for income in {max(0, exact // 1 + step) for step in (-1, 0, 1)}:
            outcome = assess_need(policy, household(income, members=members), RUSHAN, DAY).outcomes[0]
            assert outcome.held == (income < exact or (comparator is Comparator.UP_TO and income == exact))
            assert (outcome.distance_fen >= 0) == (income <= exact)


@given(finances=finances_strategy, extra=st.integers(0, 10_000_000))
def test_more_income_never_gives_a_deeper_category(finances: Finances, extra: int) -> None:
    order = ["deep", "relative", None]
    policy = replace(SAMPLE, categories=SAMPLE.categories[:2])
    richer = replace(finances, income=(*finances.income, IncomeLine("gift", "", Fen(extra))))
    assert order.index(category(policy, finances)) <= order.index(category(policy, richer))


@given(finances=finances_strategy)
def test_record_has_no_float_and_passes_recheck(finances: Finances) -> None:
    record = as_record(assess_need(SAMPLE, finances, RUSHAN, DAY))
    written = json.dumps(record, ensure_ascii=False)
    stored = json.loads(written, parse_float=lambda text: pytest.fail(f"a float: {text}"))
    assert stored == record
    assert recheck(stored)
    assert assess_need(SAMPLE, finances, RUSHAN, DAY) == assess_need(SAMPLE, finances, RUSHAN, DAY)


@given(finances=finances_strategy, data=st.data())
def test_recheck_detects_a_changed_value(finances: Finances, data: st.DataObject) -> None:
    record = as_record(assess_need(SAMPLE, finances, RUSHAN, DAY))
    key = data.draw(st.sampled_from(["category", "income", "line", "per_head", "exclusions", "rigid"]))
    assert not recheck({**record, key: "sudden"})
    assert not recheck({name: value for name, value in record.items() if name != key})
    sums = {**record["sums"], "members": finances.members + 1}  # type: ignore[dict-item]
    assert not recheck({**record, "sums": sums})


def test_year_before_a_leap_day_ends_on_the_last_of_february() -> None:
    grants = tuple(("LIV", yuan(100), day) for day in (date(2023, 2, 28), date(2023, 3, 1)))
    line = DibaoLine(date(2020, 1, 1), "3710", Fen(106_200))
    policy = replace(SAMPLE, dibao_lines=(line,))
    sums = assess_need(policy, household(prior_aid=grants), RUSHAN, date(2024, 2, 29)).sums
    assert sums.prior_aid + sums.prior_aid_not_counted == yuan(100)


def test_aid_that_does_not_count_is_kept_apart_from_aid_that_does() -> None:
    grants = (("LIV", yuan(100), DAY), ("SWN", yuan(30), DAY))
    sums = assess_need(SAMPLE, household(prior_aid=grants), RUSHAN, DAY).sums
    assert {sums.prior_aid, sums.prior_aid_not_counted} <= {yuan(100), yuan(30), yuan(130), Fen(0)}
    assert sums.prior_aid + sums.prior_aid_not_counted == yuan(130)


def test_household_without_assets_has_none() -> None:
    assert assess_need(SAMPLE, Finances(1), RUSHAN, DAY).sums.assets == 0


def test_income_adds_imputed_wages_and_earlier_aid() -> None:
    idle = household(income=100, prior_aid=(("LIV", Fen(7), DAY),), idle_able_members=1)
    sums = assess_need(replace(SAMPLE, impute_idle=True), idle, RUSHAN, DAY).sums
    assert sums.imputed == yuan(26_400)
    assert sums.income == 100 + sums.imputed + 7
