"""Tests of the policy parser: every problem at once, with path, code and hint."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.sample_policy import SAMPLE, TEXT
from workflows.plain_form import as_plain
from workflows.policy import CLOSE_KIN, DEADLINES
from workflows.policy_codes import Per, Requirement, Term
from workflows.policy_parser import InvalidPolicy, PolicyProblem, read_policy
from workflows.vocabulary import Fen


def problems(*changes: tuple[str, str]) -> dict[str, PolicyProblem]:
    """Read the sample with changed passages, and return its problems by path."""
    text = TEXT
    for old, new in changes:
        assert old in text, f"the sample no longer says {old!r}"
        text = text.replace(old, new, 1)
    with pytest.raises(InvalidPolicy) as error:
        read_policy(text)
    return {problem.path: problem for problem in error.value.problems}


def test_sample_policy_is_read_exactly() -> None:
    assert SAMPLE.tiers == (200_000, 2_000_000, None)
    assert [line.fen for line in SAMPLE.dibao_lines] == [100_100, 106_200]
    assert [rule.category for rule in SAMPLE.categories] == ["deep", "relative", "sudden", "sudden"]
    assert SAMPLE.categories[3].plus == (Term.INCOME, Term.ASSETS)
    assert SAMPLE.categories[3].misfortune_over_income == Fraction(4, 5)
    assert {cap.per for cap in SAMPLE.caps} == set(Per)
    assert set(DEADLINES) <= set(SAMPLE.deadlines)


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ('key = "sample-weihai"', 'key = "威海"', "key", "not_a_code"),
        ('key = "sample-weihai"', "", "key", "missing"),
        ("version = 1", "version = true", "version", "not_a_whole_number"),
        ("version = 1", "version = 1.0", "version", "not_a_whole_number"),
        ('issuer = "某市总工会（示例）"', 'issuer = " "', "issuer", "not_text"),
        ('region = "3710"', 'region = "威海"', "region", "not_a_division"),
        ("effective_from = 2025-01-01", 'effective_from = "2025-01-01"', "effective_from", "not_a_date"),
        ("effective_from = 2025-01-01", "effective_from = 2025-01-01T00:00:00", "effective_from", "not_a_date"),
        ("sample = true", "sample = 1", "sample", "not_true_or_false"),
        ("sample = true", "effective_to = 2024-12-31", "effective_to", "ends_before_it_starts"),
        ("notice_days = 5", "notice_days = 0", "procedure.notice_days", "not_a_whole_number"),
        ('tiers = ["2000.00", "20000.00"]', 'tiers = ["20000.00", "2000.00"]', "approval.tiers", "not_ascending"),
        ('tiers = ["2000.00", "20000.00"]', 'tiers = ["2000.00", 20000.0]', "approval.tiers[2]", "not_money"),
        ('collective_from = "5000.00"', 'collective_from = "5000.001"', "approval.collective_from", "not_money"),
        ('person_month = "1062.00"', 'person_month = "1,062.00"', "line.dibao[2].person_month", "not_money"),
        ("since = 2025-01-01", "since = 2023-01-01", "line.dibao[2]", "line_twice"),
        ('comparator = "<"', 'comparator = ">"', "category[1].comparator", "not_a_choice"),
        ('category = "deep"', 'category = "deeep"', "category[1].category", "not_a_choice"),
        ("multiplier = 2", "multiplier = 2.0", "category[2].multiplier", "not_a_ratio"),
        ('multiplier = "1.5"', 'multiplier = "3/0"', "category[3].multiplier", "not_a_ratio"),
        ('plus = ["income", "assets"]', "plus = []", "category[4].plus", "not_a_list"),
        ('plus = ["income", "assets"]', 'plus = ["income", "income"]', "category[4]", "term_twice"),
        ('minus = ["rigid"]', 'minus = ["rigid", "misfortune"]', "category[1].minus", "spending_subtracted_twice"),
        ("events = [", "other_events = [", "category[3].needs_event", "no_events_listed"),
        ('uncounted = ["basic_pension"', 'uncounted = ["wage", "basic_pension"', "income.counted", "kind_in_two_lists"),
        ("months_of_line = 12", "", "cap[1]", "cap_without_limit"),
        ('stage = "doctor"', 'stage = "master"', "cap[17]", "cap_twice"),
        ("same_item_per_year = 1", 'same_item_per_year = "1"', "repeat.same_item_per_year", "not_a_whole_number"),
        ("deep = 4, relative = 1", "deep = 4, middling = 1", "repeat.items_per_year.middling", "no_such_category"),
        ("survey_days = 10", "surveys_day = 10", "deadlines.survey_days", "missing"),
        ("survey_days = 10", "survey_days = -1", "deadlines.survey_days", "not_a_whole_number"),
        ("all = [", "everybody = [", "papers.all", "missing"),
        ("other = []", 'other = "none"', "papers.other", "not_a_list"),
        (
            'tiers = ["2000.00", "20000.00"]',
            'tiers = ["20000.00", { below = "20000.00" }]',
            "approval.tiers",
            "not_ascending",
        ),
        ('tiers = ["2000.00", "20000.00"]', 'tiers = [{ above = "1.00" }]', "approval.tiers[1]", "not_a_tier_limit"),
        ('tiers = ["2000.00", "20000.00"]', "tiers = [{ below = 2 }]", "approval.tiers[1]", "not_money"),
        (
            'misfortune_comparator = ">"',
            'misfortune_comparator = "<"',
            "category[4].misfortune_comparator",
            "not_a_choice",
        ),
        ('item = "TMP"\nwaived', 'item = "SWN"\nwaived', "item[1].item", "not_a_choice"),
        ('waived = ["income_test",', 'waived = ["income",', "item[1].waived[1]", "not_a_choice"),
        ("[condolence] ", '[[item]]\nitem = "TMP"\n[condolence] ', "item[2]", "item_twice"),
        ('kin = ["member"', 'kin = ["cousin"', "condolence.kin[1]", "not_a_choice"),
        ("[tuition]", "[tution]", "tution", "unknown_key"),
        ("[procedure]", "[[procedure]]", "procedure", "not_a_table"),
    ],
)
def test_invalid_value_is_reported_with_its_path(old: str, new: str, path: str, code: str) -> None:
    assert problems((old, new))[path].code == code


@pytest.mark.parametrize(("limits", "refused"), [(8, False), (9, True)])
def test_policy_has_nine_tiers_at_most(limits: int, refused: bool) -> None:
    written = ", ".join(f'"{number}000.00"' for number in range(1, limits + 1))
    change = ('tiers = ["2000.00", "20000.00"]', f"tiers = [{written}]")
    if refused:
        problem = problems(change)["approval.tiers"]
        assert (problem.code, problem.values) == ("too_many_tiers", {"most": 9})
    else:
        assert len(read_policy(TEXT.replace(*change)).tiers) == 9


def test_limit_of_a_tier_includes_the_number_or_not() -> None:
    """2万元以上逐级上报: the tier below decides less than 20,000.00."""
    text = TEXT.replace('"20000.00"]', '{ below = "20000.00" }]')
    policy = read_policy(text)
    assert [policy.tier_for(Fen(fen)) for fen in (1_999_999, 2_000_000)] == [2, 3]
    assert [SAMPLE.tier_for(Fen(fen)) for fen in (2_000_000, 2_000_001)] == [2, 3]


def test_item_has_its_own_conditions_papers_and_tiers() -> None:
    rule = '[[item]]\nitem = "MED"\ntiers = ["50000.00"]\npapers = ["diagnosis"]\n[condolence] '
    policy = read_policy(TEXT.replace("[condolence] ", rule))
    assert [policy.tier_for(Fen(3_000_000), item) for item in ("MED", "LIV", "")] == [1, 3, 3]
    assert policy.papers_for("illness", "MED") == ("diagnosis",)
    assert policy.papers_for("illness", "LIV") == SAMPLE.papers_for("illness")
    assert [policy.binds(Requirement.INCOME_TEST, item) for item in ("TMP", "MED", "LIV")] == [False, True, True]
    assert policy.binds(Requirement.EXCLUSIONS, "TMP")


def test_file_without_the_later_parameters_means_what_it_meant() -> None:
    """A file loaded before these parameters keeps its meaning and its digest, which decisions cite."""
    text = re.sub(r"\[\[item\]\].*?(?=\[condolence\])", "", TEXT, flags=re.DOTALL)
    text = re.sub(r'\[condolence\].*?\n.*\n|misfortune_comparator = ">".*\n', "", text)
    older = read_policy(text)
    assert (older.item_rules, older.condolence_kin) == ((), CLOSE_KIN)
    assert older.digest == replace(SAMPLE, item_rules=()).digest
    assert {"item_rules", "condolence_kin", "misfortune_comparator"} & set(
        re.findall(r"\w+", str(as_plain(older)))
    ) == set()


def test_dibao_line_must_cover_the_first_day() -> None:
    problems_by_path = problems(
        ("since = 2023-01-01", "since = 2025-02-01"), ("since = 2025-01-01", "since = 2025-03-01")
    )
    assert problems_by_path["line.dibao"].code == "no_line_on_first_day"


def test_one_dibao_line_that_covers_the_first_day_is_enough() -> None:
    """Why: later lines begin after the first day, and a line of one district covers nobody else."""
    read = read_policy(TEXT.replace("since = 2025-01-01", "since = 2025-03-01", 1))
    assert len(read.dibao_lines) > 1


def test_parser_reports_all_problems_at_once() -> None:
    problems_by_path = problems(
        ("notice_days = 5", "notice_day = 5"),
        ('tiers = ["2000.00", "20000.00"]', "tiers = [2000]"),
        ('comparator = "<"', 'comparator = "<<"'),
        ("months_of_line = 12", ""),
        ("review_days = 10", "review_days = 0"),
    )
    assert set(problems_by_path) == {
        "procedure.notice_day",
        "procedure.notice_days",
        "approval.tiers[1]",
        "category[1].comparator",
        "cap[1]",
        "deadlines.review_days",
    }


def test_near_miss_gets_a_suggestion() -> None:
    problems_by_path = problems(("notice_days = 5", "notise_days = 5"), ('per = "person_year"', 'per = "persons_year"'))
    assert problems_by_path["procedure.notise_days"].values["meant"] == "notice_days"
    assert problems_by_path["cap[8].per"].values["meant"] == "person_year"
    assert problems_by_path["procedure.notice_days"].code == "missing"


def test_invalid_toml_is_reported_with_its_line() -> None:
    with pytest.raises(InvalidPolicy) as error:
        read_policy('key = "a"\nversion = = 1\n')
    assert error.value.problems[0].code == "not_toml"
    assert error.value.problems[0].values["line"] == 2


def test_empty_file_misses_every_required_parameter() -> None:
    with pytest.raises(InvalidPolicy) as error:
        read_policy("")
    assert {problem.code for problem in error.value.problems} == {"missing"}
    assert len(error.value.problems) > 25


@pytest.mark.parametrize(("written", "fen"), [("2200", 220_000), ("2200.5", 220_050), ("0.05", 5), ("0", 0)])
def test_amount_has_at_most_two_decimals(written: str, fen: int) -> None:
    assert (
        read_policy(TEXT.replace('wage_month = "2200.00"', f'wage_month = "{written}"')).minimum_wage_fen_month == fen
    )


@given(fen=st.integers(0, 10**12 - 1))
def test_yuan_are_read_as_exact_fen(fen: int) -> None:
    text = TEXT.replace('minimum_wage_month = "2200.00"', f'minimum_wage_month = "{fen // 100}.{fen % 100:02}"')
    assert read_policy(text).minimum_wage_fen_month == fen


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.integers(), st.booleans(), st.text(max_size=8)), max_size=5))
def test_random_toml_is_refused_with_problems(table: dict[str, object]) -> None:
    written = "\n".join(f"{_quoted(key)} = {_value(value)}" for key, value in table.items())
    with pytest.raises(InvalidPolicy) as error:
        read_policy(written)
    assert "missing" in {each.code for each in error.value.problems}


def _quoted(text: str) -> str:
    return (
        '"' + "".join(f"\\U{ord(character):08X}" for character in text if not 0xD800 <= ord(character) < 0xE000) + '"'
    )


def _value(value: object) -> str:
    return _quoted(value) if isinstance(value, str) else str(value).lower()
