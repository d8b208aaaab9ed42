"""Tests of wordings against exact values (docs/domain/report.md §6.4)."""

import re
from fractions import Fraction

import pytest
from hypothesis import example, given
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
    offered,
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
        (households(129), None, "120余户"),
        (households(129), 100, "120余户"),
        (households(109), 100, "100多户"),
        (households(110), None, "110户"),
        (households(10_000), None, "1万户"),
        (households(12_345), None, "1万多户"),
        (yuan("41600.00"), None, "4万多元"),
        (yuan("28600.00"), 1000, "28000余元"),
        (yuan("28000.01"), 1000, "28000余元"),
        (yuan("28000.00"), 1000, "28000元"),
        (yuan("40000.00"), None, "4万元"),
        (yuan("40000.01"), None, "4万多元"),
        (yuan("10000.00"), None, "1万元"),
        (yuan("9999.99"), None, "9990余元"),
        (yuan("160000.00"), None, "16万元"),
        (yuan("162000.00"), None, "16万多元"),
        (yuan("149200.00"), None, "14万多元"),
        (yuan("98600.00"), None, "9万多元"),
        (yuan("462227.00"), None, "46万多元"),
        (yuan("9123456.00"), None, "912万余元"),
        (yuan("9900001.00"), None, "990万余元"),
        (yuan("99999999.99"), None, "9999万余元"),
        (yuan("100000000.00"), None, "1亿元"),
        (yuan("123456789.00"), None, "1亿多元"),
        (yuan("286600.00"), 1000, "28万多元"),
        (yuan("99600.00"), 1000, "99000余元"),
        (yuan("100600.00"), 1000, "10万多元"),
        (yuan("1900.50"), 1000, "1900余元"),
        (yuan("28600.00"), 10_000, "2万多元"),
        (yuan("900.50"), 1000, "900.50元"),
        (yuan("0.50"), None, "0.50元"),
        (yuan("20600.00"), 1000, "2万多元"),
    ],
)
def test_many_chooses_base_and_word(value: Quantity, place: int | None, text: str) -> None:
    assert many(value, place).text == text


def test_many_and_exact_write_commas() -> None:
    assert many(yuan("28600.00"), 1000, commas=True).text == "28,000余元"
    assert many(yuan("100000.00"), 1000).text == "10万元"
    assert many(yuan("99999.00"), 1000).text == "99000余元"
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
        ("近10万元", YUAN, 9_000_000, 9_999_999),
        ("16万余元", YUAN, 16_000_001, 16_999_999),
        ("10万多元", YUAN, 10_000_001, 10_999_999),
        ("10多万元", YUAN, 10_000_001, 19_999_999),
        ("900余万元", YUAN, 900_000_001, 989_999_999),
        ("920多万元", YUAN, 920_000_001, 929_999_999),
        ("6200多万元", YUAN, 6_200_000_001, 6_299_999_999),
        ("6,200多万元", YUAN, 6_200_000_001, 6_299_999_999),
        ("100多户", HOUSEHOLDS, 101, 109),
        ("110多户", HOUSEHOLDS, 111, 119),
        ("420多户", HOUSEHOLDS, 421, 429),
        ("1.2亿元", YUAN, 11_500_000_000, 12_499_999_999),
        ("1亿元", YUAN, 10_000_000_000, 10_000_000_000),
        ("1亿多元", YUAN, 10_000_000_001, 19_999_999_999),
        ("10多亿元", YUAN, 100_000_000_001, 199_999_999_999),
        ("合计462,227元", YUAN, 46_222_700, 46_222_700),
        ("合计900余万元", YUAN, 900_000_001, 989_999_999),
        ("共计约300元", YUAN, 28_500, 31_500),
        ("共数套", pieces("套"), 2, None),
        ("1.2万户", HOUSEHOLDS, 11_500, 12_499),
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
    "text",
    [
        *(
            "许多户",
            "30多人",
            "0多户",
            "3.5户",
            "约30多户",
            "3,00户",
            "户",
            "-3户",
            "３户",
            "数套",
            "合计",
            "合计合计33户",
        ),
        *(
            "28余户",
            "4多万户",
            "0多万户",
            "0万多户",
            "30多万多户",
            "1.2亿多户",
            "3.0多户",
            "3.0户",
            "近约30户",
            "30户多",
            "近30万多户",
        ),
    ],
)
def test_text_that_is_no_figure_is_never_true(text: str) -> None:
    assert claim(text, HOUSEHOLDS) is None
    assert not holds(text, households(33))


def test_round_value_is_neither_duo_nor_yu() -> None:
    assert not holds("30多户", households(30))
    assert not holds("30多户", households(40))
    assert not holds("4万余元", yuan("40000.00"))


def test_figure_of_one_unit_is_not_true_of_another() -> None:
    wording = claim("30多户", HOUSEHOLDS)
    assert wording is not None
    assert wording.holds(households(33))
    assert not wording.holds(yuan("33.00"))


def test_sum_of_ten_times_its_magnitude_is_offered_before_it() -> None:
    assert "10多万元" in [form.text for form in offered(yuan("105000.00"))]


def test_near_and_about_require_a_value_in_range() -> None:
    assert near(households(45), 50) == claim("近50户", HOUSEHOLDS)
    assert near(yuan("27500.00"), 28_000) == claim("近2.8万元", YUAN)
    assert near(yuan("28000.50"), 28_001) == claim("近28001元", YUAN)
    assert near(households(40), 45) is None
    assert near(households(41), 45) == claim("近45户", HOUSEHOLDS)
    assert near(households(44), 50) is near(households(50), 50) is near(households(51), 50) is None
    assert about(yuan("52500.00"), 50_000) == claim("约5万元", YUAN)
    assert about(yuan("28001.00"), 28_001) == claim("约28001元", YUAN)
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
def test_duo_before_the_unit_reaches_one_last_digit_above_base_and_at_most_a_tenth(base: int, amount: int) -> None:
    assert holds(f"{base}多户", households(amount)) == _is_true(f"{base}多户", Fraction(amount))


def _is_true(text: str, value: Fraction) -> bool:
    """Return whether a figure of this module is true of a value, by §6.4 read from the text alone (not by ranges)."""
    words = re.fullmatch(r"(近|约|)([0-9,.]+)(多|余|)(万|亿|)(多|余|)(\D+)", text)
    assert words, text
    stem, size = words[2].replace(",", ""), Fraction({"": 1, "万": 10**4, "亿": 10**8}[words[4]])
    base, ends_in_zeros = Fraction(stem) * size, len(stem) - len(stem.rstrip("0"))
    if words[1] == "近":
        return base * 9 <= value * 10 and value < base
    if words[1] == "约":
        return abs(value - base) * 20 <= base
    if words[5]:
        return stem.isdigit() and bool(words[4]) and base > 0 and base < value < base + size
    if words[3]:
        last_digit = size * 10**ends_in_zeros
        in_reach = value < base + last_digit and (len(stem) < 3 or value * 10 < base * 11)
        return ends_in_zeros > 0 and base > 0 and base < value and in_reach
    return value == base


@given(value=quantities)
@example(yuan("462227.00"))
@example(yuan("99999999.99"))
@example(yuan("9949999.99"))
@example(households(1090))
def test_every_offered_form_is_true_of_its_value_and_is_read_back(value: Quantity) -> None:
    """A person may choose any of them (docs/domain/report.md §6.4)."""
    forms = offered(value)
    assert forms[0] == exact(value, commas=True)
    widths = []
    for form in forms:
        assert _is_true(form.text, Fraction(value.amount, value.unit.scale)), form.text
        read = claim(form.text, value.unit)
        assert read == form
        assert read.holds(value)
        assert read.high is not None
        widths.append(read.high - read.low)
    assert widths == sorted(widths), "the tightest first"


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("462227.00", ["462,227元", "46万多元", "约46.22万元", "近47万元", "40多万元"]),
        ("160000.00", ["160,000元", "16万元"]),
        ("162000.00", ["162,000元", "16.2万元", "16万多元", "近17万元", "10多万元"]),
        ("149200.00", ["149,200元", "14.92万元", "14万多元", "近15万元", "10多万元"]),
        ("98600.00", ["98,600元", "9.86万元", "9万多元", "近10万元"]),
        (
            "9123456.00",
            ["9,123,456元", "912万余元", "910余万元", "900多万元", "约912.35万元", "近920万元"],
        ),
        ("123456789.00", ["123,456,789元", "约1.23亿元", "1亿多元"]),
        ("120000000.00", ["120,000,000元", "1.2亿元", "1亿多元"]),
        ("9950.00", ["9,950元", "近1万元"]),
        ("700.00", ["700元"]),
        ("0.50", ["0.50元"]),
    ],
)
def test_sum_is_offered_in_its_true_forms_the_tightest_first(value: str, texts: list[str]) -> None:
    assert [form.text for form in offered(yuan(value))] == texts


def test_forms_of_a_count_are_offered_in_its_own_unit() -> None:
    assert [form.text for form in offered(households(38))] == ["38户", "近40户", "30多户"]
    assert [form.text for form in offered(households(33))] == ["33户", "30多户"]
    assert [form.text for form in offered(households(12_345))] == ["12,345户", "约1.23万户", "1万多户"]
    assert [form.text for form in offered(Several(pieces("套")))] == ["数套"]


@pytest.mark.parametrize("text", ["40万余元", "40万多元", "47万多元", "10多万元", "近46万元", "50多万元"])
def test_sum_of_462227_is_not_said_falsely(text: str) -> None:
    """Regression: an activity of 462,227元 was printed as 40万余元."""
    assert claim(text, YUAN)
    assert not holds(text, yuan("462227.00"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10万多元", "160000.00"),
        ("16万多元", "160000.00"),
        ("10万多元", "162000.00"),
        ("10万多元", "149200.00"),
        ("900多万元", "9900000.00"),
        ("4多万元", "41600.00"),
    ],
)
def test_wide_word_on_a_sum_outside_its_range_is_false(text: str, value: str) -> None:
    """Regression: 160,000元 and 149,200元 were printed as 10万多元."""
    assert not holds(text, yuan(value))


@given(st.text("0123456789,.万多余近约数户元套", max_size=12), st.sampled_from(UNITS))
def test_claim_of_any_text_never_fails(text: str, unit: Unit) -> None:
    wording = claim(text, unit)
    assert wording is None or wording.low >= 0
