"""The sheet reader finds columns by their Chinese headers and reads the rows below."""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.imports.cells import Reader, is_empty
from service.imports.problems import SheetProblem, Unreadable
from service.imports.xlsx import MOST_ROWS, Cells

HEADER_SEARCH_ROWS = 10
"""The header is one of the first rows; a title may precede it."""

ERROR, REMARKS = "错误", "备注"
UNREAD = frozenset({ERROR, REMARKS})
"""Columns that any sheet may have and that are not read."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, the action's field name, the cell reader, and whether every row must fill it."""

    header: str
    key: str
    read: Reader
    required: bool = True
    default: object = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as the spreadsheet shows it, and its values by column key."""

    sheet: "Sheet"
    number: int
    cells: Mapping[str, Any]
    file: str = ""

    def __getitem__(self, key: str) -> Any:
        return self.cells[key]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by its title; an `optional` sheet need not be in the workbook."""

    title: str
    columns: tuple[Column, ...]
    optional: bool = False

    def header_of(self, key: str | None) -> str | None:
        """Return the header of the column with this key, or None."""
        return next((column.header for column in self.columns if column.key == key), None)


@dataclass(slots=True)
class SheetContent:
    """The rows without a problem, and the problems of the other rows."""

    rows: list[Row] = field(default_factory=list)
    problems: list[SheetProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SheetPosition:
    """The file and the sheet of a problem."""

    file: str
    sheet: Sheet

    def problem(self, row: int | None, header: str | None, fault: Unreadable) -> SheetProblem:
        """Return the problem of one cell with its row and column header."""
        return SheetProblem(self.file, self.sheet.title, row, header, fault.reason.code, dict(fault.reason.values))


def read_sheet(file: str, sheet: Sheet, cells: Cells) -> SheetContent:
    """Read every row below the header; a row with a problem is left out, and all its problems are listed."""
    position, content = SheetPosition(file, sheet), SheetContent()
    header_index, column_indexes = _find_header(sheet, cells)
    content.problems += [
        position.problem(header_index + 1, header, fault)
        for header, fault in _header_faults(sheet, cells, header_index)
    ]
    if content.problems:
        return content
    if len(cells) > MOST_ROWS:
        content.problems.append(
            position.problem(None, None, Unreadable("too_many_cells", rows=MOST_ROWS, columns=len(column_indexes)))
        )
        return content
    for number, line in enumerate(cells[header_index + 1 :], start=header_index + 2):
        if _is_blank(line, column_indexes):
            continue
        values, faults = _read_row(sheet, line, column_indexes)
        content.problems += [position.problem(number, header, fault) for header, fault in faults]
        if not faults:
            content.rows.append(Row(sheet, number, values, file))
    return content


def header_row(sheet: Sheet, cells: Cells) -> int:
    """Return the index (from 0) of the row that holds most of the sheet's headers."""
    return _find_header(sheet, cells)[0]


def _is_blank(line: Sequence[object], column_indexes: Mapping[str, int]) -> bool:
    indexes = (index for header, index in column_indexes.items() if header != ERROR)
    return all(is_empty(cell) for index in indexes for cell in line[index : index + 1])


def _texts(line: Sequence[object]) -> list[str]:
    return ["".join(cell.split()).removesuffix("*") if isinstance(cell, str) else "" for cell in line]


def _find_header(sheet: Sheet, cells: Cells) -> tuple[int, dict[str, int]]:
    headers = {column.header for column in sheet.columns} | {ERROR}
    best: tuple[int, dict[str, int]] = (0, {})
    for number, line in enumerate(cells[:HEADER_SEARCH_ROWS]):
        column_indexes = {text: index for index, text in enumerate(_texts(line)) if text in headers}
        if len(column_indexes) > len(best[1]):
            best = (number, column_indexes)
    return best


def _header_faults(sheet: Sheet, cells: Cells, header_index: int) -> Iterator[tuple[str | None, Unreadable]]:
    headers = [text for text in (_texts(cells[header_index]) if cells else []) if text]
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
    sheet: Sheet, line: Sequence[object], column_indexes: Mapping[str, int]
) -> tuple[dict[str, Any], list[tuple[str, Unreadable]]]:
    values: dict[str, Any] = {}
    faults: list[tuple[str, Unreadable]] = []
    for column in sheet.columns:
        index = column_indexes.get(column.header)
        value = line[index] if index is not None and index < len(line) else None
        if is_empty(value):
            values[column.key] = column.default
            if column.required:
                faults.append((column.header, Unreadable("cell_missing")))
            continue
        try:
            values[column.key] = column.read(value)
        except Unreadable as fault:
            faults.append((column.header, fault))
    return values, faults


WriteRows = Callable[[Any, Mapping[str, list[Row]]], None]
"""Writes the rows of a workbook, by sheet title."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """A kind of workbook: its sheets and the function that writes them; without one it is only checked."""

    key: str
    sheets: tuple[Sheet, ...]
    write: WriteRows | None = None
