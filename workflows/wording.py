"""Words for figures: 30多户, 4万多元, 近, 约; each is a claim that can be held against the exact value.

What may be printed and what it means are told by one function: `claim` reads a printed figure, whoever wrote it, and
says between which values it is true (domain/6 §6.4).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """What is counted, and the office's word for it; `scale` amounts make one of the word (100 fen make 1 元)."""

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
    """Return the unit of goods counted by 床, 套, 件 …; two kinds of pieces are two units."""
    return Unit("pieces", word)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact count of one unit (of 元, in whole fen). Unlike units are never added: 户, 人, 人次, 元."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("a counted quantity is not below zero")

    def __add__(self, other: object) -> "Quantity":
        if not isinstance(other, Quantity) or other.unit != self.unit:
            unlike = other.unit.word if isinstance(other, Quantity | Several) else type(other).__name__
            raise TypeError(f"{self.unit.word} and {unlike} cannot be added")
        return Quantity(self.amount + other.amount, self.unit)


@dataclass(frozen=True, slots=True)
class Several:
    """More than one, nobody knows how many: "数套". It has no amount, so it cannot be added or given a value."""

    unit: Unit


def total(unit: Unit, parts: Iterable[Quantity | Several]) -> Quantity | Several:
    """Add up parts of one unit, nothing being 0; with one unknown part the whole is unknown. Raises TypeError."""
    whole, unknown = Quantity(0, unit), False
    for part in parts:
        whole += part if isinstance(part, Quantity) else Quantity(0, part.unit)
        unknown = unknown or isinstance(part, Several)
    return Several(unit) if unknown else whole


@dataclass(frozen=True, slots=True)
class Wording:
    """A figure as printed, and the amounts for which it is true, both ends included (None: no upper end)."""

    text: str
    unit: Unit
    low: int
    high: int | None

    def holds(self, value: Quantity | Several) -> bool:
        """Say whether the words are true of an exact value; of an unknown one only 数 is."""
        if value.unit != self.unit:
            return False
        if isinstance(value, Several):
            return (self.low, self.high) == _SEVERAL
        return self.low <= value.amount and (self.high is None or value.amount <= self.high)


_SEVERAL = (2, None)
_PRINTED = re.compile(r"(近|约)?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?(万?)([多余]?)(\D+)", re.ASCII)


def claim(text: str, unit: Unit) -> Wording | None:
    """Read a printed figure, e.g. 33户, 30多户, 28,000余元, 近5万元, 约300人, 4.16万元, 数套. None when it is none."""
    if text == f"数{unit.word}":
        return Wording(text, unit, *_SEVERAL)
    found = _PRINTED.fullmatch(text)
    if found is None or found[6] != unit.word or (found[3] and unit.scale == 1 and not found[4]):
        return None
    whole, decimals = found[2].replace(",", ""), found[3] or ""
    ten_thousand = 10_000 if found[4] else 1
    base, beyond = divmod(int(whole + decimals) * ten_thousand * unit.scale, 10 ** len(decimals))
    if beyond or (found[1] and found[5]):
        return None
    if found[1]:
        return Wording(text, unit, *_NEAR_OR_ABOUT[found[1]](base))
    if found[5]:
        return Wording(text, unit, base + 1, base + _place(base) - 1) if base and not decimals else None
    rounded = ten_thousand * unit.scale // 10 ** len(decimals) if decimals and found[4] else 1
    return Wording(text, unit, max(0, base - rounded // 2), base + (rounded - 1) // 2)


def _place(base: int) -> int:
    """Return one unit of the last non-zero digit: 30 → 10, 28000 → 1000."""
    place = 1
    while base % (place * 10) == 0:
        place *= 10
    return place


def _near(base: int) -> tuple[int, int]:
    """近 b: from nine tenths of b, and never b itself."""
    return -(-base * 9 // 10), base - 1


def _about(base: int) -> tuple[int, int]:
    """约 b: within a twentieth of b on either side."""
    return -(-base * 19 // 20), base * 21 // 20


_NEAR_OR_ABOUT = {"近": _near, "约": _about}


def holds(text: str, value: Quantity | Several) -> bool:
    """Say whether a printed figure is true of the exact value; what cannot be read is not."""
    words = claim(text, value.unit)
    return words is not None and words.holds(value)


def exact(value: Quantity | Several, *, commas: bool = False) -> Wording:
    """Say a figure plainly: 33户, 3000元, 1234.50元; 数套 for several."""
    if isinstance(value, Several):
        return _said(f"数{value.unit.word}", value.unit)
    return _said(_digits(value.amount, value.unit, commas) + value.unit.word, value.unit)


def many(value: Quantity, place: int | None = None, word: str | None = None, *, commas: bool = False) -> Wording:
    """Say b多 or b余, b being the value cut to `place` (10, 1000, 10000 …; by default its first digit).

    33户 → 30多户; 41600元 → 4万多元; 28600元 at 1000 → 28000余元. Without `word` it is 多 for a single digit, 余 for
    more. A value that is its own base, or less than one `place`, is said exactly: round values take neither word.
    """
    step = (place or _first_place(value.amount // value.unit.scale)) * value.unit.scale
    base = value.amount - value.amount % step
    if base in (0, value.amount):
        return exact(value, commas=commas)
    spoken = _spoken(base // value.unit.scale, commas)
    chosen = word or ("余" if len(str(base).rstrip("0")) > 1 else "多")
    return _said(f"{spoken}{chosen}{value.unit.word}", value.unit)


def near(value: Quantity, base: int, *, commas: bool = False) -> Wording | None:
    """Say 近 `base` (in the unit's word: 50000 for 5万元) when the value is nine tenths of it or more, but below."""
    return _if_true(_said(f"近{_spoken(base, commas)}{value.unit.word}", value.unit), value)


def about(value: Quantity, base: int, *, commas: bool = False) -> Wording | None:
    """Say 约 `base` (in the unit's word) when the value lies within 5 % of it."""
    return _if_true(_said(f"约{_spoken(base, commas)}{value.unit.word}", value.unit), value)


def cell(value: Quantity | Several | None) -> str:
    """Write a table's cell: 1,234.50 for yuan, 1,234 for counts, 0 for none, — for not applicable."""
    if value is None:
        return "—"
    if isinstance(value, Several):
        return f"数{value.unit.word}"
    whole, part = divmod(value.amount, value.unit.scale)
    return f"{whole:,}" if value.unit.scale == 1 else f"{whole:,}.{part:02}"


def _said(text: str, unit: Unit) -> Wording:
    """Hold every figure we print to the same reading as one somebody typed."""
    words = claim(text, unit)
    if words is None:
        raise ValueError(f"not a figure in {unit.word}: {text}")
    return words


def _if_true(words: Wording, value: Quantity) -> Wording | None:
    return words if words.holds(value) else None


def _first_place(number: int) -> int:
    return int("1".ljust(len(str(number)), "0"))


def _digits(amount: int, unit: Unit, commas: bool) -> str:
    whole, part = divmod(amount, unit.scale)
    return (f"{whole:,}" if commas else str(whole)) + (f".{part:02}" if part else "")


def _spoken(number: int, commas: bool) -> str:
    """Write a base as it is spoken: 40000 is 4万, 28000 stays in digits."""
    if number and number % 10_000 == 0:
        return f"{number // 10_000}万"
    return f"{number:,}" if commas else str(number)
