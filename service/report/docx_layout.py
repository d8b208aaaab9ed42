"""The page of an official document (GB/T 9704): paper, grid of 22 lines × 28 characters, fonts by name, page numbers."""

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
"""Twentieths of a point: 225 mm hold 22 lines of 28.95 pt; one more would hold 21."""

TIGHTER: Final = -5
"""Twentieths of a point between characters of 16 pt, so that 156 mm hold 28 of them and not 29. The grid itself only
counts lines: a character grid narrower than its characters gives each of them two cells in LibreOffice."""

OFF_GRID: Final = {"Title": 36.0, "Body Text 2": 18.0, "Body Text 3": 18.0}
"""Styles that keep their own line height, in points, off the grid; a note is not broken over two pages."""

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
"""Body Text 2 stands in tables, Body Text 3 under them and in the notes."""


def lay_out(document: Document) -> None:
    """Give an empty document the paper, the grid, the styles and the page numbers."""
    for name, font, points, alignment, indent in STYLES:
        _style(document.styles[name], font, points, alignment, indent)
    for name, height in OFF_GRID.items():
        layout = document.styles[name].element.get_or_add_pPr()
        layout.insert_element_before(element("w:snapToGrid", val=0), "w:spacing", "w:ind", "w:jc")
        document.styles[name].paragraph_format.line_spacing = Pt(height)
        document.styles[name].paragraph_format.keep_together = name != "Title"
    document.styles["Caption"].paragraph_format.space_before = Pt(SMALL_FOUR)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(24)
    _ruled(document.element.body.sectPr)
    document.settings.odd_and_even_pages_header_footer = True
    _number(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _number(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)


def element(tag: str, **attributes: str | int) -> Any:
    """An element with attributes of the same namespace."""
    made: Any = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    return made


def xml(proxy: Paragraph | Run | _Row) -> Any:
    """The element behind a paragraph, a run or a row: python-docx has no word for what the official page needs."""
    return proxy._element  # noqa: SLF001


def _style(style: ParagraphStyle, font: str, points: float, alignment: WD_ALIGN_PARAGRAPH, indent: int) -> None:
    """Names every script's font: a style that only sets the Latin one prints Chinese in the reader's default."""
    style.font.size, style.font.bold, style.font.italic = Pt(points), False, False
    style.font.color.rgb = None
    _name_fonts(style, font)
    layout = style.paragraph_format
    layout.alignment, layout.space_before, layout.space_after = alignment, Pt(0), Pt(0)
    layout.line_spacing_rule = WD_LINE_SPACING.SINGLE
    layout.widow_control = False
    _clear(style)
    if indent:
        _indent(style.element.get_or_add_pPr(), firstLineChars=indent * 100, firstLine=int(indent * points * 20))
    if points == THREE:
        style.element.rPr.find(qn("w:sz")).addprevious(element("w:spacing", val=TIGHTER))


def _indent(layout: Any, **edges: int) -> None:
    found = layout.get_or_add_ind()
    for name, value in edges.items():
        found.set(qn(f"w:{name}"), str(value))


def _ruled(page: Any) -> None:
    for old in page.findall(qn("w:docGrid")):
        page.remove(old)
    page.append(element("w:docGrid", type="lines", linePitch=LINE_PITCH))


def _name_fonts(style: ParagraphStyle, font: str) -> None:
    properties = style.element.get_or_add_rPr()
    for old in properties.findall(qn("w:rFonts")):
        properties.remove(old)
    properties.insert(0, element("w:rFonts", ascii=font, hAnsi=font, eastAsia=font, cs=font))
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(element("w:lang", val="en-US", eastAsia="zh-CN"))


def _clear(style: ParagraphStyle) -> None:
    """What the template draws under titles and in headings' colours does not belong on an official page."""
    for tag in ("w:pBdr", "w:ind"):
        for old in style.element.get_or_add_pPr().findall(qn(tag)):
            style.element.pPr.remove(old)
    for tag in ("w:color", "w:spacing", "w:kern"):
        for old in style.element.get_or_add_rPr().findall(qn(tag)):
            style.element.rPr.remove(old)


def _number(footer: _Footer, side: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 —, one character in from the outer edge: right on odd pages, left on even ones."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = side
    edge = {"rightChars": 100, "right": 280} if side is WD_ALIGN_PARAGRAPH.RIGHT else {"leftChars": 100, "left": 280}
    _indent(xml(paragraph).get_or_add_pPr(), **edge)
    paragraph.add_run("— ")
    _page_field(paragraph)
    paragraph.add_run(" —")


def _page_field(paragraph: Paragraph) -> None:
    for kind in ("begin", "", "separate", "1", "end"):
        run = paragraph.add_run("1" if kind == "1" else "")
        if kind == "":
            code = element("w:instrText")
            code.text = "PAGE"
            xml(run).append(code)
        elif kind != "1":
            xml(run).append(element("w:fldChar", fldCharType=kind))
