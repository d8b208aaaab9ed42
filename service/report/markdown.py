"""The section as Markdown: the same words and tables as the Word file."""

from collections.abc import Iterator

from service.i18n.catalogue import translate
from service.report.figure_wording import GAP
from service.report.section import Section
from service.report.section_tables import SectionTable

_SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>#|~"})


def write_markdown(section: Section) -> str:
    """The whole section, ending in a newline."""
    return "\n".join(_lines(section)) + "\n"


def _lines(section: Section) -> Iterator[str]:
    yield f"# {_plain(section.title)}"
    for chapter in section.chapters:
        yield from ("", f"## {_plain(chapter.heading)}", "")
        yield GAP[section.lang].join(_plain(paragraph.text) for paragraph in chapter.paragraphs)
    for number, table in enumerate(section.tables, 1):
        yield from (
            "",
            f"### {translate('report.table.heading', section.lang, number=number, title=_plain(table.title))}",
            "",
        )
        yield from _table(table)
    yield from ("", f"### {translate('report.notes', section.lang)}", "")
    yield from (f"{number}. {_plain(note)}" for number, note in enumerate(section.notes, 1))


def _table(table: SectionTable) -> Iterator[str]:
    yield _row(table.columns)
    yield _row(tuple("---:" if place in table.numbers else ":---" for place in range(len(table.columns))), ruled=True)
    yield from (_row(row) for row in table.rows)
    if table.note:
        yield from ("", _plain(table.note))


def _row(cells: tuple[str, ...], *, ruled: bool = False) -> str:
    return f"| {' | '.join(each if ruled else _plain(each) for each in cells)} |"


def _plain(text: str) -> str:
    """Words that Markdown would read as signs are kept as words."""
    return " ".join(text.translate(_SPECIAL).split())
