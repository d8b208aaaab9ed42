"""Cell readers return exact values and refuse every cell that is not exact."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from service.imports.problems import Unreadable
from workflows.vocabulary import Fen

Reader = Callable[[object], Any]

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_MONEY = re.compile(r"(0|[1-9]\d{0,9}|[1-9]\d{0,2}(?:,\d{3}){1,3})(\.\d{1,2})?", re.ASCII)
_SEPARATOR = re.compile(r"[、,，;；\s]+")
_YES, _NO = {"是", "有", "√"}, {"否", "无", "×"}
UNCOUNTED = "若干"
UNKNOWN_QUANTITY = {"数", UNCOUNTED, "不详"}


def is_empty(value: object) -> bool:
    """Return whether the cell holds nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def words(value: object) -> str:
    """Return text; a whole number, such as a year, becomes its digits. Raises Unreadable."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable("cell_not_text")
    return str(value).strip()


def digits(value: object) -> str:
    """Return the digits of an identity, card, phone or division number. Raises Unreadable unless the cell is text."""
    # A spreadsheet keeps only 15 digits of a number; an identity number has 18.
    if not isinstance(value, str):
        raise Unreadable("cell_number_not_text")
    return "".join(value.split())


def chosen(labels: Mapping[str, Any]) -> Reader:
    """Return a reader that accepts a label or its code, and returns the code."""

    def read(value: object) -> Any:
        label = words(value)
        code = labels.get(label, label if label in labels.values() else None)
        if code is None:
            raise Unreadable("cell_not_a_choice", found=label[:40], choices=list(labels))
        return code

    return read


def several(one: Reader) -> Reader:
    """Return a reader of a list in one cell, separated by 、 or commas; repeated entries count once."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, str):
            return (one(value),)
        parts = [part for part in _SEPARATOR.split(words(value)) if part]
        return tuple(dict.fromkeys(one(part) for part in parts))

    return read


def day(value: object) -> date:
    """Return a date from a date cell or from text: 2025-05-04, 2025年5月4日. Raises Unreadable for a plain number."""
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second) != (0, 0, 0):
            raise Unreadable("cell_not_a_date", found=value.isoformat())
        return value.date()
    if isinstance(value, date):
        return value
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Unreadable("cell_not_a_date", found=str(value)[:40])
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        raise Unreadable("cell_not_a_date", found=str(value)[:40]) from None


def money(value: object) -> Fen:
    """Return fen from yuan as text or number: `"2,880.5元" → 288050`. Raises Unreadable for a third decimal."""
    text = value.strip().removesuffix("元") if isinstance(value, str) else _exact(value)
    if not _MONEY.fullmatch(text):
        raise Unreadable("cell_not_money", found=str(value)[:40])
    yuan, _, decimals = text.replace(",", "").partition(".")
    return Fen(int(yuan) * 100 + int(decimals.ljust(2, "0") or 0))


def _exact(value: object) -> str:
    """Return the shortest decimal text of a number: 2880.0 → "2880"; 0.1 + 0.2 keeps all 17 decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole(value: object) -> int:
    """Return a whole number of people, goods or days. Raises Unreadable."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unreadable("cell_not_whole", found=str(value)[:40], uncounted=UNCOUNTED)
    return value


def quantity(value: object) -> int | None:
    """Return a count, or None for 数, 若干 and 不详: more than one, not counted."""
    if isinstance(value, str) and value.strip() in UNKNOWN_QUANTITY:
        return None
    return whole(value)


def yes_no(value: object) -> bool:
    """Return True for 是, 有, √ and False for 否, 无, ×. Raises Unreadable."""
    if isinstance(value, bool):
        return value
    answer = words(value)
    if answer not in _YES | _NO:
        raise Unreadable("cell_not_yes_no", found=answer[:40], choices=["是", "否"])
    return answer in _YES
