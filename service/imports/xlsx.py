"""This module opens .xlsx files, limits how much they may unpack, and marks the cells without a value."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from service.imports.cell_values import MergedCell, Number1904
from service.imports.problems import Unreadable
from service.imports.xlsx_cells import InvalidXml, WorkbookMarks, column_index, read_marks

Cells = list[list[object]]

MOST_BYTES = 20 * 2**20
MOST_UNPACKED = 200 * 2**20
MOST_PARTS = 500
MOST_ROWS = 20_100
MOST_COLUMNS = 100
UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
"""Exceptions zipfile raises for a truncated or altered archive."""

OTHER_FORMATS = frozenset({".xls", ".xlsb", ".et", ".ods", ".numbers"})
"""Spreadsheets that calamine cannot read, or reads without telling an error from an empty cell."""

_CHUNK = 2**20
_CELL = re.compile(rb"""<(?:\w+:)?(?:c|row)\s[^<>]*?\br\s*=\s*["']([A-Z]{0,3})([0-9]{1,7})["']""")
_OVERLAP = 512


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes. Raises Unreadable (file_too_big, file_is_folder, file_other_format, file_not_table)."""
    suffix = path.suffix.lower()
    if path.is_dir():
        raise Unreadable("file_is_folder")
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable("file_too_big", limit=MOST_BYTES // 2**20)
    stored = path.read_bytes()
    if suffix in OTHER_FORMATS and not _is_renamed_xlsx(suffix, stored):
        raise Unreadable("file_other_format", found=suffix)
    if suffix not in OTHER_FORMATS | {".xlsx", ".xlsm", ".csv"}:
        raise Unreadable("file_not_table", found=suffix)
    return stored


def _is_renamed_xlsx(suffix: str, stored: bytes) -> bool:
    return suffix in {".xls", ".et"} and stored.startswith(b"PK")


@dataclass(frozen=True, slots=True)
class OpenedWorkbook:
    """The sheets of a file by title, as rows of cells from A1; the hidden ones; and whether it has only one sheet (.csv)."""

    sheets: Mapping[str, Cells]
    hidden: frozenset[str] = frozenset()
    is_single_sheet: bool = False


def read_workbook(stored: bytes) -> Mapping[str, Cells]:
    """Return every sheet by its title, as rows of cells from A1. Raises Unreadable."""
    return open_workbook(stored).sheets


def open_workbook(stored: bytes) -> OpenedWorkbook:
    """Return every sheet; errors, formulas without a value and merged cells are marked. Raises Unreadable.

    Sizes are checked before calamine unpacks anything.
    """
    _check_sizes(stored)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(stored))
        marks = read_marks(stored)
        sheets = {title: _marked(workbook.get_sheet_by_name(title), title, marks) for title in workbook.sheet_names}
        shown = SheetVisibleEnum.Visible
        return OpenedWorkbook(
            sheets, frozenset(each.name for each in workbook.sheets_metadata if each.visible != shown)
        )
    except (CalamineError, InvalidXml, KeyError, *UNREADABLE):
        raise Unreadable("file_not_xlsx", found="?") from None


def _marked(sheet: CalamineSheet, title: str, marks: WorkbookMarks) -> Cells:
    # Empty rows and columns before the first cell stay, so that row numbers equal those the spreadsheet shows.
    cells: Cells = [list(row) for row in sheet.to_python(skip_empty_area=False)]
    if marks.from_1904:
        cells = [[Number1904(cell) if isinstance(cell, float) else cell for cell in row] for row in cells]
    for (row, column), mark in (*marks.sheets[title].padded.items(), *marks.sheets[title].without_value.items()):
        _place(cells, row, column, mark)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        value = cells[top][left] if top < len(cells) and left < len(cells[top]) else ""
        for row in range(top, min(bottom + 1, len(cells))) if value != "" else ():
            for column in range(left, min(right + 1, len(cells[row]))):
                if (row, column) != (top, left):
                    cells[row][column] = MergedCell(value, top, column == left)
    return cells


def _place(cells: Cells, row: int, column: int, mark: object) -> None:
    """Put a mark into a grid, which ends at the last cell that has a value."""
    cells += [[] for _ in range(row + 1 - len(cells))]
    cells[row] += [""] * (column + 1 - len(cells[row]))
    cells[row][column] = mark


def _check_sizes(stored: bytes) -> None:
    """Refuse a zip bomb by the sizes in the archive's directory, then by unpacking each part in pieces."""
    try:
        with zipfile.ZipFile(BytesIO(stored)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise Unreadable("file_unpacks_too_big", limit=MOST_UNPACKED // 2**20)
            for part in parts:
                # The directory may state wrong sizes.
                _check_part(archive, part)
    except UNREADABLE:
        raise Unreadable("file_not_xlsx", found="?") from None


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read one part to its end, where a wrong size fails its checksum, and refuse cells beyond the limits."""
    with archive.open(part) as packed:
        tail = b""
        for piece in iter(lambda: packed.read(_CHUNK), b""):
            if part.filename.endswith(".xml"):
                for row, column in _cell_addresses(tail + piece):
                    # calamine allocates a dense grid: one far cell costs rows × columns.
                    if row > MOST_ROWS or column > MOST_COLUMNS:
                        raise Unreadable("too_many_cells", rows=MOST_ROWS, columns=MOST_COLUMNS)
            tail = piece[-_OVERLAP:]


def _cell_addresses(xml: bytes) -> Iterator[tuple[int, int]]:
    for name, digits in set(_CELL.findall(xml)):
        yield int(digits), column_index(name.decode()) + 1
