"""Page layout of an official document (GB/T 9704): 22 lines of 28 characters."""

from typing import Any, Final

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import _Footer
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run

FANGSONG, XIAOBIAOSONG, HEITI, KAITI, SONGTI = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
TWO, THREE, FOUR, SMALL_FOUR, FIVE = 22.0, 16.0, 14.0, 12.0, 10.5
"""Points of 2号, 3号, 4号, 小四 and 5号."""

LINE_PITCH: Final = 579
"""Line height in twentieths of a point: 225 mm hold 22 lines of 28.95 pt; at 580 they hold 21."""

# The grid counts only lines: LibreOffice gives a character two cells when a character grid is narrower than it.
CHARACTER_SPACING: Final = -5
"""Twentieths of a point between characters of 16 pt, so that 156 mm hold 28 of them and not 29."""

OFF_GRID: Final = {"Title": 36.0, "Body Text 2": 18.0, "Body Text 3": 18.0}
"""Line heights in points of the styles that do not follow the grid."""

STYLES = (
    #  name            font          pt          alignment                     first line: characters indented
    ("Normal",         FANGSONG,     THREE,      WD_ALIGN_PARAGRAPH.JUSTIFY,   0),
    ("Title",          XIAOBIAOSONG, TWO,        WD_ALIGN_PARAGRAPH.CENTER,    0),
    ("Heading 1",      HEITI,        THREE,      WD_ALIGN_PARAGRAPH.LEFT,      2),
    ("Heading 2",      KAITI,        THREE,      WD_ALIGN_PARAGRAPH.LEFT,      2),
    ("Body Text",      FANGSONG,     THREE,      WD_ALIGN_PARAGRAPH.JUSTIFY,   2),
    ("Caption",        HEITI,        FOUR,       WD_ALIGN_PARAGRAPH.CENTER,    0),
    ("Body Text 2",    FANGSONG,     SMALL_FOUR, WD_ALIGN_PARAGRAPH.LEFT,      0),
    ("Body Text 3",    FANGSONG,     SMALL_FOUR, WD_ALIGN_PARAGRAPH.LEFT,      2),
    ("Footer",         SONGTI,       FOUR,       WD_ALIGN_PARAGRAPH.LEFT,      0),
)  # fmt: skip
"""Body Text 2 is for table cells, Body Text 3 for table notes and the closing notes."""


def apply_layout(document: Document) -> None:
    """Set paper, grid, styles and page numbers of an empty document."""
    for name, font, points, alignment, indent in STYLES:
        _set_style(document.styles[name], font, points, alignment, indent)
    for name, height in OFF_GRID.items():
        layout = document.styles[name].element.get_or_add_pPr()
        layout.insert_element_before(make_element("w:snapToGrid", val=0), "w:spacing", "w:ind", "w:jc")
        document.styles[name].paragraph_format.line_spacing = Pt(height)
        document.styles[name].paragraph_format.keep_together = name != "Title"
    document.styles["Caption"].paragraph_format.space_before = Pt(SMALL_FOUR)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(24)
    _set_grid(document.element.body.sectPr)
    document.settings.odd_and_even_pages_header_footer = True
    _add_page_number(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _add_page_number(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)


def make_element(tag: str, **attributes: str | int) -> Any:
    """Return a new XML element with attributes of the same namespace."""
    new_element: Any = OxmlElement(tag)
    for name, value in attributes.items():
        new_element.set(qn(f"w:{name}"), str(value))
    return new_element


def xml_element(proxy: Paragraph | Run | _Row) -> Any:
    """Return the XML element of a paragraph, a run or a row."""
    # python-docx has no public API for character indents, fields, and rows that must not break.
    return proxy._element  # noqa: SLF001


def _set_style(style: ParagraphStyle, font: str, points: float, alignment: WD_ALIGN_PARAGRAPH, indent: int) -> None:
    # A style that sets only the Latin font prints Chinese in the default font of the reader's program.
    style.font.size, style.font.bold, style.font.italic = Pt(points), False, False
    style.font.color.rgb = None
    _name_fonts(style, font)
    layout = style.paragraph_format
    layout.alignment, layout.space_before, layout.space_after = alignment, Pt(0), Pt(0)
    layout.line_spacing_rule = WD_LINE_SPACING.SINGLE
    layout.widow_control = False
    _remove_template_style(style)
    if indent:
        _indent(style.element.get_or_add_pPr(), firstLineChars=indent * 100, firstLine=int(indent * points * 20))
    if points == THREE:
        style.element.rPr.find(qn("w:sz")).addprevious(make_element("w:spacing", val=CHARACTER_SPACING))


def _indent(layout: Any, **edges: int) -> None:
    indent = layout.get_or_add_ind()
    for name, value in edges.items():
        indent.set(qn(f"w:{name}"), str(value))


def _set_grid(page: Any) -> None:
    for old in page.findall(qn("w:docGrid")):
        page.remove(old)
    page.append(make_element("w:docGrid", type="lines", linePitch=LINE_PITCH))


def _name_fonts(style: ParagraphStyle, font: str) -> None:
    properties = style.element.get_or_add_rPr()
    for old in properties.findall(qn("w:rFonts")):
        properties.remove(old)
    properties.insert(0, make_element("w:rFonts", ascii=font, hAnsi=font, eastAsia=font, cs=font))
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(make_element("w:lang", val="en-US", eastAsia="zh-CN"))


def _remove_template_style(style: ParagraphStyle) -> None:
    """Remove the borders, indents and colours that the template gives titles and headings."""
    for tag in ("w:pBdr", "w:ind"):
        for old in style.element.get_or_add_pPr().findall(qn(tag)):
            style.element.pPr.remove(old)
    for tag in ("w:color", "w:spacing", "w:kern"):
        for old in style.element.get_or_add_rPr().findall(qn(tag)):
            style.element.rPr.remove(old)


def _add_page_number(footer: _Footer, side: WD_ALIGN_PARAGRAPH) -> None:
    """Add "— 1 —" one character from the outer edge: right on odd pages, left on even pages."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = side
    edge = {"rightChars": 100, "right": 280} if side is WD_ALIGN_PARAGRAPH.RIGHT else {"leftChars": 100, "left": 280}
    _indent(xml_element(paragraph).get_or_add_pPr(), **edge)
    paragraph.add_run("— ")
    _add_page_field(paragraph)
    paragraph.add_run(" —")


def _add_page_field(paragraph: Paragraph) -> None:
    for kind in ("begin", "", "separate", "1", "end"):
        run = paragraph.add_run("1" if kind == "1" else "")
        if kind == "":
            code = make_element("w:instrText")
            code.text = "PAGE"
            xml_element(run).append(code)
        elif kind != "1":
            xml_element(run).append(make_element("w:fldChar", fldCharType=kind))
