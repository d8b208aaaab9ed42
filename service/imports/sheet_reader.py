"""The sheet reader finds columns by their Chinese headers and reads the rows below."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.actions import names
from service.imports.cell_values import MergedCell, NoValue, error_text
from service.imports.cells import Choice, Reader, choice_of, is_empty
from service.imports.problems import SheetProblem, Unreadable
from service.imports.xlsx import MOST_ROWS, Cells
from service.imports.xlsx_cells import column_name

HEADER_SEARCH_ROWS = 10
"""The header is one of the first rows; a title may precede it."""

ERROR, REMARKS, RUNNING_NUMBER = "错误", "备注", "序号"
UNREAD = frozenset({ERROR, REMARKS, RUNNING_NUMBER})
"""Columns that any sheet may have and that are not read."""

_LEFT_OUT = re.compile(
    r"(?:本页|本表|全部)?(?:合计|小计|总计|共计)(?:[:：(（0-9].*)?|(?:备?注|说明)(?:[0-9]*[:：、.(（].*)?"
)
"""What a row begins with that is for people: 合计, 小计, 注 1：…; a unit may be called 注塑厂工会."""

_HEADER_NOTE = re.compile(r"^\*|\*$|\((?:必填|选填|元)\)$")


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

    def choice_of(self, key: str | None) -> Choice | None:
        """Return the list of labels that the column with this key chooses from, or None."""
        return next((choice_of(column.read) for column in self.columns if column.key == key), None)


@dataclass(slots=True)
class SheetContent:
    """The rows without a problem, the problems of the others, and what was left unread: columns, and rows for people."""

    rows: list[Row] = field(default_factory=list)
    problems: list[SheetProblem] = field(default_factory=list)
    unread_columns: list[str] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)


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
    content.unread_columns = [header for header in _texts(cells[header_index]) if header in UNREAD - {ERROR}]
    content.unread_columns = [header for header in content.unread_columns if header not in column_indexes]
    for number, line in enumerate(cells[header_index + 1 :], start=header_index + 2):
        if (text := _text_for_people(line)) is not None:
            content.left_out.append((number, text))
            continue
        faults = list(_outside_columns(cells[header_index], line))
        if not _is_blank(line, column_indexes):
            values, cell_faults = _read_row(sheet, line, column_indexes, header_index)
            faults += cell_faults
            content.rows += [Row(sheet, number, values, file)] if not faults else []
        content.problems += [position.problem(number, header, fault) for header, fault in faults]
    return content


def header_row(sheet: Sheet, cells: Cells) -> int:
    """Return the index (from 0) of the row that holds most of the sheet's headers."""
    return _find_header(sheet, cells)[0]


def header_matches(sheet: Sheet, cells: Cells) -> int:
    """Return how many headers of the sheet its header row holds."""
    return len(_find_header(sheet, cells)[1].keys() - {ERROR})


def _is_blank(line: Sequence[object], column_indexes: Mapping[str, int]) -> bool:
    indexes = (index for header, index in column_indexes.items() if header != ERROR)
    # A cell merged over more rows than have data leaves nothing in the others.
    return all(is_empty(cell) or isinstance(cell, MergedCell) for index in indexes for cell in line[index : index + 1])


def _text_for_people(line: Sequence[object]) -> str | None:
    """Return the text of a row that begins with 合计, 小计 or 注, or None for a row of data."""
    first = next((cell for cell in line if not is_empty(cell) and not isinstance(cell, MergedCell)), None)
    text = names.compact(first) if isinstance(first, str) else ""
    return text[:20] if _LEFT_OUT.fullmatch(text) else None


def _outside_columns(header_line: Sequence[object], line: Sequence[object]) -> Iterator[tuple[str, Unreadable]]:
    """Refuse a cell below no header, which nothing would read."""
    headers = _texts(header_line)
    for index, cell in enumerate(line):
        if not is_empty(cell) and not isinstance(cell, MergedCell) and not "".join(headers[index : index + 1]):
            yield column_name(index), Unreadable("cell_without_header", remarks=REMARKS)


def _texts(line: Sequence[object]) -> list[str]:
    return [_HEADER_NOTE.sub("", names.compact(cell)) if isinstance(cell, str) else "" for cell in line]


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
    sheet: Sheet, line: Sequence[object], column_indexes: Mapping[str, int], header_index: int
) -> tuple[dict[str, Any], list[tuple[str, Unreadable]]]:
    values: dict[str, Any] = {}
    faults: list[tuple[str, Unreadable]] = []
    for column in sheet.columns:
        index = column_indexes.get(column.header)
        cell = line[index] if index is not None and index < len(line) else None
        try:
            values[column.key] = _read_cell(column, cell, header_index)
        except Unreadable as fault:
            faults.append((column.header, fault))
    return values, faults


def _read_cell(column: Column, cell: object, header_index: int) -> Any:
    """Return what the column's reader reads, or its default for an empty cell. Raises Unreadable."""
    value = _value(cell, header_index)
    if not is_empty(value):
        return column.read(value)
    if column.required:
        raise Unreadable("cell_missing")
    return column.default


def _value(cell: object, header_index: int) -> object:
    """Return the value of a cell, for a merged one that of its first row. Raises Unreadable where there is none."""
    if isinstance(cell, MergedCell):
        if cell.top <= header_index:
            return None
        if not cell.in_first_column:
            raise Unreadable("cell_merged_across")
        cell = cell.value
    if isinstance(cell, NoValue):
        raise Unreadable(cell.code, found=cell.shown)
    if error := error_text(cell):
        raise Unreadable("cell_error", found=error)
    return cell


WriteRows = Callable[[Any, Mapping[str, list[Row]]], None]
"""Writes the rows of a workbook, by sheet title."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """A kind of workbook: its sheets and the function that writes them; without one it is only checked."""

    key: str
    sheets: tuple[Sheet, ...]
    write: WriteRows | None = None
