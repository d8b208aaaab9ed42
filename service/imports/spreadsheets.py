"""This module lists the files of a folder and opens each by its kind."""

from pathlib import Path

from service.imports.csv_files import LEAST_HEADERS, decode, read_sheet_file
from service.imports.sheet_reader import header_matches
from service.imports.workbooks import SHEETS
from service.imports.xlsx import OpenedWorkbook, open_workbook

DOCUMENTS = frozenset({".json", ".md", ".py"})
"""Files that describe the tables of a folder or make them, as in samples/; any other file is imported or refused."""

SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "__pycache__"})


def importable(folder: Path) -> list[Path]:
    """Return the files of a folder but for documents, sorted by name; the import reads each or refuses it."""
    return [path for path in _visible(folder) if path.suffix.lower() not in DOCUMENTS]


def documents(folder: Path) -> list[Path]:
    """Return the documents of a folder, which hold no table."""
    return [path for path in _visible(folder) if path.suffix.lower() in DOCUMENTS]


def _visible(folder: Path) -> list[Path]:
    # Office programs keep lock files such as "~$name.xlsx" or ".~lock.name.xlsx#" beside an open file.
    paths = (path for path in folder.iterdir() if not path.name.startswith((".", "~$")))
    return sorted(path for path in paths if path.name.lower() not in SYSTEM_FILES)


def open_spreadsheet(path: Path, stored: bytes) -> OpenedWorkbook:
    """Return the sheets of a file that was read. Raises Unreadable."""
    return read_sheet_file(decode(stored), path.stem) if path.suffix.lower() == ".csv" else open_workbook(stored)


def is_for_people(opened: OpenedWorkbook, title: str) -> bool:
    """Return whether a sheet with an unknown title may be left unread: an empty one, or a hidden list without our headers."""
    cells = opened.sheets[title]
    if not any(cell not in ("", None) for row in cells for cell in row):
        return True
    return title in opened.hidden and all(header_matches(sheet, cells) < LEAST_HEADERS for sheet in SHEETS.values())
