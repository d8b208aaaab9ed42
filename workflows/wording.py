"""Wordings are figures in words (30多户, 4万多元, 近, 约) that can be checked.

`claim` reads a printed figure, from our report or from a person, and returns the values for which it is true
(docs/domain/report.md §6.4).
"""

import re
from collections.abc import Iterable, Iterator
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
_SUM_WORDS = re.compile("(?:合计|共计|总计|共)?")
_PRINTED = re.compile(r"(近|约)?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?([多余]?)([万亿]?)([多余]?)(\D+)", re.ASCII)
_MAGNITUDES = {"亿": 100_000_000, "万": 10_000, "": 1}


def claim(text: str, unit: Unit) -> Wording | None:
    """Read a printed figure, with 合计 before it or without. Returns None for other text.

    33户, 30多户, 28,000余元, 4万多元, 900余万元, 4.16万元, 1.2亿元, 1亿多元, 近10万元, 约300人, 数套.
    """
    figure = _SUM_WORDS.sub("", text, count=1)
    if figure == f"数{unit.word}":
        return Wording(text, unit, *_SEVERAL)
    match = _PRINTED.fullmatch(figure)
    bounds = _bounds(match, unit) if match and match[7] == unit.word else None
    return Wording(text, unit, *bounds) if bounds else None


def _bounds(match: re.Match[str], unit: Unit) -> tuple[int, int] | None:
    """Return the range of amounts for which a printed figure is true; None where its words contradict each other."""
    near_or_about, whole, fraction, before, magnitude, after = match.group(1, 2, 3, 4, 5, 6)
    decimals = fraction or ""
    if sum(map(bool, (near_or_about, before, after))) > 1 or (decimals and unit.scale == 1 and not magnitude):
        return None
    number, one = int(whole.replace(",", "")), _MAGNITUDES[magnitude] * unit.scale
    base, rest = divmod(int(f"{number}{decimals}") * one, 10 ** len(decimals))
    if rest:
        return None
    if before or after:
        width = 0 if decimals or not number else _width_before(number) if before else int(bool(magnitude))
        return (base + 1, base + width * one - 1) if width else None
    if near_or_about:
        return _NEAR_OR_ABOUT[near_or_about](base)
    rounded = one // 10 ** len(decimals) if decimals and magnitude else 1
    return max(0, base - rounded // 2), base + (rounded - 1) // 2


def _width_before(number: int) -> int:
    """Return how far 多 reaches before the unit: 30多 → 10, 920多 → 10; no more than a tenth from 100 on: 900多 → 90."""
    width = 1
    while number % (width * 10) == 0:
        width *= 10
    return 0 if width == 1 else min(width, number // 10) if number >= _THREE_DIGITS else width


_THREE_DIGITS = 100
_ALWAYS_SPOKEN = 100_000
"""From this sum on 多 stands with 万 or 亿, whatever `place` says."""


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
    """Return the tightest b多 or b余 that is true: 33户 → 30多户, 41600元 → 4万多元, 162000元 → 16万多元.

    A sum below 100000 may be cut to `place` in digits: 28600元 at 1000 → 28000余元. Without `word` it is 多 for a base
    of one digit or below 100, otherwise 余. A round value, or one without a round number below it, stays exact.
    """
    number, part = divmod(value.amount, value.unit.scale)
    base = number - number % place if place and number < _ALWAYS_SPOKEN else None
    if base == 0 or (base == number and not part):
        return exact(value, commas=commas)
    if base and base % _MAGNITUDES["万"]:
        wording = claim(f"{_grouped(base, commas)}{word or _many_word(base)}{value.unit.word}", value.unit)
        if wording and wording.holds(value):
            return wording
    magnitude_word, magnitude = _magnitude(number)
    if magnitude_word and value.amount % (magnitude * value.unit.scale) == 0:
        return _printed(_spoken_number(number, commas) + value.unit.word, value.unit)
    return next(_more_than(value, word), None) or exact(value, commas=commas)


def _more_than(value: Quantity, word: str | None = None) -> Iterator[Wording]:
    """Yield the forms with 多 or 余 that are true of the value, the tightest first: 46万多元, 40多万元.

    A round value has none: 160000元 is 16万元, 30户 is 30户.
    """
    magnitude_word, magnitude = _magnitude(value.amount // value.unit.scale)
    one = magnitude * value.unit.scale
    if value.amount % (one if magnitude_word else 10 * one) == 0:
        return
    number, place = value.amount // one, 10
    texts = [f"{number}{magnitude_word}{word or _many_word(number)}{value.unit.word}"] if magnitude_word else []
    while place <= number:
        base = number - number % place
        texts.append(f"{base}{word or _many_word(base)}{magnitude_word}{value.unit.word}")
        place *= 10
    read = (claim(text, value.unit) for text in dict.fromkeys(texts))
    yield from (wording for wording in read if wording and wording.holds(value))


def _many_word(base: int) -> str:
    return "多" if base < _THREE_DIGITS or len(str(base).rstrip("0")) == 1 else "余"


def offered(value: Quantity | Several) -> tuple[Wording, ...]:
    """Return the forms from which a person chooses, all true, the tightest first.

    162000元 → 162,000元, 16.2万元, 16万多元, 近17万元, 10多万元.
    """
    if isinstance(value, Several):
        return (exact(value),)
    forms = (exact(value, commas=True), *_in_magnitude(value), *_more_than(value), near(value, _next_round(value)))
    return tuple(sorted({form: None for form in forms if form}, key=lambda form: (form.high or 0) - form.low))


def _in_magnitude(value: Quantity) -> Iterator[Wording]:
    """Yield the value in 万 or 亿: 16.2万元 where two decimals are exact, else 约46.22万元."""
    magnitude_word, magnitude = _magnitude(value.amount // value.unit.scale)
    if magnitude_word:
        step = magnitude * value.unit.scale // 100
        hundredths = (value.amount + step // 2) // step
        about_or_not = "" if hundredths * step == value.amount else "约"
        number = _spoken_number(hundredths * magnitude // 100, commas=True)
        yield _printed(f"{about_or_not}{number}{value.unit.word}", value.unit)


def _next_round(value: Quantity) -> int:
    """Return the round number above a value, for 近: 98600 → 100000, 149200 → 150000, 9123456 → 9200000, 38 → 40."""
    magnitude_word, magnitude = _magnitude(value.amount // value.unit.scale)
    above = -(-value.amount // (magnitude * value.unit.scale))
    place = max(1 if magnitude_word else 10, int("1".ljust(len(str(above)) - 1, "0")))
    return -(-above // place) * place * magnitude


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


def _magnitude(number: int) -> tuple[str, int]:
    """Return the word in which a number is spoken, and its size: 万 from 10000 on, 亿 from 100000000 on."""
    return next((word, size) for word, size in _MAGNITUDES.items() if number >= size or size == 1)


def _digits(amount: int, unit: Unit, commas: bool) -> str:
    whole, part = divmod(amount, unit.scale)
    return _grouped(whole, commas) + (f".{part:02}" if part else "")


def _grouped(number: int, commas: bool) -> str:
    return f"{number:,}" if commas else str(number)


def _spoken_number(number: int, commas: bool) -> str:
    """Return a number in words where two decimals say it exactly: 40000 → 4万, 162000 → 16.2万, 28001 in digits."""
    word, size = _magnitude(number)
    if not word or number % (size // 100):
        return _grouped(number, commas)
    whole, hundredths = divmod(number // (size // 100), 100)
    return f"{whole}.{hundredths:02}".rstrip("0").rstrip(".") + word
