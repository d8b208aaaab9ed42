"""This module reads .csv files, in UTF-8 or GB18030, as a calendar or as one sheet."""

import codecs
import csv
from io import StringIO

from service.actions import names
from service.imports.problems import Unreadable
from service.imports.sheet_reader import header_matches
from service.imports.workbooks import SHEETS
from service.imports.xlsx import MOST_COLUMNS, MOST_ROWS, Cells, OpenedWorkbook
from workflows.workdays import COLUMNS

LEAST_HEADERS = 3
"""A table with so many headers of ours has our data, whatever its title."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(stored: bytes) -> str:
    """Return the text of a file in UTF-8, in UTF-16 with its mark, or else in GB18030. Raises Unreadable."""
    marked = [encoding for mark, encoding in _MARKS if stored.startswith(mark)]
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            text = stored.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable("file_not_text")


def is_calendar(text: str) -> bool:
    """Return whether the first row that is not a comment has the headers of a calendar: 日期, 类型, 名称."""
    first = next((line for line in text.splitlines() if line.strip(" ,") and not line.startswith("#")), "")
    return tuple(names.compact(cell) for cell in first.split(",")[: len(COLUMNS)]) == COLUMNS


def read_sheet_file(text: str, stem: str) -> OpenedWorkbook:
    """Return the rows under the title of the sheet whose headers they have; `stem` decides between two. Raises Unreadable."""
    cells = _rows(text)
    found = {title: header_matches(sheet, cells) for title, sheet in SHEETS.items()}
    title = max(found, key=lambda each: (found[each], each in stem))
    if found[title] < LEAST_HEADERS:
        raise Unreadable("csv_unknown", known=list(SHEETS))
    return OpenedWorkbook({title: cells}, is_single_sheet=True)


def _rows(text: str) -> Cells:
    """Return the rows of a table separated by commas, tabs or semicolons. Raises Unreadable."""
    first = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    delimiter = max(",\t;", key=first.count)
    try:
        rows: Cells = [list(row) for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)]
    except csv.Error:
        raise Unreadable("csv_quotes") from None
    if len(rows) > MOST_ROWS or any(len(row) > MOST_COLUMNS for row in rows):
        raise Unreadable("too_many_cells", rows=MOST_ROWS, columns=MOST_COLUMNS)
    return rows
