"""Tests of the values that a problem of a policy file names, and of the bounds of its numbers."""

from datetime import timedelta

import pytest

from tests.workflows.sample_policy import SAMPLE, TEXT
from tests.workflows.test_policy_parser import problems
from workflows.policy_parser import read_policy
from workflows.rules.policy_floors import date_refusals

SOON = "policy_takes_effect_too_soon"


@pytest.mark.parametrize(
    ("old", "new", "path", "values"),
    [
        ('stage = "doctor"', 'stage = "master"', "cap[17]", {"item": "EDU", "first": 16}),
        ("[condolence] ", '[[item]]\nitem = "TMP"\n[condolence] ', "item[2]", {"item": "TMP", "first": 1}),
        ("since = 2025-01-01", "since = 2023-01-01", "line.dibao[2]", {"since": "2023-01-01", "division": "3710"}),
        ("= 4, relative", "= 4, middling", "repeat.items_per_year.middling", {"known": ["deep", "relative", "sudden"]}),
        ('uncounted = ["', 'uncounted = ["wage", "', "income.counted", {"kind": "wage", "other": "income.uncounted"}),
        ('minus = ["rigid"]', 'minus = ["rigid", "misfortune"]', "category[1].minus", {"kinds": ["illness"]}),
        ('plus = ["income", "assets"]', 'plus = ["income", "income"]', "category[4]", {"term": "income"}),
        (
            "notice_days = 5",
            "notice_days = true",
            "procedure.notice_days",
            {"found": "True", "lowest": 1, "highest": 60},
        ),
        ('plus = ["income", "assets"]', "plus = []", "category[4].plus", {"least": 1}),
        ("other = []", 'other = "none"', "papers.other", {"least": 0}),
        ("survey_days = 10", "surveys_day = 10", "deadlines.survey_days", {"meant": "surveys_day"}),
        ("sample = true", "effective_to = 2024-12-31", "effective_to", {"from": "2025-01-01", "to": "2024-12-31"}),
        ('region = "3710"', 'region = "威海"', "region", {"found": "威海", "example": "3710"}),
    ],
)
def test_problem_names_the_values_that_help(old: str, new: str, path: str, values: dict[str, object]) -> None:
    assert problems((old, new))[path].values == values


@pytest.mark.parametrize(
    ("old", "new", "lowest", "highest"),
    [
        ("version = 1\n", "version = {}\n", 1, 9999),
        ("notice_days = 5 ", "notice_days = {} ", 1, 60),
        ("min_visitors = 2 ", "min_visitors = {} ", 1, 9),
        ("verification_valid_days = 180", "verification_valid_days = {}", 1, 3660),
        ("months_of_line = 12", "months_of_line = {}", 1, 60),
        ("deep = 4", "deep = {}", 1, 99),
        ("same_item_per_year = 1", "same_item_per_year = {}", 1, 99),
        ("survey_days = 10", "survey_days = {}", 1, 3660),
    ],
)
def test_number_has_bounds_that_are_allowed_themselves(old: str, new: str, lowest: int, highest: int) -> None:
    assert old in TEXT
    for number in (lowest, highest):
        read_policy(TEXT.replace(old, new.format(number), 1))
    for number in (lowest - 1, highest + 1):
        [problem] = problems((old, new.format(number))).values()
        assert (problem.code, problem.values["lowest"], problem.values["highest"]) == (
            "not_a_whole_number",
            lowest,
            highest,
        )


def test_policy_of_one_day_and_a_line_from_that_day_are_allowed() -> None:
    one_day = read_policy(TEXT.replace("sample = true", "effective_to = 2025-01-01"))
    assert one_day.effective_from == one_day.effective_to
    later = read_policy(TEXT.replace("since = 2023-01-01", "since = 2026-06-01"))
    assert min(line.since for line in later.dibao_lines) == later.effective_from


@pytest.mark.parametrize(("days", "urgent", "codes"), [(1, "", []), (0, "", [SOON]), (0, "  ", [SOON]), (0, "急", [])])
def test_set_takes_effect_tomorrow_at_the_earliest_unless_it_is_urgent(
    days: int, urgent: str, codes: list[str]
) -> None:
    today = SAMPLE.effective_from - timedelta(days=days)
    assert [each.code for each in date_refusals(SAMPLE, today, urgent)] == codes
