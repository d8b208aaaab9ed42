"""Policy sets: which is in force where and when, what they answer, and what a digest covers."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.sample_policy import RUSHAN, SAMPLE, TEXT
from workflows.policy import (
    DEADLINES,
    Comparator,
    DibaoLine,
    NoLine,
    NoPolicy,
    PoliciesOverlap,
    as_plain,
    dibao_line,
    digest,
    in_force,
)
from workflows.policy_parser import read_policy
from workflows.vocabulary import Fen

DAY = date(2025, 6, 1)
NATIONAL = replace(SAMPLE, key="national", region="", effective_from=date(2020, 1, 1))
NEXT_YEAR = replace(SAMPLE, version=2, effective_from=date(2026, 1, 1))


def test_the_sample_is_marked_as_one_and_answers_what_the_rules_ask() -> None:
    assert SAMPLE.sample
    assert "请以当地文件为准" in SAMPLE.title
    assert (SAMPLE.notice_days, SAMPLE.min_visitors, SAMPLE.name) == (5, 2, "sample-weihai@1")
    assert all(SAMPLE.days(name) > 0 for name in DEADLINES)
    with pytest.raises(KeyError):
        SAMPLE.days("lunch_days")


@pytest.mark.parametrize(
    ("award", "tier"),
    [
        ("1", 1),
        ("200000", 1),
        ("200001", 2),
        ("2000000", 2),
        ("2000001", 3),
        ("99999999", 3),
    ],
)
def test_an_amount_equal_to_a_limit_is_within_it(award: str, tier: int) -> None:
    assert SAMPLE.tier_for(Fen(int(award))) == tier


def test_papers_of_a_cause_come_after_those_of_everybody_each_once() -> None:
    policy = replace(SAMPLE, papers=MappingProxyType({"all": ("identity",), "illness": ("bills", "identity")}))
    assert policy.papers_for("illness") == ("identity", "bills")
    assert policy.papers_for("other") == ("identity",)


def test_the_longest_region_wins_then_the_latest_start() -> None:
    later = replace(NATIONAL, key="national-2", effective_from=date(2024, 1, 1))
    county = replace(SAMPLE, key="county", region="371083", effective_from=date(2023, 1, 1))
    assert in_force([SAMPLE, NATIONAL, later], RUSHAN, DAY) is SAMPLE
    assert in_force([county, SAMPLE, NATIONAL], RUSHAN, DAY) is county
    assert in_force([NATIONAL, later], RUSHAN, DAY) is later
    assert in_force([SAMPLE, NATIONAL], "420100", DAY) is NATIONAL
    assert in_force([SAMPLE, NATIONAL], RUSHAN, date(2024, 12, 31)) is NATIONAL


def test_a_set_binds_on_both_its_first_and_its_last_day() -> None:
    old = replace(SAMPLE, effective_to=date(2025, 12, 31))
    assert in_force([old, NEXT_YEAR], RUSHAN, date(2025, 1, 1)) is old
    assert in_force([old, NEXT_YEAR], RUSHAN, date(2025, 12, 31)) is old
    assert in_force([old, NEXT_YEAR], RUSHAN, date(2026, 1, 1)) is NEXT_YEAR


def test_no_policy_is_an_error_not_a_guess() -> None:
    with pytest.raises(NoPolicy):
        in_force([SAMPLE], "420100", DAY)
    with pytest.raises(NoPolicy):
        in_force([SAMPLE], RUSHAN, date(2024, 12, 31))


@pytest.mark.parametrize(
    "sets",
    [
        [SAMPLE, NEXT_YEAR],
        [replace(SAMPLE, effective_to=date(2026, 1, 1)), NEXT_YEAR],
        [SAMPLE, replace(SAMPLE, key="twin")],
    ],
)
def test_sets_that_claim_the_same_days_are_refused(sets: list[object]) -> None:
    with pytest.raises(PoliciesOverlap):
        in_force(sets, RUSHAN, date(2026, 6, 1))  # type: ignore[arg-type]


def test_the_line_is_the_longest_division_then_the_latest_day() -> None:
    assert dibao_line(SAMPLE, RUSHAN, date(2025, 1, 1)) == 106_200
    assert dibao_line(SAMPLE, RUSHAN, date(2024, 12, 31)) == 100_100
    own = DibaoLine(date(2024, 1, 1), RUSHAN, Fen(99_900))
    policy = replace(SAMPLE, dibao_lines=(*SAMPLE.dibao_lines, own))
    assert dibao_line(policy, RUSHAN, DAY) == 99_900
    assert dibao_line(policy, "371002", DAY) == 106_200
    with pytest.raises(NoLine):
        dibao_line(SAMPLE, "420100", DAY)


def test_a_digest_is_of_the_content_not_of_the_file() -> None:
    reordered = TEXT.replace('version = 1\nissuer = "某市总工会（示例）"', 'issuer = "某市总工会（示例）"\nversion = 1')
    assert reordered != TEXT
    assert digest(read_policy("\n# 另一注释\n" + reordered)) == digest(SAMPLE) == SAMPLE.digest
    assert len(SAMPLE.digest) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"notice_days": 7},
        {"version": 2},
        {"tiers": (Fen(200_000), None)},
        {"effective_to": date(2025, 12, 31)},
        {"categories": (replace(SAMPLE.categories[0], comparator=Comparator.UP_TO), *SAMPLE.categories[1:])},
        {"deadlines": MappingProxyType(dict(SAMPLE.deadlines) | {"survey_days": 11})},
    ],
)
def test_any_other_parameter_gives_another_digest(change: dict[str, object]) -> None:
    assert replace(SAMPLE, **change).digest != SAMPLE.digest  # type: ignore[arg-type]


def test_nothing_inexact_gets_into_a_record() -> None:
    assert as_plain((Fraction(1, 3), date(2025, 1, 1), None, True)) == ["1/3", "2025-01-01", None, True]
    with pytest.raises(TypeError):
        as_plain(0.5)


@given(
    starts=st.lists(st.integers(0, 60), min_size=1, max_size=6, unique=True),
    day=st.integers(-5, 70),
    regions=st.lists(st.sampled_from(["", "37", "3710", "371083", "42"]), min_size=6, max_size=6),
)
def test_in_force_agrees_with_asking_every_set(starts: list[int], day: int, regions: list[str]) -> None:
    first = date(2025, 1, 1)
    sets = [
        replace(SAMPLE, key=f"set-{n}", region=region, effective_from=first + timedelta(days=start))
        for n, (start, region) in enumerate(zip(starts, regions, strict=False))
    ]
    context = first + timedelta(days=day)
    able = [each for each in sets if RUSHAN.startswith(each.region) and each.effective_from <= context]
    if not able:
        with pytest.raises(NoPolicy):
            in_force(sets, RUSHAN, context)
    else:
        best = in_force(sets, RUSHAN, context)
        assert best in able
        assert all((len(best.region), best.effective_from) >= (len(each.region), each.effective_from) for each in able)
