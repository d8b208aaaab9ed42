"""Tests of form fields: valid and invalid values of each kind."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.code_lists import NoticePlace
from workflows.form_fields import (
    FIELD_READERS,
    MONEY_SHAPE,
    FormField,
    Kind,
    NotMoney,
    NotSchoolYear,
    money,
    read_fields,
    school_year,
)
from workflows.programmes import PROGRAMMES
from workflows.programmes.forms import AWARD
from workflows.vocabulary import InvalidForm, Plain

ONE, TWO = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
CHOICES = ("bank", "cash")
SPELLINGS = (
    *("2025-2026", "2025", "2025/2026", "2025—2026", "2025——2026", "2025-2026学年", "2025学年", "2025学年度"),
    *("２０２５－２０２６", "２０２５", "2025–2026", "2025‐2026", "2025―2026", "2025−2026", "2025~2026", "2025～2026"),
    *("2025至2026学年", "2025年-2026年", " 2025 - 2026 ", "2025／2026", "2025﹣2026"),
)
NO_SCHOOL_YEARS = (
    *("2025-2027", "2026-2025", "2025-26", "25-26", "二〇二五", "2025-2026-2027", "2025.2026", "2025 2026", "", "学年"),
    *(2025, True, ["2025-2026"], "1999-2000", "2025-2026秋", "x" * 200),
)


def one_field(kind: Kind, value: object, choices: tuple[str, ...] = ()) -> Plain:
    return read_fields((FormField("it", "某项", kind, choices=choices),), {"it": value})["it"]


def problems(kind: Kind, value: object, choices: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(InvalidForm) as error:
        one_field(kind, value, choices)
    assert all(problem.values["field"] == "it" for problem in error.value.problems)
    return [problem.code for problem in error.value.problems]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.TEXT, "  两人同去\n\t一致 ", "两人同去\n\t一致"),
        (Kind.TEXT, "字" * 2000, "字" * 2000),
        (Kind.NAME, "字" * 120, "字" * 120),
        (Kind.CODE, "A1_b-c./9", "A1_b-c./9"),
        (Kind.CODES, ["b", "a", "b"], ["b", "a"]),
        (Kind.NUMBER_TEXT, "银付-12号", "银付-12号"),
        (Kind.NUMBER_TEXT, " 银付 － １２　号 ", "银付-12号"),
        (Kind.NUMBER_TEXT, "银付—12号", "银付-12号"),
        (Kind.NUMBER_TEXT, "鲁核〔2025〕31号", "鲁核〔2025〕31号"),
        (Kind.NUMBER_TEXT, "A1_b-c./9", "A1_b-c./9"),
        (Kind.NUMBER_TEXT, "字" * 64, "字" * 64),
        (Kind.NUMBER, 0, 0),
        (Kind.NUMBER, 10**9, 10**9),
        (Kind.MONEY, "3000.00", 300_000),
        (Kind.MONEY, "0.5", 50),
        (Kind.MONEY, "9999999999.99", 999_999_999_999),
        (Kind.DATE, "2025-09-29", "2025-09-29"),
        *((Kind.SCHOOL_YEAR, written, "2025-2026") for written in SPELLINGS),
        (Kind.YES_NO, False, False),
        (Kind.ID, ONE.upper(), ONE),
        (Kind.ACCOUNTS, [ONE, TWO, ONE.upper()], [ONE, TWO]),
    ],
)
def test_each_kind_reads_valid_values(kind: Kind, value: object, expected: Plain) -> None:
    assert one_field(kind, value) == expected


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        *((Kind.SCHOOL_YEAR, written, "not_school_year") for written in NO_SCHOOL_YEARS),
        (Kind.TEXT, "", "not_text"),
        (Kind.TEXT, " \n ", "not_text"),
        (Kind.TEXT, 7, "not_text"),
        (Kind.TEXT, ["字"], "not_text"),
        (Kind.TEXT, "字" * 2001, "too_long"),
        (Kind.TEXT, "a\x00b", "control_characters"),
        (Kind.TEXT, "a\x1bb", "control_characters"),
        (Kind.NAME, "字" * 121, "too_long"),
        (Kind.NAME, "一\r二", "control_characters"),
        (Kind.CODE, "-rf", "not_code"),
        (Kind.CODE, "a b", "not_code"),
        (Kind.CODE, "a\n", "not_code"),
        (Kind.CODE, "一", "not_code"),
        (Kind.CODE, "a" * 65, "not_code"),
        (Kind.NUMBER_TEXT, "", "not_text"),
        (Kind.NUMBER_TEXT, " — ", "not_text"),
        (Kind.NUMBER_TEXT, 12, "not_text"),
        (Kind.NUMBER_TEXT, "字" * 65, "too_long"),
        (Kind.NUMBER_TEXT, "㈱" * 22, "too_long"),
        (Kind.NUMBER_TEXT, "12\n13", "control_characters"),
        (Kind.NUMBER_TEXT, "12\u202e13", "control_characters"),
        (Kind.NUMBER_TEXT, "12\u200b13", "control_characters"),
        (Kind.NUMBER_TEXT, "12\u316413", "control_characters"),
        (Kind.CODES, "a", "not_a_list"),
        (Kind.CODES, [], "not_a_list"),
        (Kind.CODES, ["a"] * 51, "not_a_list"),
        (Kind.CODES, ["a", 1], "not_code"),
        (Kind.NUMBER, True, "not_a_number"),
        (Kind.NUMBER, 1.0, "not_a_number"),
        (Kind.NUMBER, "1", "not_a_number"),
        (Kind.NUMBER, -1, "not_a_number"),
        (Kind.NUMBER, 10**9 + 1, "not_a_number"),
        (Kind.MONEY, "3000.005", "not_money"),
        (Kind.MONEY, 3000.0, "not_money"),
        (Kind.MONEY, 3000, "not_money"),
        (Kind.MONEY, ["3000.00"], "not_money"),
        (Kind.MONEY, Decimal(3000), "not_money"),
        (Kind.MONEY, "-1.00", "not_money"),
        (Kind.MONEY, "1,000.00", "not_money"),
        (Kind.MONEY, "１.00", "not_money"),
        (Kind.MONEY, "1e3", "not_money"),
        (Kind.MONEY, "1.", "not_money"),
        (Kind.MONEY, "1.00\n", "not_money"),
        (Kind.MONEY, "99999999999", "not_money"),
        (Kind.DATE, "2025-02-29", "not_a_date"),
        (Kind.DATE, 20250929, "not_a_date"),
        (Kind.DATE, "", "not_a_date"),
        (Kind.YES_NO, "yes", "not_yes_no"),
        (Kind.YES_NO, 1, "not_yes_no"),
        (Kind.ID, "12", "not_an_id"),
        (Kind.ID, UUID(ONE), "not_an_id"),
        (Kind.ACCOUNTS, [ONE, "x"], "not_an_id"),
        (Kind.ACCOUNTS, ONE, "not_a_list"),
    ],
)
def test_each_kind_refuses_invalid_values(kind: Kind, value: object, code: str) -> None:
    assert problems(kind, value) == [code]


@pytest.mark.parametrize("text", ["\ud800", "家\udfff", "a\x7fb", "a\x85b", "x\u202etxt.exe"])
def test_text_with_hidden_characters_is_refused(text: str) -> None:
    assert problems(Kind.TEXT, text) == ["control_characters"]


def test_line_breaks_of_browsers_are_normalised() -> None:
    assert one_field(Kind.TEXT, "一\r\n二") == "一\n二"


def test_name_with_line_break_is_refused() -> None:
    assert problems(Kind.NAME, "会纪〔2025〕1号\n已阅") == ["control_characters"]


def test_code_outside_the_choices_is_refused() -> None:
    assert one_field(Kind.CODE, "cash", CHOICES) == "cash"
    assert problems(Kind.CODE, "gold", CHOICES) == ["not_a_choice"]
    assert problems(Kind.CODES, ["cash", "gold"], CHOICES) == ["not_a_choice"]


def test_places_of_a_notice_are_those_of_the_list() -> None:
    [places] = [field for field in AWARD if field.key == "places"]
    assert places.choices == tuple(NoticePlace)
    assert read_fields((places,), {"places": ["unit_board", "community_board"]})
    with pytest.raises(InvalidForm) as error:
        read_fields((places,), {"places": ["公告栏"]})
    assert [problem.code for problem in error.value.problems] == ["not_a_choice"]


def test_form_reports_all_problems_at_once() -> None:
    form = (
        FormField("a", "甲", Kind.MONEY),
        FormField("b", "乙", Kind.DATE),
        FormField("c", "丙", Kind.TEXT, required=False),
    )
    with pytest.raises(InvalidForm) as error:
        read_fields(form, {"a": 1.5, "d": 1, "c": None})
    problems_by_field = [(problem.code, problem.values["field"]) for problem in error.value.problems]
    assert problems_by_field == [("answer_unknown", "d"), ("not_money", "a"), ("answer_missing", "b")]
    assert read_fields(form, {"a": "1", "b": "2025-01-01", "c": None}) == {"a": 100, "b": "2025-01-01"}


def test_every_kind_has_a_reader_and_all_but_number_are_used() -> None:
    assert set(FIELD_READERS) == set(Kind)
    steps = [step for programme in PROGRAMMES.values() for step in programme.steps]
    used = {field.kind for step in steps for field in step.form}
    assert set(Kind) - used == {Kind.NUMBER}


def test_every_amount_below_100_yuan_is_read_to_the_fen() -> None:
    for fen in range(10_000):
        yuan, rest = divmod(fen, 100)
        assert money(f"{yuan}.{rest:02}") == fen
        if rest % 10 == 0:
            assert money(f"{yuan}.{rest // 10}") == fen
        if rest == 0:
            assert money(f"{yuan}") == fen


@given(st.integers(0, 10**12 - 1))
def test_money_round_trips(fen: int) -> None:
    assert money(f"{fen // 100}.{fen % 100:02}") == fen == Decimal(f"{fen // 100}.{fen % 100:02}") * 100


@given(st.one_of(st.text(), st.text("0123456789.+-,_ ０e\n", max_size=14), st.from_regex(MONEY_SHAPE)))
def test_only_plain_yuan_text_is_money(text: str) -> None:
    whole, dot, rest = text.partition(".")
    digits = all(part.isascii() and part.isdigit() for part in (whole, *([rest] if dot else [])))
    plain = digits and len(whole) <= 10 and len(rest) <= 2 and (whole == "0" or not whole.startswith("0"))
    if plain:
        assert money(text) == Decimal(text) * 100
    else:
        with pytest.raises(NotMoney):
            money(text)


@given(
    st.sampled_from(Kind), st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists)
)
def test_random_value_is_read_or_refused(kind: Kind, value: object) -> None:
    field = FormField("it", "某项", kind)
    try:
        answers = read_fields((field,), {"it": value})
    except InvalidForm as error:
        answers, fields = {}, [problem.values["field"] for problem in error.problems]
    else:
        fields = ["it"]
    assert fields == ["it"]
    assert not isinstance(answers.get("it"), float)
    assert not answers or kind is Kind.MONEY or read_fields((field,), answers) == answers


def test_school_year_of_the_longest_text_is_read_and_of_a_longer_one_is_not() -> None:
    written = "2025" + " " * 116
    assert school_year(written) == "2025-2026"
    with pytest.raises(NotSchoolYear):
        school_year(written + " ")


def test_number_out_of_range_names_the_range() -> None:
    with pytest.raises(InvalidForm) as error:
        one_field(Kind.NUMBER, 10**9 + 1)
    [problem] = error.value.problems
    assert (problem.values["lowest"], problem.values["highest"]) == (0, 10**9)
