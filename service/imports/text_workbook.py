"""Writes a workbook of one sheet whose cells are text, row by row, in constant memory."""

import re
import zipfile
from collections.abc import Iterable
from types import TracebackType
from typing import IO, BinaryIO, Self

# xlsxwriter, which the other workbooks are made with, takes 7.4 s for 900,000 cells, this 1.6 s; an export must be made
# in 30 s beside other requests of the process.

PLAIN, TEXT, RIGHT, BOLD = range(4)
"""The styles of a cell: numbers of the formats in STYLES."""

MOST_ROWS = 1_048_576
"""Rows that a sheet may have."""

MOST_LETTERS = 32_767
"""Letters that a cell may have."""

_WRITTEN = 500
"""Rows that are written into the file at once."""

_ESCAPED = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

STYLES = (
    f'<styleSheet xmlns="{_SHEET}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>'
    '</fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/>'
    '<bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    '</cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">'
    '<alignment horizontal="right"/></xf><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
"""The formats, in the order of their numbers; format 49 is text, so no program takes a cell for a number or a formula."""

PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": STYLES,
}
"""The parts of the file besides the sheet."""


class TextWorkbook:
    """A workbook that is being written. It is whole when its context ends without an exception."""

    def __init__(self, target: BinaryIO, columns: int, width: int = 18) -> None:
        self._archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        for name, content in PARTS.items():
            self._archive.writestr(zipfile.ZipInfo(name), _XML + content, zipfile.ZIP_DEFLATED)
        self._letters = [_column(number) for number in range(columns)]
        self._sheet: IO[bytes] = self._archive.open("xl/worksheets/sheet1.xml", "w")
        self._rows, self._number = list[str](), 0
        self._sheet.write(
            f'{_XML}<worksheet xmlns="{_SHEET}"><cols><col min="1" max="{columns}" width="{width}" customWidth="1"/>'
            "</cols><sheetData>".encode()
        )

    def add(self, cells: Iterable[tuple[str | None, int]]) -> None:
        """Add a row of texts, each with its style; None leaves a cell empty. Raises ValueError for a row too many."""
        self._number += 1
        if self._number > MOST_ROWS:
            raise ValueError(f"a sheet has at most {MOST_ROWS} rows")
        number = self._number
        written = "".join(
            f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is><t{_space(text)}>{_escape(text)}</t></is></c>'
            for letter, (text, style) in zip(self._letters, cells, strict=False)
            if text is not None
        )
        self._rows.append(f'<row r="{number}">{written}</row>')
        if len(self._rows) == _WRITTEN:
            self._write()

    def _write(self) -> None:
        self._sheet.write("".join(self._rows).encode())
        self._rows.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if kind is None:
            # Without its end a sheet is no XML, and no program opens it.
            self._write()
            self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._archive.close()


def _column(number: int) -> str:
    """Return the letters of a column: `0 → "A"`, `26 → "AA"`."""
    first, last = divmod(number, 26)
    return (_column(first - 1) if first else "") + chr(ord("A") + last)


def _space(text: str) -> str:
    return ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""


def _escape(text: str) -> str:
    """Return a text as XML; what XML cannot hold is written as `_x0007_`, as spreadsheet programs do."""
    return _ESCAPED.sub(_entity, text[:MOST_LETTERS])


def _entity(found: re.Match[str]) -> str:
    return _ENTITIES.get(found[0]) or f"_x{ord(found[0]):04X}_"
