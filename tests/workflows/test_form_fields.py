"""Forms: how an answer of each kind is read, and what no form lets through."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.form_fields import FIELD_READERS, MONEY_SHAPE, FormField, Kind, NotMoney, money, read_fields
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import InvalidForm, Plain

ONE, TWO = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
CHOICES = ("bank", "cash")


def one_field(kind: Kind, value: object, choices: tuple[str, ...] = ()) -> Plain:
    return read_fields((FormField("it", "某项", kind, choices=choices),), {"it": value})["it"]


def problems(kind: Kind, value: object, choices: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(InvalidForm) as bad:
        one_field(kind, value, choices)
    assert all(problem.values["field"] == "it" for problem in bad.value.problems)
    return [problem.code for problem in bad.value.problems]


@pytest.mark.parametrize(
    ("kind", "value", "becomes"),
    [
        (Kind.TEXT, "  两人同去\n\t一致 ", "两人同去\n\t一致"),
        (Kind.TEXT, "字" * 2000, "字" * 2000),
        (Kind.NAME, "字" * 120, "字" * 120),
        (Kind.CODE, "A1_b-c./9", "A1_b-c./9"),
        (Kind.CODES, ["b", "a", "b"], ["b", "a"]),
        (Kind.NUMBER, 0, 0),
        (Kind.NUMBER, 10**9, 10**9),
        (Kind.MONEY, "3000.00", 300_000),
        (Kind.MONEY, "0.5", 50),
        (Kind.MONEY, "9999999999.99", 999_999_999_999),
        (Kind.DATE, "2025-09-29", "2025-09-29"),
        (Kind.YES_NO, False, False),
        (Kind.ID, ONE.upper(), ONE),
        (Kind.ACCOUNTS, [ONE, TWO, ONE.upper()], [ONE, TWO]),
    ],
)
def test_each_kind_reads_what_people_write(kind: Kind, value: object, becomes: Plain) -> None:
    assert one_field(kind, value) == becomes


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
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
def test_each_kind_refuses_what_it_cannot_mean(kind: Kind, value: object, code: str) -> None:
    assert problems(kind, value) == [code]


@pytest.mark.parametrize("text", ["\ud800", "家\udfff", "a\x7fb", "a\x85b", "x\u202etxt.exe"])
def test_no_text_hides_something_or_cannot_be_stored(text: str) -> None:
    assert problems(Kind.TEXT, text) == ["control_characters"]


def test_a_browser_ends_its_lines_in_two_characters() -> None:
    assert one_field(Kind.TEXT, "一\r\n二") == "一\n二"


def test_a_name_stands_on_one_line() -> None:
    assert problems(Kind.NAME, "会纪〔2025〕1号\n已阅") == ["control_characters"]


def test_a_choice_is_one_of_those_offered() -> None:
    assert one_field(Kind.CODE, "cash", CHOICES) == "cash"
    assert problems(Kind.CODE, "gold", CHOICES) == ["not_a_choice"]
    assert problems(Kind.CODES, ["cash", "gold"], CHOICES) == ["not_a_choice"]


def test_all_problems_are_told_at_once() -> None:
    form = (
        FormField("a", "甲", Kind.MONEY),
        FormField("b", "乙", Kind.DATE),
        FormField("c", "丙", Kind.TEXT, required=False),
    )
    with pytest.raises(InvalidForm) as bad:
        read_fields(form, {"a": 1.5, "d": 1, "c": None})
    told = [(problem.code, problem.values["field"]) for problem in bad.value.problems]
    assert told == [("answer_unknown", "d"), ("not_money", "a"), ("answer_missing", "b")]
    assert read_fields(form, {"a": "1", "b": "2025-01-01", "c": None}) == {"a": 100, "b": "2025-01-01"}


def test_every_kind_has_a_reader_and_is_used_or_soon_will_be() -> None:
    assert set(FIELD_READERS) == set(Kind)
    steps = [step for programme in PROGRAMMES.values() for step in programme.steps]
    used = {question.kind for step in steps for question in step.form}
    assert set(Kind) - used == {Kind.NUMBER}


def test_every_amount_below_one_hundred_yuan_is_read_to_the_fen() -> None:
    for fen in range(10_000):
        yuan, rest = divmod(fen, 100)
        assert money(f"{yuan}.{rest:02}") == fen
        if rest % 10 == 0:
            assert money(f"{yuan}.{rest // 10}") == fen
        if rest == 0:
            assert money(f"{yuan}") == fen


@given(st.integers(0, 10**12 - 1))
def test_money_goes_there_and_back(fen: int) -> None:
    assert money(f"{fen // 100}.{fen % 100:02}") == fen == Decimal(f"{fen // 100}.{fen % 100:02}") * 100


@given(st.one_of(st.text(), st.text("0123456789.+-,_ ０e\n", max_size=14), st.from_regex(MONEY_SHAPE)))
def test_of_all_texts_only_plain_yuan_is_money(text: str) -> None:
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
def test_a_form_is_read_or_refused_and_never_breaks(kind: Kind, value: object) -> None:
    field = FormField("it", "某项", kind)
    try:
        answers = read_fields((field,), {"it": value})
    except InvalidForm as bad:
        answers, fields = {}, [problem.values["field"] for problem in bad.problems]
    else:
        fields = ["it"]
    assert fields == ["it"]
    assert not isinstance(answers.get("it"), float)
    assert not answers or kind is Kind.MONEY or read_fields((field,), answers) == answers
