"""Tests of caps, with worked examples of docs/domain/eligibility.md §2.8."""

from dataclasses import replace

import pytest

from tests.workflows.sample_policy import SAMPLE
from workflows.eligibility import cap_for, caps_that_fit
from workflows.policy import Cap
from workflows.policy_codes import Per
from workflows.vocabulary import Fen


def yuan(amount: int) -> Fen:
    return Fen(amount * 100)


def test_worked_example_6_medical_share_and_its_ceiling() -> None:
    def medical(paid: int | None) -> Fen | None:
        self_paid = None if paid is None else yuan(paid)
        return cap_for(SAMPLE, "MED", category="relative", line=yuan(1_062), self_paid=self_paid)

    assert medical(25_000) == yuan(16_000)
    assert medical(10_000) == yuan(8_000)
    assert medical(None) == 0


def test_worked_example_8_tuition_in_months_of_the_line() -> None:
    def tuition(stage: str, n_months: int | None = None) -> Fen | None:
        return cap_for(SAMPLE, "EDU", category="deep", stage=stage, line=yuan(940), n_months=n_months)

    assert (tuition("bachelor"), tuition("senior")) == (yuan(9_400), yuan(5_640))
    assert tuition("bachelor", 4) == yuan(3_760)
    assert tuition("kindness") is None


@pytest.mark.parametrize(
    ("item", "category", "most"),
    [
        ("LIV", "deep", 12_744),
        ("LIV", "relative", 10_620),
        ("LIV", "sudden", 10_620),
        ("TMP", None, 3_000),
    ],
)
def test_sample_policy_caps_item_by_category(item: str, category: str | None, most: int) -> None:
    assert cap_for(SAMPLE, item, category=category, line=yuan(1_062)) == yuan(most)


def test_lowest_limit_of_fitting_caps_applies() -> None:
    general = Cap("EDU", Per.STUDENT_SCHOOL_YEAR, fixed_fen=yuan(2_000))
    policy = replace(SAMPLE, caps=(*SAMPLE.caps, general))
    assert len(caps_that_fit(policy, "EDU", category="deep", stage="senior")) == 2
    assert cap_for(policy, "EDU", category="deep", stage="senior", line=yuan(1_062)) == yuan(2_000)
    assert cap_for(policy, "EDU", category="deep", stage="senior", line=yuan(100)) == yuan(600)


def test_share_is_cut_to_whole_fen_and_item_without_cap_is_unlimited() -> None:
    assert cap_for(SAMPLE, "MED", category="relative", line=yuan(1_062), self_paid=Fen(9)) == 7
    assert cap_for(SAMPLE, "SWN", category="deep", line=yuan(1_062)) is None
