"""This module opens .xlsx files and limits how much they may unpack."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from service.imports.problems import Unreadable

Cells = list[list[object]]

MOST_BYTES = 20 * 2**20
MOST_UNPACKED = 200 * 2**20
MOST_PARTS = 500
MOST_ROWS = 20_100
MOST_COLUMNS = 100
UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
"""Exceptions zipfile raises for a truncated or altered archive."""

_CHUNK = 2**20
_CELL = re.compile(rb"""<(?:\w+:)?(?:c|row)\s[^<>]*?\br\s*=\s*["']([A-Z]{0,3})([0-9]{1,7})["']""")
_OVERLAP = 512


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes. Raises Unreadable (file_not_xlsx, file_too_big)."""
    if path.suffix.lower() != ".xlsx":
        raise Unreadable("file_not_xlsx", found=path.suffix)
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable("file_too_big", limit=MOST_BYTES // 2**20)
    return path.read_bytes()


def read_workbook(stored: bytes) -> Mapping[str, Cells]:
    """Return every sheet by its title, as rows of cells from A1. Raises Unreadable.

    Sizes are checked before calamine unpacks anything.
    """
    _check_sizes(stored)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(stored))
        titles = workbook.sheet_names
        return {title: _from_first_cell(workbook, title) for title in titles}
    except (CalamineError, zipfile.BadZipFile, ValueError, OSError):
        raise Unreadable("file_not_xlsx", found="?") from None


def _from_first_cell(workbook: CalamineWorkbook, title: str) -> Cells:
    # Empty rows and columns before the first cell stay, so that row numbers equal those the spreadsheet shows.
    return [list(row) for row in workbook.get_sheet_by_name(title).to_python(skip_empty_area=False)]


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
    for column_name, digits in set(_CELL.findall(xml)):
        column = 0
        for character in column_name:
            column = column * 26 + character - 64
        yield int(digits), column
