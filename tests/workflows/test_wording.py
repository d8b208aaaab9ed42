"""Tests of wordings against exact values (docs/domain/report.md §6.4)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.wording import (
    HOUSEHOLD_TIMES,
    HOUSEHOLDS,
    PERSON_TIMES,
    PERSONS,
    TIMES,
    YUAN,
    Quantity,
    Several,
    Unit,
    about,
    cell,
    claim,
    exact,
    holds,
    many,
    near,
    pieces,
    total,
)

UNITS = (HOUSEHOLDS, PERSONS, PERSON_TIMES, HOUSEHOLD_TIMES, TIMES, YUAN, pieces("床"), pieces("套"))
quantities = st.builds(Quantity, st.integers(0, 10**11), st.sampled_from(UNITS)) | st.builds(
    Quantity, st.integers(0, 200), st.sampled_from(UNITS)
)


def households(amount: int) -> Quantity:
    return Quantity(amount, HOUSEHOLDS)


def yuan(amount: str) -> Quantity:
    whole, _, part = amount.partition(".")
    return Quantity(int(whole) * 100 + int(part.ljust(2, "0")), YUAN)


@pytest.mark.parametrize(
    ("value", "place", "text"),
    [
        (households(33), None, "30多户"),
        (households(30), None, "30户"),
        (households(7), None, "7户"),
        (households(0), None, "0户"),
        (households(129), 10, "120余户"),
        (yuan("41600.00"), None, "4万多元"),
        (yuan("28600.00"), 1000, "28000余元"),
        (yuan("28000.01"), 1000, "28000余元"),
        (yuan("28000.00"), 1000, "28000元"),
        (yuan("40000.00"), None, "40000元"),
        (yuan("900.50"), 1000, "900.50元"),
        (yuan("0.50"), None, "0.50元"),
        (yuan("20600.00"), 1000, "2万多元"),
    ],
)
def test_many_chooses_base_and_word(value: Quantity, place: int | None, text: str) -> None:
    assert many(value, place).text == text


def test_many_and_exact_write_commas() -> None:
    assert many(yuan("28600.00"), 1000, commas=True).text == "28,000余元"
    assert exact(yuan("3000.00"), commas=True).text == "3,000元"
    assert many(yuan("41600.00"), word="余").text == "4万余元"


@pytest.mark.parametrize(
    ("text", "unit", "low", "high"),
    [
        ("30多户", HOUSEHOLDS, 31, 39),
        ("30余户", HOUSEHOLDS, 31, 39),
        ("4万多元", YUAN, 4_000_001, 4_999_999),
        ("28000余元", YUAN, 2_800_001, 2_899_999),
        ("28,000余元", YUAN, 2_800_001, 2_899_999),
        ("3,000元", YUAN, 300_000, 300_000),
        ("2880.50元", YUAN, 288_050, 288_050),
        ("4.16万元", YUAN, 4_155_000, 4_164_999),
        ("4.2万元", YUAN, 4_150_000, 4_249_999),
        ("近5万元", YUAN, 4_500_000, 4_999_999),
        ("约300人", PERSONS, 285, 315),
        ("数套", pieces("套"), 2, None),
        ("2床", pieces("床"), 2, 2),
    ],
)
def test_claim_returns_the_range_of_a_printed_figure(text: str, unit: Unit, low: int, high: int | None) -> None:
    wording = claim(text, unit)
    assert wording is not None
    assert (wording.low, wording.high) == (low, high)


@pytest.mark.parametrize(
    "text", ["许多户", "30多人", "0多户", "3.5户", "约30多户", "3,00户", "户", "-3户", "３户", "数套"]
)
def test_text_that_is_no_figure_is_never_true(text: str) -> None:
    assert claim(text, HOUSEHOLDS) is None
    assert not holds(text, households(33))


def test_round_value_is_neither_duo_nor_yu() -> None:
    assert not holds("30多户", households(30))
    assert not holds("30多户", households(40))
    assert not holds("4万余元", yuan("40000.00"))


def test_near_and_about_require_a_value_in_range() -> None:
    assert near(households(45), 50) == claim("近50户", HOUSEHOLDS)
    assert near(households(40), 45) is None
    assert near(households(41), 45) == claim("近45户", HOUSEHOLDS)
    assert near(households(44), 50) is near(households(50), 50) is near(households(51), 50) is None
    assert about(yuan("52500.00"), 50_000) == claim("约5万元", YUAN)
    assert about(yuan("52500.01"), 50_000) is about(yuan("47499.99"), 50_000) is None


def test_cell_formats_yuan_counts_and_unknowns() -> None:
    assert cell(yuan("1234.50")) == "1,234.50"
    assert cell(households(1234)) == "1,234"
    assert cell(households(0)) == "0"
    assert cell(None) == "—"
    assert cell(Several(pieces("件"))) == "数件"


def test_several_is_an_unknown_number_above_one() -> None:
    books = Several(pieces("套"))
    assert exact(books).text == "数套"
    assert exact(books).holds(books)
    assert holds("数套", books)
    assert not holds("2套", books)
    assert not holds("数套", Quantity(1, pieces("套")))
    assert total(pieces("套"), [books, Quantity(2, pieces("套"))]) == books


@pytest.mark.parametrize("other", [Quantity(1, PERSONS), Quantity(1, HOUSEHOLD_TIMES), Several(HOUSEHOLDS), 1])
def test_adding_different_units_is_refused(other: object) -> None:
    with pytest.raises(TypeError):
        households(1) + other


def test_total_adds_only_equal_units() -> None:
    assert total(HOUSEHOLDS, [households(2), households(3)]) == households(5)
    assert total(HOUSEHOLDS, []) == households(0)
    for unlike in (Quantity(1, PERSON_TIMES), Several(pieces("床"))):
        with pytest.raises(TypeError):
            total(HOUSEHOLDS, [households(1), unlike])
    with pytest.raises(TypeError):
        Quantity(1, pieces("床")) + Quantity(1, pieces("套"))
    with pytest.raises(ValueError, match="below zero"):
        households(-1)


@given(value=quantities, power=st.integers(0, 8), word=st.sampled_from(["多", "余", None]), commas=st.booleans())
def test_every_wording_is_true_of_its_value(value: Quantity, power: int, word: str | None, commas: bool) -> None:
    for wording in (
        exact(value, commas=commas),
        many(value, None, word, commas=commas),
        many(value, 10**power, word, commas=commas),
    ):
        assert wording.holds(value)
        assert holds(wording.text, value)


@given(value=quantities, base=st.integers(0, 10**9))
def test_near_and_about_are_returned_only_when_true(value: Quantity, base: int) -> None:
    target = base * value.unit.scale
    wording = near(value, base)
    assert (wording is not None) == (Fraction(9, 10) * target <= value.amount < target)
    wording = about(value, base)
    assert (wording is not None) == (abs(value.amount - target) <= Fraction(5, 100) * target)


@given(base=st.integers(1, 10**9), amount=st.integers(0, 2 * 10**9))
def test_duo_means_less_than_one_last_digit_above_base(base: int, amount: int) -> None:
    digits = str(base)
    unit = 10 ** (len(digits) - len(digits.rstrip("0")))
    assert holds(f"{base}多户", households(amount)) == (base < amount < base + unit)


@given(st.text("0123456789,.万多余近约数户元套", max_size=12), st.sampled_from(UNITS))
def test_claim_of_any_text_never_fails(text: str, unit: Unit) -> None:
    wording = claim(text, unit)
    assert wording is None or wording.low >= 0
