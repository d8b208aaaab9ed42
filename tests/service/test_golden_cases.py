"""Worked examples of docs/domain/eligibility.md §2.8 over the API, each intermediate value compared."""

from typing import Any

import pytest

from tests.api_client import ApiClient
from tests.service.policy_fixtures import Change, apply_for, file_family, line, load_own_policy

XINGTAI: Change = ('comparator = "<"\nmultiplier = 1', 'comparator = "<="\nmultiplier = 1')
WUHAN: Change = ('person_month = "1062.00"', 'person_month = "940.00"')
ON_THE_LINE = (line("income", "wage", "38232.00"),)

FORMULAS = {"category", "sum", "line", "per_head", "distance", "held", "failed"}


def formulas(assessment: dict[str, Any], count: int) -> list[tuple[object, ...]]:
    """Return category, sum, line, per head, distance and failures of the first formulas."""
    return [
        (each["category"], each["sum"], each["line"], each["per_head"], each["distance"], each["failed"])
        for each in assessment["formulas"][:count]
    ]


def test_example_1_deep_hardship_with_every_value_before_and_after_the_review(client: ApiClient) -> None:
    family = file_family(client, line("income", "wage", "60000.00"), line("spending", "schooling", "30000.00"))
    case, warnings = apply_for(client, family, "LIV", "2000.00")
    shown = case.reviewed().assessed()
    today = shown["today"]
    assert {name: value for name, value in today.items() if name not in {"policy", "policy_digest", "formulas"}} == {
        "division": "371083",
        "on": "2025-09-01",
        "members": 3,
        "dibao_line": "1062.00",
        "income": "60000.00",
        "income_by_kind": [{"kind": "wage", "amount": "60000.00"}],
        "income_not_counted": [],
        "imputed": "0.00",
        "prior_aid": "0.00",
        "prior_aid_not_counted": "0.00",
        "rigid": "30000.00",
        "rigid_by_kind": [{"kind": "schooling", "amount": "30000.00"}],
        "misfortune": "0.00",
        "misfortune_by_kind": [],
        "assets": "0.00",
        "per_head": "833.33",
        "event": None,
        "observed": [],
        "exclusions": [],
        "category": "deep",
    }
    assert formulas(today, 4) == [
        ("deep", "30000.00", "38232.00", "833.33", "8232.00", []),
        ("relative", "30000.00", "76464.00", "833.33", "46464.00", []),
        ("sudden", "60000.00", "57348.00", "1666.67", "-2652.00", ["over_line", "no_listed_event"]),
        ("sudden", "60000.00", "57348.00", "1666.67", "-2652.00",
         ["over_line", "income_not_above", "no_listed_event", "misfortune_too_small"]),
    ]  # fmt: skip
    assert shown["limits"] == {
        "requested": "2000.00", "cap": "12744.00", "earlier": "0.00", "most": "2000.00", "waived": [],
    }  # fmt: skip
    assert (shown["decided"], warnings) == ([], [])
    case.pass_review("2000.00")
    after = case.assessed()
    assert after["today"] == today
    assert after["decided"] == [{**today, "seq": 8, "action": "pass_review", "award": "2000.00"}]


def test_example_2_relative_hardship(client: ApiClient) -> None:
    family = file_family(client, line("income", "wage", "84000.00"), line("spending", "illness", "24000.00"))
    shown = apply_for(client, family, "LIV", "20000.00")[0].reviewed().assessed()
    assert (shown["today"]["per_head"], shown["today"]["category"]) == ("1666.67", "relative")
    assert formulas(shown["today"], 2) == [
        ("deep", "60000.00", "38232.00", "1666.67", "-21768.00", ["over_line"]),
        ("relative", "60000.00", "76464.00", "1666.67", "16464.00", []),
    ]
    assert (shown["limits"]["cap"], shown["limits"]["most"]) == ("10620.00", "10620.00")


@pytest.mark.parametrize(
    ("changes", "category", "failed", "cap"),
    [((), "relative", ["over_line"], "10620.00"), ((XINGTAI,), "deep", [], "12744.00")],
    ids=["qingdao", "xingtai"],
)
def test_example_4_exactly_on_the_line(
    client: ApiClient, changes: tuple[Change, ...], category: str, failed: list[str], cap: str
) -> None:
    """低于 excludes the line (Qingdao), 以内 includes it (Xingtai)."""
    family = file_family(client, *ON_THE_LINE, division=load_own_policy(client, *changes))
    case = apply_for(client, family, "LIV", "20000.00")[0].reviewed()
    shown = case.assessed()
    assert formulas(shown["today"], 1) == [("deep", "38232.00", "38232.00", "1062.00", "0.00", failed)]
    assert (shown["today"]["category"], shown["limits"]["cap"]) == (category, cap)
    case.pass_review(cap)
    assert case.assessed()["decided"][0]["category"] == category


def test_example_6_medical_share_is_cut_at_its_ceiling(client: ApiClient) -> None:
    """80 % of 25,000 is 20,000, and the ceiling is 16,000."""
    family = file_family(client, line("income", "wage", "85000.00"), line("spending", "illness", "25000.00"))
    case = apply_for(client, family, "MED", "30000.00", self_paid="25000.00")[0].reviewed()
    shown = case.assessed()
    assert (shown["today"]["category"], shown["today"]["misfortune"]) == ("relative", "25000.00")
    assert shown["limits"] == {
        "requested": "30000.00", "cap": "16000.00", "earlier": "0.00", "most": "16000.00", "waived": [],
    }  # fmt: skip
    assert case.refused_at_review("16000.01") == ["over_cap"]
    assert case.pass_review("16000.00") == "notice"


@pytest.mark.parametrize(("stage", "cap"), [("bachelor", "9400.00"), ("senior", "5640.00")])
def test_example_8_tuition_in_months_of_the_line(client: ApiClient, stage: str, cap: str) -> None:
    family = file_family(client, *ON_THE_LINE, division=load_own_policy(client, WUHAN), cause="schooling")
    answers = {"school_year": "2025-2026", "stage": stage, "institution_kind": "public"}
    case = apply_for(client, family, "EDU", "12000.00", relation="child", **answers)[0].reviewed()
    shown = case.assessed()
    assert (shown["today"]["dibao_line"], shown["limits"]["cap"], shown["limits"]["most"]) == ("940.00", cap, cap)
    assert case.pass_review(cap) == "notice"


def test_earlier_aid_is_income_and_counts_under_the_cap(client: ApiClient) -> None:
    """§2.3: aid given in the last twelve months is income of the next assessment."""
    family = file_family(client, line("income", "wage", "36000.00"))
    first = apply_for(client, family, "LIV", "2000.00")[0].reviewed()
    first.pass_review("2000.00")
    first.state = "notice"
    first.to("receipt")
    second = apply_for(client, family, "LIV", "3000.00", relation="spouse")[0].reviewed()
    shown = second.assessed()
    assert (shown["today"]["prior_aid"], shown["today"]["income"], shown["today"]["per_head"]) == (
        "2000.00",
        "38000.00",
        "1055.56",
    )
    assert shown["limits"] == {
        "requested": "3000.00", "cap": "12744.00", "earlier": "2000.00", "most": "3000.00", "waived": [],
    }  # fmt: skip
    assert second.refused_at_review() == ["item_repeated"]


def test_assessment_is_none_without_finances_and_for_a_family_of_another_division(client: ApiClient) -> None:
    family = file_family(client, finances=None)
    shown = apply_for(client, family, "LIV", "2000.00")[0].assessed()
    assert (shown["today"], shown["decided"], shown["limits"]["cap"]) == (None, [], None)
