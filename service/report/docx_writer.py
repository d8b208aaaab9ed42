"""This module writes the section as a Word file with reproducible bytes."""

import io
import zipfile
from datetime import UTC
from pathlib import Path
from typing import BinaryIO

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm
from docx.table import Table as WordTable
from docx.table import _Cell

from service.i18n.catalogue import translate
from service.report.docx_layout import apply_layout, make_element, xml_element
from service.report.figure_wording import SENTENCE_SEPARATOR
from service.report.section import Section
from service.report.section_tables import SectionTable

WIDTHS = {"items": (50, 30, 30, 46), "sources": (36, 40, 40, 40), "visits": (66, 30, 25, 35), "terms": (32, 36, 88)}
"""Column widths in millimetres; each table fills the 156 mm between the margins."""

BREAKABLE_TABLES = ("terms",)
"""Tables that may continue on the next page after their first row; the others stay on one page."""


def write_docx(section: Section, target: Path | BinaryIO) -> None:
    """Write the section to a path or an open file; every timestamp in the file is the section's `as_of`."""
    document = Document()
    _set_properties(document, section)
    apply_layout(document)
    document.add_paragraph("\n".join(section.headline), "Title")
    document.add_paragraph()
    for chapter in section.chapters:
        document.add_paragraph(chapter.heading, "Heading 1")
        document.add_paragraph(
            SENTENCE_SEPARATOR[section.lang].join(paragraph.text for paragraph in chapter.paragraphs), "Body Text"
        )
    for number, table in enumerate(section.tables, 1):
        _add_table(document, table, number, section.lang)
    document.add_paragraph(translate("report.notes", section.lang), "Heading 1")
    for number, note in enumerate(section.notes, 1):
        document.add_paragraph(f"{number}. {note}", "Body Text 3")
    _save(document, section, target)


def _set_properties(document: WordDocument, section: Section) -> None:
    core = document.core_properties
    at = section.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    core.created = core.modified = core.last_printed = at
    core.title, core.author, core.last_modified_by = section.title, section.unit_name, section.unit_name
    core.comments, core.keywords, core.subject, core.category = "", "", "", ""
    core.language, core.revision, core.identifier = section.lang.replace("_", "-"), 1, section.evidence.digest


def _add_table(document: WordDocument, table: SectionTable, number: int, lang: str) -> None:
    caption = document.add_paragraph(
        translate("report.table.heading", lang, number=number, title=table.title), "Caption"
    )
    caption.paragraph_format.keep_with_next = True
    grid = document.add_table(rows=1, cols=len(table.columns), style="Table Grid")
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for row in (table.columns, *table.rows):
        cells = grid.rows[0].cells if row is table.columns else grid.add_row().cells
        for index, (cell, text) in enumerate(zip(cells, row, strict=True)):
            _fill_cell(cell, text, _alignment(index, table, head=row is table.columns))
    _set_rows(grid, WIDTHS[table.key], kept=1 if table.key in BREAKABLE_TABLES else len(table.rows))
    if table.note:
        document.add_paragraph(table.note, "Body Text 3")


def _alignment(index: int, table: SectionTable, *, head: bool) -> WD_ALIGN_PARAGRAPH:
    if head:
        return WD_ALIGN_PARAGRAPH.CENTER
    return WD_ALIGN_PARAGRAPH.RIGHT if index in table.numbers else WD_ALIGN_PARAGRAPH.LEFT


def _fill_cell(cell: _Cell, text: str, side: WD_ALIGN_PARAGRAPH) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.style, paragraph.alignment = "Body Text 2", side
    paragraph.add_run(text)


def _set_rows(grid: WordTable, widths: tuple[int, ...], *, kept: int) -> None:
    """Repeat the header on every page, never break a row, and keep the first `kept` rows with the next one."""
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = Mm(width)
    for index, row in enumerate(grid.rows):
        properties = xml_element(row).get_or_add_trPr()
        properties.append(make_element("w:cantSplit"))
        if index == 0:
            properties.append(make_element("w:tblHeader"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
            cell.paragraphs[0].paragraph_format.keep_with_next = index < kept


def _save(document: WordDocument, section: Section, target: Path | BinaryIO) -> None:
    # python-docx stamps each part with the current time, so the parts are packed again with the section's time.
    stamped = io.BytesIO()
    document.save(stamped)
    at = section.as_of.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(stamped) as parts, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in parts.namelist():
            part = zipfile.ZipInfo(name, at)
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            packed.writestr(part, parts.read(name))
