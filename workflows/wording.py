"""Wordings are figures in words (30多户, 4万多元, 近, 约) that can be checked.

`claim` reads a printed figure, from our report or from a person, and returns the values for which it is true
(docs/domain/report.md §6.4).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of counting and its Chinese word; `scale` amounts make one of the word (100 fen make 1 元)."""

    key: str
    word: str
    scale: int = 1


HOUSEHOLDS = Unit("households", "户")
PERSONS = Unit("persons", "人")
PERSON_TIMES = Unit("person_times", "人次")
HOUSEHOLD_TIMES = Unit("household_times", "户次")
TIMES = Unit("times", "次")
YUAN = Unit("yuan", "元", scale=100)


def pieces(word: str) -> Unit:
    """Return the unit of goods counted in 床, 套, 件 …; each word is a unit of its own."""
    return Unit("pieces", word)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact count of one unit (元 in whole fen). Raises TypeError when different units are added: 户, 人, 人次, 元."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("a counted quantity is not below zero")

    def __add__(self, other: object) -> "Quantity":
        if not isinstance(other, Quantity) or other.unit != self.unit:
            other_unit = other.unit.word if isinstance(other, Quantity | Several) else type(other).__name__
            raise TypeError(f"{self.unit.word} and {other_unit} cannot be added")
        return Quantity(self.amount + other.amount, self.unit)


@dataclass(frozen=True, slots=True)
class Several:
    """An unknown number of two or more: "数套". It has no amount, so it cannot be added."""

    unit: Unit


def total(unit: Unit, parts: Iterable[Quantity | Several]) -> Quantity | Several:
    """Return the sum of parts of one unit; without parts 0, with a Several among them Several. Raises TypeError."""
    whole, unknown = Quantity(0, unit), False
    for part in parts:
        whole += part if isinstance(part, Quantity) else Quantity(0, part.unit)
        unknown = unknown or isinstance(part, Several)
    return Several(unit) if unknown else whole


@dataclass(frozen=True, slots=True)
class Wording:
    """A printed figure, and the range of amounts for which it is true, both ends included (None: no upper end)."""

    text: str
    unit: Unit
    low: int
    high: int | None

    def holds(self, value: Quantity | Several) -> bool:
        """Return whether the wording is true of the value; for a Several only 数 is true."""
        if value.unit != self.unit:
            return False
        if isinstance(value, Several):
            return (self.low, self.high) == _SEVERAL
        return self.low <= value.amount and (self.high is None or value.amount <= self.high)


_SEVERAL = (2, None)
_PRINTED = re.compile(r"(近|约)?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?(万?)([多余]?)(\D+)", re.ASCII)


def claim(text: str, unit: Unit) -> Wording | None:
    """Read a printed figure: 33户, 30多户, 28,000余元, 近5万元, 约300人, 4.16万元, 数套. Returns None for other text."""
    if text == f"数{unit.word}":
        return Wording(text, unit, *_SEVERAL)
    match = _PRINTED.fullmatch(text)
    if match is None or match[6] != unit.word or (match[3] and unit.scale == 1 and not match[4]):
        return None
    whole, decimals = match[2].replace(",", ""), match[3] or ""
    ten_thousand = 10_000 if match[4] else 1
    base, fraction = divmod(int(whole + decimals) * ten_thousand * unit.scale, 10 ** len(decimals))
    if fraction or (match[1] and match[5]):
        return None
    if match[1]:
        return Wording(text, unit, *_NEAR_OR_ABOUT[match[1]](base))
    if match[5]:
        return Wording(text, unit, base + 1, base + _last_digit_unit(base) - 1) if base and not decimals else None
    rounded = ten_thousand * unit.scale // 10 ** len(decimals) if decimals and match[4] else 1
    return Wording(text, unit, max(0, base - rounded // 2), base + (rounded - 1) // 2)


def _last_digit_unit(base: int) -> int:
    """Return the power of ten of the last non-zero digit: 30 → 10, 28000 → 1000."""
    power = 1
    while base % (power * 10) == 0:
        power *= 10
    return power


def _near(base: int) -> tuple[int, int]:
    """Return the range of 近 `base`: from nine tenths of it to just below it."""
    return -(-base * 9 // 10), base - 1


def _about(base: int) -> tuple[int, int]:
    """Return the range of 约 `base`: within a twentieth of it on either side."""
    return -(-base * 19 // 20), base * 21 // 20


_NEAR_OR_ABOUT = {"近": _near, "约": _about}


def holds(text: str, value: Quantity | Several) -> bool:
    """Return whether a printed figure is true of the exact value; text that is no figure is not."""
    wording = claim(text, value.unit)
    return wording is not None and wording.holds(value)


def exact(value: Quantity | Several, *, commas: bool = False) -> Wording:
    """Return the exact wording: 33户, 3000元, 1234.50元; 数套 for a Several."""
    if isinstance(value, Several):
        return _printed(f"数{value.unit.word}", value.unit)
    return _printed(_digits(value.amount, value.unit, commas) + value.unit.word, value.unit)


def many(value: Quantity, place: int | None = None, word: str | None = None, *, commas: bool = False) -> Wording:
    """Return b多 or b余, where b is the value cut to `place` (10, 1000, 10000 …; by default its first digit).

    33户 → 30多户; 41600元 → 4万多元; 28600元 at 1000 → 28000余元. Without `word` it is 多 for a single digit, 余 for
    more. A value that equals its base, or is less than one `place`, gets the exact wording.
    """
    step = (place or _first_place(value.amount // value.unit.scale)) * value.unit.scale
    base = value.amount - value.amount % step
    if base in (0, value.amount):
        return exact(value, commas=commas)
    spoken_number = _spoken_number(base // value.unit.scale, commas)
    chosen = word or ("余" if len(str(base).rstrip("0")) > 1 else "多")
    return _printed(f"{spoken_number}{chosen}{value.unit.word}", value.unit)


def near(value: Quantity, base: int, *, commas: bool = False) -> Wording | None:
    """Return 近 `base` (in the unit's word: 50000 for 5万元) when the value is in [9/10 `base`, `base`), else None."""
    return _if_true(_printed(f"近{_spoken_number(base, commas)}{value.unit.word}", value.unit), value)


def about(value: Quantity, base: int, *, commas: bool = False) -> Wording | None:
    """Return 约 `base` (in the unit's word) when the value is within 5 % of it, else None."""
    return _if_true(_printed(f"约{_spoken_number(base, commas)}{value.unit.word}", value.unit), value)


def cell(value: Quantity | Several | None) -> str:
    """Return the text of a table cell: 1,234.50 for yuan, 1,234 for counts, — for None (not applicable)."""
    if value is None:
        return "—"
    if isinstance(value, Several):
        return f"数{value.unit.word}"
    whole, part = divmod(value.amount, value.unit.scale)
    return f"{whole:,}" if value.unit.scale == 1 else f"{whole:,}.{part:02}"


def _printed(text: str, unit: Unit) -> Wording:
    """Return the wording of a text that we print, read by `claim` as a text from a person is. Raises ValueError."""
    wording = claim(text, unit)
    if wording is None:
        raise ValueError(f"not a figure in {unit.word}: {text}")
    return wording


def _if_true(wording: Wording, value: Quantity) -> Wording | None:
    return wording if wording.holds(value) else None


def _first_place(number: int) -> int:
    return int("1".ljust(len(str(number)), "0"))


def _digits(amount: int, unit: Unit, commas: bool) -> str:
    whole, part = divmod(amount, unit.scale)
    return (f"{whole:,}" if commas else str(whole)) + (f".{part:02}" if part else "")


def _spoken_number(number: int, commas: bool) -> str:
    """Return a base in words: 40000 → 4万, 28000 stays in digits."""
    if number and number % 10_000 == 0:
        return f"{number // 10_000}万"
    return f"{number:,}" if commas else str(number)
