"""This module writes the section as Markdown, with the texts of the Word file."""

from collections.abc import Iterator

from service.i18n.catalogue import translate
from service.report.figure_wording import SENTENCE_SEPARATOR
from service.report.section import Section
from service.report.section_tables import SectionTable

_SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>#|~"})


def write_markdown(section: Section) -> str:
    """Return the section as Markdown text that ends in a newline."""
    return "\n".join(_lines(section)) + "\n"


def _lines(section: Section) -> Iterator[str]:
    yield f"# {_escape(section.title)}"
    for chapter in section.chapters:
        yield from ("", f"## {_escape(chapter.heading)}", "")
        yield SENTENCE_SEPARATOR[section.lang].join(_escape(paragraph.text) for paragraph in chapter.paragraphs)
    for number, table in enumerate(section.tables, 1):
        yield from (
            "",
            f"### {translate('report.table.heading', section.lang, number=number, title=_escape(table.title))}",
            "",
        )
        yield from _table(table)
    yield from ("", f"### {translate('report.notes', section.lang)}", "")
    yield from (f"{number}. {_escape(note)}" for number, note in enumerate(section.notes, 1))


def _table(table: SectionTable) -> Iterator[str]:
    yield _row(table.columns)
    yield _row(tuple("---:" if index in table.numbers else ":---" for index in range(len(table.columns))), ruled=True)
    yield from (_row(row) for row in table.rows)
    if table.note:
        yield from ("", _escape(table.note))


def _row(cells: tuple[str, ...], *, ruled: bool = False) -> str:
    return f"| {' | '.join(text if ruled else _escape(text) for text in cells)} |"


def _escape(text: str) -> str:
    """Escape the characters that Markdown reads as markup, and put the text in one line."""
    return " ".join(text.translate(_SPECIAL).split())
