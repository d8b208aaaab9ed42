"""How a cell is read: exactly, or not at all; a number that should have been text is refused, never mended."""

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
_BETWEEN = re.compile(r"[、,，;；\s]+")
_YES, _NO = {"是", "有", "√"}, {"否", "无", "×"}
UNCOUNTED = "若干"
UNKNOWN_QUANTITY = {"数", UNCOUNTED, "不详"}


def empty(value: object) -> bool:
    """A cell with nothing in it, or with blanks only."""
    return value is None or (isinstance(value, str) and not value.strip())


def words(value: object) -> str:
    """Text; a whole number (a year, a room number) is taken as it is shown."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable("cell_not_text")
    return str(value).strip()


def digits(value: object) -> str:
    """A number that is no quantity: identity, card, phone, division. Only text keeps it whole (15 digits and on)."""
    if not isinstance(value, str):
        raise Unreadable("cell_number_not_text")
    return "".join(value.split())


def chosen(labels: Mapping[str, str]) -> Reader:
    """One of the office's words, as the code it stands for; the code itself will do too."""

    def read(value: object) -> str:
        found = words(value)
        code = labels.get(found, found if found in labels.values() else None)
        if code is None:
            raise Unreadable("cell_not_a_choice", found=found[:40], choices=list(labels))
        return code

    return read


def several(one: Reader) -> Reader:
    """A list in one cell, separated by 、 or commas."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, str):
            return (one(value),)
        parts = [part for part in _BETWEEN.split(words(value)) if part]
        return tuple(dict.fromkeys(one(part) for part in parts))

    return read


def day(value: object) -> date:
    """A date cell, or text like 2025-05-04 or 2025年5月4日; a bare number is no date."""
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second) != (0, 0, 0):
            raise Unreadable("cell_not_a_date", found=value.isoformat())
        return value.date()
    if isinstance(value, date):
        return value
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Unreadable("cell_not_a_date", found=str(value)[:40])
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise Unreadable("cell_not_a_date", found=str(value)[:40]) from None


def money(value: object) -> Fen:
    """Yuan as text or number with at most two decimals, exactly; becomes fen. A third decimal is refused."""
    written = value.strip().removesuffix("元") if isinstance(value, str) else _exact(value)
    if not _MONEY.fullmatch(written):
        raise Unreadable("cell_not_money", found=str(value)[:40])
    yuan, _, rest = written.replace(",", "").partition(".")
    return Fen(int(yuan) * 100 + int(rest.ljust(2, "0") or 0))


def _exact(value: object) -> str:
    """A number as its shortest decimal says it: 2880.0 is 2880, and 0.1 + 0.2 shows all its decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    written = format(Decimal(repr(value)), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def whole(value: object) -> int:
    """A whole number of people, goods or days."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unreadable("cell_not_whole", found=str(value)[:40], uncounted=UNCOUNTED)
    return value


def quantity(value: object) -> int | None:
    """A count, or None for 数、若干: more than one, not counted."""
    if isinstance(value, str) and value.strip() in UNKNOWN_QUANTITY:
        return None
    return whole(value)


def yes_no(value: object) -> bool:
    """是 or 否."""
    if isinstance(value, bool):
        return value
    found = words(value)
    if found not in _YES | _NO:
        raise Unreadable("cell_not_yes_no", found=found[:40], choices=["是", "否"])
    return found in _YES
