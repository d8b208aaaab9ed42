"""This module reads from a workbook's XML what calamine leaves out: errors, formulas without a value, zeros shown."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from xml.parsers import expat

from service.imports.cell_values import NoValue, PaddedNumber

WORKBOOK, LINKS, STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"

_MARKED = re.compile(rb"""<(?:\w+:)?f[\s/>]|\bt\s*=\s*["']e["']""")
"""A sheet without a formula and without an error need not be parsed."""

_PADDED = re.compile(r"""((?:"[^"]*"|\\.|[-/ ])*)(0+)((?:"[^"]*"|\\.)*)""")
"""A number format of fixed text and zeros, such as 0000 or "LL-"000."""

_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

Position = tuple[int, int]
"""Row and column, both from 0."""


@dataclass(slots=True)
class SheetMarks:
    """The cells of a sheet whose value calamine does not give, by position."""

    without_value: dict[Position, NoValue] = field(default_factory=dict)
    padded: dict[Position, PaddedNumber] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkbookMarks:
    """The marks of every sheet by its title, and whether the workbook counts days from 1904."""

    sheets: Mapping[str, SheetMarks]
    from_1904: bool


class InvalidXml(Exception):
    """A part of a workbook that is not the XML it should be."""


def read_marks(stored: bytes) -> WorkbookMarks:
    """Read the marks of a workbook whose sizes were checked. Raises InvalidXml, KeyError for a part that is missing."""
    with zipfile.ZipFile(BytesIO(stored)) as archive:
        workbook, links, styles = _WorkbookPart(), _LinksPart(), _StylesPart()
        _parse(archive, WORKBOOK, workbook)
        _parse(archive, LINKS, links)
        if STYLES in archive.namelist():
            _parse(archive, STYLES, styles)
        padding = styles.padding()
        marks = {}
        for title, link in workbook.sheets.items():
            target = links.targets.get(link, "")
            path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            marks[title] = _read_sheet(archive, path, padding)
    return WorkbookMarks(marks, workbook.from_1904)


def _read_sheet(archive: zipfile.ZipFile, path: str, padding: Mapping[str, str]) -> SheetMarks:
    sheet = _SheetPart(padding)
    # Chart sheets have no cells, and calamine gives none.
    if path in archive.namelist() and (padding or _MARKED.search(archive.read(path))):
        _parse(archive, path, sheet)
    return sheet.marks


class _Part:
    """Receives the elements of one part, by their names without prefix."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Receive the beginning of an element."""

    def end(self, name: str) -> None:
        """Receive the end of an element."""

    def text(self, text: str) -> None:
        """Receive text."""


def _parse(archive: zipfile.ZipFile, path: str, part: _Part) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: part.start(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda name: part.end(name.rpartition(":")[2])
    parser.CharacterDataHandler = part.text
    # A workbook has no document type; one could declare entities that expand without limit.
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        with archive.open(path) as xml:
            parser.ParseFile(xml)
    except expat.ExpatError as error:
        raise InvalidXml(path) from error


def _refuse_document_type(*_declaration: Any) -> None:
    raise InvalidXml("document type")


class _WorkbookPart(_Part):
    def __init__(self) -> None:
        self.sheets: dict[str, str] = {}
        self.from_1904 = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            links = [value for key, value in attributes.items() if key.rpartition(":")[2] == "id"]
            self.sheets[attributes.get("name", "")] = links[0] if links else ""
        elif name == "workbookPr":
            self.from_1904 = attributes.get("date1904") in {"1", "true"}


class _LinksPart(_Part):
    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")


class _StylesPart(_Part):
    def __init__(self) -> None:
        self.formats: dict[str, str] = {}
        self.styles: list[str] = []
        self.in_styles = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "numFmt":
            self.formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self.in_styles = True
        elif name == "xf" and self.in_styles:
            self.styles.append(attributes.get("numFmtId", ""))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.in_styles = False

    def padding(self) -> dict[str, str]:
        """Return the formats that show more than the digits of a whole number, by the number of the style."""
        codes = ((str(style), self.formats.get(number, "")) for style, number in enumerate(self.styles))
        return {
            style: code
            for style, code in codes
            if (match := _PADDED.fullmatch(code.partition(";")[0])) and (match[1] or len(match[2]) > 1)
        }


class _SheetPart(_Part):
    def __init__(self, padding: Mapping[str, str]) -> None:
        self.marks, self.padding = SheetMarks(), padding
        self.row, self.column = -1, -1
        self.kind = self.style = ""
        self.texts: dict[str, str] = {}
        self.element = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "row":
            self.row, self.column = int(attributes.get("r") or self.row + 2) - 1, -1
        elif name == "c":
            self.column += 1
            if address := _ADDRESS.fullmatch(attributes.get("r", "")):
                self.row, self.column = int(address[2]) - 1, column_index(address[1])
            self.kind, self.style, self.texts = attributes.get("t", "n"), attributes.get("s", ""), {}
        elif name in {"f", "v"}:
            self.element, self.texts[name] = name, ""

    def text(self, text: str) -> None:
        if self.element:
            self.texts[self.element] += text

    def end(self, name: str) -> None:
        if name in {"f", "v"}:
            self.element = ""
        elif name == "c":
            self._mark()

    def _mark(self) -> None:
        formula, value = self.texts.get("f"), self.texts.get("v")
        if self.kind == "e":
            self.marks.without_value[self.row, self.column] = NoValue("cell_error", value or "#N/A")
        elif formula is not None and not value and not (self.kind == "str" and value is not None):
            # An empty text is a result that a formula may have: =IF(A2="","",A2).
            self.marks.without_value[self.row, self.column] = NoValue("formula_without_value", f"={formula}"[:40])
        elif value and self.kind == "n" and self.style in self.padding and re.fullmatch(r"[0-9]{1,15}(?:\.0+)?", value):
            # Some programs write 7.0 for 7.
            shown = _shown(int(value.partition(".")[0]), self.padding[self.style])
            self.marks.padded[self.row, self.column] = PaddedNumber(value, shown)


def _shown(number: int, code: str) -> str:
    """Return a number as its format shows it: 7 in `"LL-"0000` → `LL-0007`."""
    match = _PADDED.fullmatch(code.partition(";")[0])
    before, zeros, after = match.groups() if match else ("", "", "")
    literal = re.compile(r'"([^"]*)"|\\(.)|(.)')
    return "".join(
        [
            *("".join(part) for part in literal.findall(before)),
            str(number).zfill(len(zeros)),
            *("".join(part) for part in literal.findall(after)),
        ]
    )


def column_index(name: str) -> int:
    """Return the index from 0 of a column name: A → 0, AA → 26."""
    index = 0
    for letter in name:
        index = index * 26 + ord(letter) - 64
    return index - 1


def column_name(index: int) -> str:
    """Return the name of a column: 0 → A, 26 → AA."""
    name, rest = "", index + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        name = chr(65 + letter) + name
    return name
