"""Cell readers return exact values and refuse every cell that is not exact."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from service.actions import names
from service.imports.cell_values import Number1904, PaddedNumber
from service.imports.problems import Unreadable
from workflows.form_fields import normal_number
from workflows.vocabulary import Fen

Reader = Callable[[object], Any]

MOST_DIGITS = 15
"""A spreadsheet keeps 15 digits of a number; an identity number has 18."""

_BREAK = re.compile(r"\s*[\r\n\t]+\s*")
_SEPARATOR = re.compile(r"[、,，;；\s]+")
_POWER = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)
_DATE = re.compile(
    r"(\d{4}) ?[-/.年、。] ?(\d{1,2}) ?[-/.月、。] ?(\d{1,2}) ?[日号]?(?:(?: |T)0?0:00(?::00(?:\.0+)?)?)?", re.ASCII
)
_DAY_NUMBER = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−─", "-"))
_FIRST_DAY, _DAYS = date(1899, 12, 30), range(20_000, 80_000)
"""A spreadsheet counts days from 30 December 1899; the range is 1954 to 2119."""

_FIRST_YEAR = 1900
_MONEY = re.compile(
    r"(?:人民币|RMB|CNY)?[:：]? ?¥? ?(0|[1-9]\d{0,9}|[1-9]\d{0,2}(?:[, ]\d{3}){1,3})(\.\d+)? ?(万)?(?:元整|元正|圆整|圆|元)?",
    re.ASCII,
)
_WHOLE = re.compile(r"(0|[1-9]\d{0,8}|[1-9]\d{0,2}(?:,\d{3}){1,2})(?:\.0+)?", re.ASCII)
_YES = {"是", "有", "√", "✓", "✔", "y", "yes", "true"}
_NO = {"否", "无", "没有", "×", "✗", "✘", "n", "no", "false"}
NOTHING = {"无", "没有"}
UNCOUNTED = "若干"
UNKNOWN_QUANTITY = {"数", UNCOUNTED, "不详"}


def is_empty(value: object) -> bool:
    """Return whether the cell holds nothing but blanks and invisible letters."""
    return value is None or (isinstance(value, str) and not names.compact(value))


def half_width(text: str) -> str:
    """Return text with half-width letters, one space for each run of spaces, and nothing invisible."""
    shown = "".join(" " if character.isspace() else character for character in unicodedata.normalize("NFKC", text))
    return " ".join("".join(character for character in shown if character not in names.INVISIBLE).split())


def words(value: object) -> str:
    """Return text on one line; a whole number, such as a year, becomes its digits. Raises Unreadable."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _digits_of(value)
    if not isinstance(value, str):
        raise Unreadable("cell_not_text")
    return _BREAK.sub(" ", value.strip())


def story(value: object) -> str:
    """Return text on one line or several. Raises Unreadable."""
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else words(value)


def code(value: object) -> str:
    """Return a code, a login or a file number: half-width, without spaces. Raises Unreadable."""
    return names.compact(words(value))


def number(value: object) -> str:
    """Return the number of a document as its form field reads it: `"银付 － １２号" → "银付-12号"`. Raises Unreadable."""
    return normal_number(code(value))


def digits(value: object) -> str:
    """Return the digits of an identity, card, phone or division number. Raises Unreadable for a rounded number."""
    # An apostrophe before a number makes it text in a spreadsheet.
    written = code(value).lstrip("'‘’`")
    if _POWER.fullmatch(written):
        raise Unreadable("cell_number_too_long", digits=MOST_DIGITS)
    return written


def _digits_of(value: float) -> str:
    """Return the digits of a whole number as the cell shows them. Raises Unreadable."""
    if isinstance(value, PaddedNumber):
        return value.shown
    if value % 1 != 0:
        raise Unreadable("cell_not_text")
    if abs(value) >= 10**MOST_DIGITS:
        raise Unreadable("cell_number_too_long", digits=MOST_DIGITS)
    return str(int(value))


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Reads a label, a synonym of a label, or a code, and returns the code."""

    labels: Mapping[str, Any]
    synonyms: Mapping[str, str]
    code_of: Mapping[str, Any] = field(repr=False)

    def __call__(self, value: object) -> Any:
        label = words(value)
        word = names.compact(label)
        chosen_code = self.code_of.get(word, word if word in self.labels.values() else None)
        if chosen_code is None:
            raise Unreadable("cell_not_a_choice", found=label[:40], choices=list(self.labels))
        return chosen_code

    def label_of(self, code: object) -> str:
        """Return the first label of a code, or the code itself."""
        return next((label for label, each in self.labels.items() if each == code), str(code))


def chosen(labels: Mapping[str, Any], synonyms: Mapping[str, str] | None = None) -> Choice:
    """Return a reader that accepts a label, a synonym or the code itself, whatever its width, and returns the code."""
    code_of = {names.compact(label): code for label, code in labels.items()}
    code_of |= {names.compact(word): labels[label] for word, label in (synonyms or {}).items()}
    return Choice(labels, synonyms or {}, code_of)


@dataclass(frozen=True, slots=True)
class Several:
    """Reads a list in one cell, separated by 、 or commas; repeated entries count once, and 无 is an empty list of labels."""

    one: Reader

    def __call__(self, value: object) -> tuple[Any, ...]:
        if not isinstance(value, str):
            return (self.one(value),)
        if isinstance(self.one, Choice) and names.compact(value) in NOTHING:
            return ()
        parts = [part for part in _SEPARATOR.split(value.strip()) if not is_empty(part)]
        return tuple(dict.fromkeys(self.one(part) for part in parts))


def several(one: Reader) -> Several:
    """Return a reader of a list in one cell."""
    return Several(one)


def choice_of(read: Reader) -> Choice | None:
    """Return the list of labels that a reader chooses from, or None."""
    one = read.one if isinstance(read, Several) else read
    return one if isinstance(one, Choice) else None


def day(value: object) -> date:
    """Return a date from a date cell, its number of days, or text: 2025-05-04, 2025年5月4日, 20250504.

    Raises Unreadable for a year of two digits and for a time of day.
    """
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second) != (0, 0, 0):
            raise Unreadable("cell_not_a_date", found=value.isoformat(" "))
        return value.date()
    if isinstance(value, date):
        return value
    text = half_width(value).translate(_DASHES) if isinstance(value, str) else _exact(value)
    on = _counted_day(text) if not isinstance(value, Number1904) else None
    on = on or _written_day(text)
    if on is None or on.year < _FIRST_YEAR:
        raise Unreadable("cell_not_a_date", found=str(value)[:40])
    return on


def _counted_day(text: str) -> date | None:
    return _FIRST_DAY + timedelta(int(text)) if re.fullmatch(r"[0-9]{5}", text) and int(text) in _DAYS else None


def _written_day(text: str) -> date | None:
    match = _DATE.fullmatch(text) or _DAY_NUMBER.fullmatch(text)
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def days(value: object) -> tuple[date, ...]:
    """Return the dates of one cell, separated by 、 or commas. Raises Unreadable."""
    try:
        return (day(value),)
    except Unreadable:
        return Several(day)(value)


def money(value: object) -> Fen:
    """Return fen from yuan as text or number: `"2,880.5元" → 288050`, `"1.2万元" → 1200000`.

    Raises Unreadable for a third decimal.
    """
    match = _MONEY.fullmatch(half_width(value) if isinstance(value, str) else _exact(value))
    if match is None:
        raise Unreadable("cell_not_money", found=str(value)[:40])
    yuan, decimals, ten_thousands = match.groups()
    fen = Decimal(re.sub("[, ]", "", yuan) + (decimals or "")) * (1_000_000 if ten_thousands else 100)
    if fen != fen.to_integral_value():
        raise Unreadable("cell_not_money", found=str(value)[:40])
    return Fen(int(fen))


def _exact(value: object) -> str:
    """Return a number as a spreadsheet shows it: 2880.0 → "2880"; a formula's 434.99999999999994 → "435"."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    # Excel calculates with 15 digits and stores 17; the last two are rounding.
    text = str(value) if isinstance(value, int) else format(Decimal(format(value, f".{MOST_DIGITS}g")), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole(value: object) -> int:
    """Return a whole number of people, goods or days. Raises Unreadable."""
    match = _WHOLE.fullmatch(half_width(value) if isinstance(value, str) else _exact(value))
    if match is None:
        raise Unreadable("cell_not_whole", found=str(value)[:40])
    return int(match[1].replace(",", ""))


def year(value: object) -> int:
    """Return a year: 2025, 2025年, 2025年度. Raises Unreadable."""
    return whole(re.sub("年度?$", "", half_width(value)) if isinstance(value, str) else value)


def quantity(value: object) -> int | None:
    """Return a count, or None for 数, 若干 and 不详: more than one, not counted. Raises Unreadable."""
    if isinstance(value, str) and half_width(value) in UNKNOWN_QUANTITY:
        return None
    try:
        return whole(value)
    except Unreadable:
        raise Unreadable("cell_not_quantity", found=str(value)[:40], uncounted=UNCOUNTED) from None


def yes_no(value: object) -> bool:
    """Return True for 是, 有, √ and False for 否, 无, ×. Raises Unreadable."""
    if isinstance(value, bool):
        return value
    answer = words(value)
    word = names.compact(answer).lower()
    if word not in _YES | _NO:
        raise Unreadable("cell_not_yes_no", found=answer[:40], choices=["是", "否"])
    return word in _YES
