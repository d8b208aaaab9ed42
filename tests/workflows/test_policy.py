"""Tests of policy sets: the set in force, its parameters, its digest."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.sample_policy import RUSHAN, SAMPLE, TEXT
from workflows.plain_form import as_plain
from workflows.policy import DEADLINES, DibaoLine, NoLine, NoPolicy, PoliciesOverlap, PolicySet, dibao_line, digest
from workflows.policy_codes import Comparator
from workflows.policy_in_force import in_force, last_day, refuse_same_claim
from workflows.policy_parser import read_policy
from workflows.vocabulary import Fen

DAY = date(2025, 6, 1)
NATIONAL = replace(SAMPLE, key="national", region="", effective_from=date(2020, 1, 1))
NEXT_YEAR = replace(SAMPLE, version=2, effective_from=date(2026, 1, 1))


def test_sample_policy_is_marked_and_complete() -> None:
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
def test_award_equal_to_tier_limit_is_within_it(award: str, tier: int) -> None:
    assert SAMPLE.tier_for(Fen(int(award))) == tier


def test_papers_of_a_cause_follow_common_papers_without_repeats() -> None:
    policy = replace(SAMPLE, papers=MappingProxyType({"all": ("identity",), "illness": ("bills", "identity")}))
    assert policy.papers_for("illness") == ("identity", "bills")
    assert policy.papers_for("other") == ("identity",)


def test_policy_of_longest_region_then_latest_start_applies() -> None:
    later = replace(NATIONAL, key="national-2", effective_from=date(2024, 1, 1))
    county = replace(SAMPLE, key="county", region="371083", effective_from=date(2023, 1, 1))
    assert in_force([SAMPLE, NATIONAL, later], RUSHAN, DAY) is SAMPLE
    assert in_force([county, SAMPLE, NATIONAL], RUSHAN, DAY) is county
    assert in_force([NATIONAL, later], RUSHAN, DAY) is later
    assert in_force([SAMPLE, NATIONAL], "420100", DAY) is NATIONAL
    assert in_force([SAMPLE, NATIONAL], RUSHAN, date(2024, 12, 31)) is NATIONAL


def test_policy_is_in_force_on_first_and_last_day() -> None:
    old = replace(SAMPLE, effective_to=date(2025, 12, 31))
    assert in_force([old, NEXT_YEAR], RUSHAN, date(2025, 1, 1)) is old
    assert in_force([old, NEXT_YEAR], RUSHAN, date(2025, 12, 31)) is old
    assert in_force([old, NEXT_YEAR], RUSHAN, date(2026, 1, 1)) is NEXT_YEAR


def test_region_without_policy_is_refused() -> None:
    with pytest.raises(NoPolicy):
        in_force([SAMPLE], "420100", DAY)
    with pytest.raises(NoPolicy):
        in_force([SAMPLE], RUSHAN, date(2024, 12, 31))


@pytest.mark.parametrize(
    "sets",
    [
        [replace(SAMPLE, effective_to=date(2026, 1, 1)), NEXT_YEAR],
        [SAMPLE, replace(SAMPLE, key="twin")],
    ],
)
def test_overlapping_policies_are_refused(sets: list[object]) -> None:
    with pytest.raises(PoliciesOverlap):
        in_force(sets, RUSHAN, date(2026, 6, 1))  # type: ignore[arg-type]


def test_dibao_line_of_longest_division_then_latest_day_applies() -> None:
    assert dibao_line(SAMPLE, RUSHAN, date(2025, 1, 1)) == 106_200
    assert dibao_line(SAMPLE, RUSHAN, date(2024, 12, 31)) == 100_100
    own = DibaoLine(date(2024, 1, 1), RUSHAN, Fen(99_900))
    policy = replace(SAMPLE, dibao_lines=(*SAMPLE.dibao_lines, own))
    assert dibao_line(policy, RUSHAN, DAY) == 99_900
    assert dibao_line(policy, "371002", DAY) == 106_200
    with pytest.raises(NoLine):
        dibao_line(SAMPLE, "420100", DAY)


def test_digest_ignores_the_layout_of_the_file() -> None:
    reordered = TEXT.replace('version = 1\nissuer = "某市总工会（示例）"', 'issuer = "某市总工会（示例）"\nversion = 1')
    assert reordered != TEXT
    assert digest(read_policy("\n# 另一注释\n" + reordered)) == digest(SAMPLE) == SAMPLE.digest
    assert len(SAMPLE.digest) == 64


def test_category_without_a_number_of_items_has_no_limit() -> None:
    assert [SAMPLE.items_most(each) for each in ("deep", "relative", "sudden", "unheard_of")] == [4, 1, 2, None]
    assert SAMPLE.items_most(None) == 1
    assert replace(SAMPLE, items_per_year=MappingProxyType({})).items_most(None) is None


@pytest.mark.parametrize(
    "change",
    [
        {"notice_days": 7},
        {"version": 2},
        {"tiers": (Fen(200_000), None)},
        {"effective_to": date(2025, 12, 31)},
        {"categories": (replace(SAMPLE.categories[0], comparator=Comparator.UP_TO), *SAMPLE.categories[1:])},
        {"item_rules": ()},
        {"condolence_kin": ("member",)},
        {"deadlines": MappingProxyType(dict(SAMPLE.deadlines) | {"survey_days": 11})},
    ],
)
def test_digest_changes_with_each_parameter(change: dict[str, object]) -> None:
    assert replace(SAMPLE, **change).digest != SAMPLE.digest  # type: ignore[arg-type]


def test_record_refuses_floats() -> None:
    assert as_plain((Fraction(1, 3), date(2025, 1, 1), None, True)) == ["1/3", "2025-01-01", None, True]
    for other in (0.5, object(), DibaoLine):
        with pytest.raises(TypeError, match="no plain form for"):
            as_plain(other)


@given(
    starts=st.lists(st.integers(0, 60), min_size=1, max_size=6, unique=True),
    day=st.integers(-5, 70),
    regions=st.lists(st.sampled_from(["", "37", "3710", "371083", "42"]), min_size=6, max_size=6),
)
def test_in_force_agrees_with_checking_every_set(starts: list[int], day: int, regions: list[str]) -> None:
    first = date(2025, 1, 1)
    sets = [
        replace(SAMPLE, key=f"set-{n}", region=region, effective_from=first + timedelta(days=start))
        for n, (start, region) in enumerate(zip(starts, regions, strict=False))
    ]
    query_day = first + timedelta(days=day)
    candidates = [each for each in sets if RUSHAN.startswith(each.region) and each.effective_from <= query_day]
    if not candidates:
        with pytest.raises(NoPolicy):
            in_force(sets, RUSHAN, query_day)
    else:
        chosen = in_force(sets, RUSHAN, query_day)
        assert chosen in candidates
        assert all(
            (len(chosen.region), chosen.effective_from) >= (len(each.region), each.effective_from)
            for each in candidates
        )


def later(first: date, last: date | None, **changed: object) -> PolicySet:
    """Return another set of the sample's region, in force on these days."""
    return replace(SAMPLE, key="other", effective_from=first, effective_to=last, **changed)  # type: ignore[arg-type]


FIRST_HALF = replace(SAMPLE, effective_from=date(2025, 1, 1), effective_to=date(2025, 6, 30))


@pytest.mark.parametrize(
    ("new", "other"),
    [
        (FIRST_HALF, later(date(2025, 6, 30), None)),
        (FIRST_HALF, later(date(2024, 1, 1), date(2025, 1, 1))),
        (later(date(2025, 1, 1), None), SAMPLE),
        (later(date(2024, 12, 1), date(2025, 1, 1)), SAMPLE),
    ],
)
def test_two_sets_that_claim_one_region_on_one_day_are_refused(new: PolicySet, other: PolicySet) -> None:
    with pytest.raises(PoliciesOverlap) as refused:
        refuse_same_claim(new, [other])
    assert refused.value.keys == PoliciesOverlap(other, new).keys


@pytest.mark.parametrize(
    "other",
    [
        later(date(2025, 7, 1), None),
        later(date(2024, 1, 1), date(2024, 12, 31)),
        later(date(2025, 1, 1), None, region="370000"),
        NATIONAL,
    ],
)
def test_sets_of_other_days_or_another_region_stand_beside_each_other(other: PolicySet) -> None:
    refuse_same_claim(FIRST_HALF, [other])
    assert in_force([replace(other, key="other"), FIRST_HALF], RUSHAN, date(2025, 3, 1)) == FIRST_HALF


@pytest.mark.parametrize("key", [SAMPLE.key, "other"])
def test_set_without_a_last_day_is_in_force_until_another_of_its_region_begins(key: str) -> None:
    following = replace(NEXT_YEAR, key=key, effective_to=date(2026, 12, 31))
    refuse_same_claim(following, [SAMPLE])
    sets = [SAMPLE, following, NATIONAL]
    assert in_force(sets, RUSHAN, date(2025, 12, 31)) is SAMPLE
    assert in_force(sets, RUSHAN, date(2026, 1, 1)) is following
    assert last_day(SAMPLE, sets) == date(2025, 12, 31)
    assert last_day(SAMPLE, [SAMPLE, NATIONAL]) is None


def test_set_that_was_followed_does_not_come_back() -> None:
    """Why: once the rules of 2026 have ended, those of 2025 must not decide again unnoticed."""
    following = replace(NEXT_YEAR, effective_to=date(2026, 12, 31))
    with pytest.raises(NoPolicy):
        in_force([SAMPLE, following], RUSHAN, date(2027, 1, 1))


def test_overlap_names_the_two_sets_that_rank_equally() -> None:
    twin = replace(SAMPLE, key="twin")
    with pytest.raises(PoliciesOverlap) as refused:
        in_force([NATIONAL, SAMPLE, twin], RUSHAN, DAY)
    assert set(refused.value.keys) == set(PoliciesOverlap(SAMPLE, twin).keys)
