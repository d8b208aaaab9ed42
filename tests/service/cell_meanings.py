"""What a cell means in a column: the one right value, or that it must be refused. Written apart from the readers."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from service.imports import cells
from service.imports.applications import school_year
from service.imports.cells import Choice, Several
from service.imports.sheet_reader import Column
from service.imports.units_and_staff import TIERS, read_tier
from tests.service.raw_workbooks import ErrorCell, Formatted, Formula, RawCell

REFUSED = object()
ERRORS = ("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "Err:502", "########")
BUILT_IN: Mapping[str, Any] = {"20": REFUSED, "31": date(2025, 8, 1)}
"""What the cells of `test_import_cell_types` with a built-in format mean: a time of day, and a date."""

INVISIBLE = dict.fromkeys(map(ord, "\u200b\u202e\u2066\ufeff\u2060"))

Meaning = object


def right_value(column: Column, cell: RawCell) -> Meaning:
    """Return what the row must have in this column, or REFUSED."""
    value = (
        cell.value
        if isinstance(cell, Formula)
        else BUILT_IN.get(cell.code, cell)
        if isinstance(cell, Formatted)
        else cell
    )
    if value is REFUSED:
        return REFUSED
    if isinstance(cell, ErrorCell) or (isinstance(cell, Formula) and value is None):
        return REFUSED
    if value is None or (isinstance(value, str) and not _plain(value)):
        return REFUSED if column.required else column.default
    if isinstance(value, str) and value.strip() in ERRORS:
        return REFUSED
    return _of(column.read, value)


def _of(read: cells.Reader, value: RawCell) -> Meaning:
    if isinstance(read, Several) and isinstance(read.one, Choice) and value == "无":
        return ()
    if read is cells.days:
        one = _of(cells.day, value)
        return one if one is REFUSED else (one,)
    if isinstance(read, Several):
        parts = [part for part in value.split() if _plain(part)] if isinstance(value, str) else [value]
        several = [_of(read.one, part) for part in parts]
        return REFUSED if REFUSED in several else tuple(dict.fromkeys(several))
    if isinstance(read, Choice):
        return _chosen(read, value)
    return MEANINGS[read](value)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).translate(INVISIBLE).split())


def _number(value: RawCell) -> Decimal | None:
    """Return a number with the 15 digits that a spreadsheet calculates with, also from text of digits."""
    if isinstance(value, Formatted):
        value = value.value
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip()
        return Decimal(text) if re.fullmatch(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", text, re.ASCII) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(value) if isinstance(value, int) else Decimal(format(value, ".15g"))


def _text(value: RawCell) -> str | None:
    if isinstance(value, Formatted):
        return "LL-" * value.code.startswith('"') + str(int(value.value)).zfill(value.code.count("0"))
    if isinstance(value, str):
        return value
    whole = not isinstance(value, bool) and isinstance(value, int | float) and float(value).is_integer()
    return str(int(value)) if whole and abs(value) < 10**15 else None  # type: ignore[arg-type]


def _words(value: RawCell) -> Meaning:
    text = _text(value)
    return REFUSED if text is None else re.sub(r"\s*[\r\n\t]+\s*", " ", text.strip())


def _code(value: RawCell) -> Meaning:
    text = _text(value)
    return REFUSED if text is None else _plain(text)


def _document_number(value: RawCell) -> Meaning:
    text = _code(value)
    return re.sub("[‐‑‒–—―]", "-", text) if isinstance(text, str) else text


def _chosen(choice: Choice, value: RawCell) -> Meaning:
    text = _text(value)
    labels = {_plain(label): code for label, code in choice.labels.items()}
    labels |= {_plain(word): choice.labels[label] for word, label in choice.synonyms.items()}
    return labels.get(_plain(text), REFUSED) if text is not None else REFUSED


def _day(value: RawCell) -> Meaning:
    if isinstance(value, date):
        return REFUSED if isinstance(value, datetime) else value
    number = _number(value)
    if number is None or number != int(number):
        return REFUSED
    if 20_000 <= number < 80_000:
        return date(1899, 12, 30) + timedelta(int(number))
    try:
        return date.fromisoformat(f"{int(number):08}") if 19_000_101 <= number < 10**8 else REFUSED
    except ValueError:
        return REFUSED


def _money(value: RawCell) -> Meaning:
    number = _number(value)
    fen = None if number is None else number * 100
    return int(fen) if fen is not None and fen == int(fen) and 0 <= fen < 10**12 else REFUSED


def _whole(value: RawCell) -> Meaning:
    number = _number(value)
    return int(number) if number is not None and number == int(number) and 0 <= number < 10**9 else REFUSED


def _quantity(value: RawCell) -> Meaning:
    return None if isinstance(value, str) and value.strip() in {"数", "若干", "不详"} else _whole(value)


def _yes_no(value: RawCell) -> Meaning:
    answers = {"是": True, "有": True, "√": True, "否": False, "无": False, "×": False}
    return value if isinstance(value, bool) else answers.get(str(_text(value)).strip(), REFUSED)


def _tier(value: RawCell) -> Meaning:
    text = _text(value)
    return REFUSED if text is None else TIERS[text] if text in TIERS else _whole(value)


def _school_year(value: RawCell) -> Meaning:
    text = _plain(_text(value) or "").removesuffix("学年").removesuffix("年")
    years = (
        [int(part) for part in re.split(r"[-/—–~]+|至", text)]
        if re.fullmatch(r"20[0-9]{2}(\D+[0-9]{4})?", text)
        else []
    )
    return f"{years[0]}-{years[0] + 1}" if years and years in ([years[0]], [years[0], years[0] + 1]) else REFUSED


MEANINGS: Mapping[object, Callable[[RawCell], Meaning]] = {
    cells.words: _words,
    cells.story: lambda value: value.strip() if isinstance(value, str) else _words(value),
    cells.code: _code,
    cells.number: _document_number,
    cells.digits: _code,
    cells.day: _day,
    cells.money: _money,
    cells.whole: _whole,
    cells.year: _whole,
    cells.quantity: _quantity,
    cells.yes_no: _yes_no,
    read_tier: _tier,
    school_year: _school_year,
}
