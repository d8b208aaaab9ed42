"""What a sheet must hold: its columns by their Chinese headers, found wherever they stand, and its rows read with them."""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.imports.cells import Reader, empty
from service.imports.problems import SheetProblem, Unreadable
from service.imports.xlsx import MOST_ROWS, Cells

HEADER_WITHIN = 10
"""The header stands in one of the first rows; a title may stand above it."""

ERROR, REMARKS = "错误", "备注"
UNREAD = frozenset({ERROR, REMARKS})
"""Columns that may stand in any sheet and are not read."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, the key the action knows it by, how a cell is read, whether every row must have it."""

    header: str
    key: str
    read: Reader
    required: bool = True
    default: object = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row, read: its number in the spreadsheet and its values by key."""

    sheet: "Sheet"
    number: int
    cells: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.cells[key]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by its title; `optional` ones need not be in the workbook."""

    title: str
    columns: tuple[Column, ...]
    optional: bool = False

    def header_of(self, key: str | None) -> str | None:
        """The header of the column an action knows as `key`."""
        return next((column.header for column in self.columns if column.key == key), None)


@dataclass(slots=True)
class SheetContent:
    """What reading one sheet gave: rows without fault, and problems."""

    rows: list[Row] = field(default_factory=list)
    problems: list[SheetProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CellPosition:
    """Where a problem is reported from."""

    file: str
    sheet: Sheet

    def problem(self, row: int | None, header: str | None, fault: Unreadable) -> SheetProblem:
        """The fault of a cell, with its place."""
        return SheetProblem(self.file, self.sheet.title, row, header, fault.reason.code, dict(fault.reason.values))


def read_sheet(file: str, sheet: Sheet, cells: Cells) -> SheetContent:
    """Read every row below the header; a row with a fault is left out, and all its faults are told."""
    spot, found = CellPosition(file, sheet), SheetContent()
    top, places = _header(sheet, cells)
    found.problems += [spot.problem(top + 1, header, fault) for header, fault in _header_faults(sheet, cells, top)]
    if found.problems:
        return found
    if len(cells) > MOST_ROWS:
        found.problems.append(
            spot.problem(None, None, Unreadable("too_many_cells", rows=MOST_ROWS, columns=len(places)))
        )
        return found
    for number, line in enumerate(cells[top + 1 :], start=top + 2):
        if all(empty(cell) for header, at in places.items() for cell in line[at : at + 1] if header != ERROR):
            continue
        values, faults = _read_row(sheet, line, places)
        found.problems += [spot.problem(number, header, fault) for header, fault in faults]
        if not faults:
            found.rows.append(Row(sheet, number, values))
    return found


def header_row(sheet: Sheet, cells: Cells) -> int:
    """The row (from 0) in which most of the sheet's headers stand."""
    return _header(sheet, cells)[0]


def _texts(line: Sequence[object]) -> list[str]:
    return ["".join(cell.split()).removesuffix("*") if isinstance(cell, str) else "" for cell in line]


def _header(sheet: Sheet, cells: Cells) -> tuple[int, dict[str, int]]:
    known = {column.header for column in sheet.columns} | {ERROR}
    best: tuple[int, dict[str, int]] = (0, {})
    for number, line in enumerate(cells[:HEADER_WITHIN]):
        places = {text: at for at, text in enumerate(_texts(line)) if text in known}
        if len(places) > len(best[1]):
            best = (number, places)
    return best


def _header_faults(sheet: Sheet, cells: Cells, top: int) -> Iterator[tuple[str | None, Unreadable]]:
    headers = [text for text in (_texts(cells[top]) if cells else []) if text]
    known = [column.header for column in sheet.columns]
    for header in dict.fromkeys(headers):
        if headers.count(header) > 1:
            yield header, Unreadable("column_twice")
        if header not in known and header not in UNREAD:
            close: list[str] = difflib.get_close_matches(header, known, 1)
            if close:
                yield header, Unreadable("column_unknown", near=close[0], remarks=REMARKS)
            else:
                yield header, Unreadable("column_stray", remarks=REMARKS)
    for column in sheet.columns:
        if column.required and column.header not in headers:
            yield column.header, Unreadable("column_missing")


def _read_row(
    sheet: Sheet, line: Sequence[object], places: Mapping[str, int]
) -> tuple[dict[str, Any], list[tuple[str, Unreadable]]]:
    values: dict[str, Any] = {}
    faults: list[tuple[str, Unreadable]] = []
    for column in sheet.columns:
        at = places.get(column.header)
        value = line[at] if at is not None and at < len(line) else None
        if empty(value):
            values[column.key] = column.default
            if column.required:
                faults.append((column.header, Unreadable("cell_missing")))
            continue
        try:
            values[column.key] = column.read(value)
        except Unreadable as fault:
            faults.append((column.header, fault))
    return values, faults


Write = Callable[[Any, Mapping[str, list[Row]]], int]
"""Writes the rows of a book's sheets, by title, and returns how many it wrote."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """A kind of file: the sheets that belong together, and who writes them; without one it is only read."""

    key: str
    sheets: tuple[Sheet, ...]
    write: Write | None = None
