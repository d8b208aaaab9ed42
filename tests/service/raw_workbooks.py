"""Workbooks written cell by cell, with errors, formulas, merged cells and number formats."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from service.imports.xlsx_cells import column_name


@dataclass(frozen=True)
class ErrorCell:
    """A cell that shows an error."""

    shown: str = "#N/A"
    formula: str | None = None


@dataclass(frozen=True)
class Formula:
    """A formula with its stored result, or without one."""

    text: str
    value: str | float | bool | None = None


@dataclass(frozen=True)
class Formatted:
    """A number with a format: one of its own, such as 0000, or the number of a built-in one, such as 31 (2025年8月1日)."""

    value: float
    code: str = "0000"


RawCell = str | float | bool | date | datetime | ErrorCell | Formula | Formatted | None

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DAY_STYLE, FIRST_FORMAT_STYLE = 1, 2


def write_workbook(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[RawCell]]],
    *,
    merged: Mapping[str, Sequence[str]] | None = None,
    hidden: Sequence[str] = (),
    from_1904: bool = False,
) -> Path:
    """Write sheets of cells from A1; text stays text, a date is a number with the format of a date."""
    cells = (cell for rows in sheets.values() for row in rows for cell in row)
    formats = list(dict.fromkeys(cell.code for cell in cells if isinstance(cell, Formatted)))
    types = [f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>']
    types += [f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>']
    entries, links = [], []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (title, rows) in enumerate(sheets.items(), start=1):
            types.append(f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{TYPE}.worksheet+xml"/>')
            state = ' state="hidden"' if title in hidden else ""
            entries.append(f'<sheet name={quoteattr(title)} sheetId="{number}"{state} r:id="rId{number}"/>')
            links.append(_link(number, "worksheet", f"worksheets/sheet{number}.xml"))
            xml = _sheet(rows, formats, (merged or {}).get(title, ()))
            archive.writestr(f"xl/worksheets/sheet{number}.xml", xml)
        links.append(_link(len(sheets) + 1, "styles", "styles.xml"))
        properties = '<workbookPr date1904="1"/>' if from_1904 else "<workbookPr/>"
        workbook = (
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{properties}<sheets>{"".join(entries)}</sheets></workbook>'
        )
        archive.writestr("xl/workbook.xml", workbook)
        archive.writestr("xl/_rels/workbook.xml.rels", _links(links))
        archive.writestr("_rels/.rels", _links([_link(1, "officeDocument", "xl/workbook.xml")]))
        archive.writestr("xl/styles.xml", _styles(formats))
        defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        content_types = f'<Types xmlns="{PACKAGE}/content-types">{defaults}{"".join(types)}</Types>'
        archive.writestr("[Content_Types].xml", content_types)
    return path


def _is_built_in(code: str) -> bool:
    return code.isdigit() and not code.startswith("0")


def _link(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'


def _links(links: Sequence[str]) -> str:
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(links)}</Relationships>'


def _styles(formats: Sequence[str]) -> str:
    codes = [f'<numFmt numFmtId="{200 + index}" formatCode={quoteattr(code)}/>' for index, code in enumerate(formats)]
    styles = ['<xf numFmtId="0"/>', '<xf numFmtId="14" applyNumberFormat="1"/>']
    numbers = [code if _is_built_in(code) else 200 + index for index, code in enumerate(formats)]
    styles += [f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in numbers]
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="{len(codes)}">{"".join(codes)}</numFmts>'
        f'<cellXfs count="{len(styles)}">{"".join(styles)}</cellXfs></styleSheet>'
    )


def _sheet(rows: Sequence[Sequence[RawCell]], formats: Sequence[str], merged: Sequence[str]) -> str:
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = [_cell(f"{column_name(index)}{number}", cell, formats) for index, cell in enumerate(row)]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    ranges = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
    merge = f"<mergeCells>{ranges}</mergeCells>" if merged else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData>{merge}</worksheet>'


def _cell(address: str, cell: RawCell, formats: Sequence[str]) -> str:  # noqa: C901, PLR0911 - one case for each type
    match cell:
        case None | "":
            return ""
        case ErrorCell():
            formula = f"<f>{escape(cell.formula)}</f>" if cell.formula else ""
            return f'<c r="{address}" t="e">{formula}<v>{escape(cell.shown)}</v></c>'
        case Formula():
            return _formula(address, cell)
        case Formatted():
            style = FIRST_FORMAT_STYLE + formats.index(cell.code)
            return f'<c r="{address}" s="{style}"><v>{cell.value!r}</v></c>'
        case bool():
            return f'<c r="{address}" t="b"><v>{int(cell)}</v></c>'
        case datetime():
            days = (cell - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001 - a spreadsheet's date has no zone
            return f'<c r="{address}" s="{DAY_STYLE}"><v>{days!r}</v></c>'
        case date():
            return f'<c r="{address}" s="{DAY_STYLE}"><v>{(cell - date(1899, 12, 30)).days}</v></c>'
        case str():
            return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    return f'<c r="{address}"><v>{cell!r}</v></c>'


def _formula(address: str, cell: Formula) -> str:
    kind = {str: ' t="str"', bool: ' t="b"'}.get(type(cell.value), "")
    value = (
        ""
        if cell.value is None
        else f"<v>{escape(str(int(cell.value) if isinstance(cell.value, bool) else cell.value))}</v>"
    )
    return f'<c r="{address}"{kind}><f>{escape(cell.text)}</f>{value}</c>'
