"""This module builds the welfare section: chapters, tables, notes and figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.i18n.catalogue import translate
from service.report.evidence import Evidence, evidence
from service.report.figure import Figure
from service.report.figure_definition import Scope
from service.report.figure_lookup import FigureSet, part_name
from service.report.figure_wording import SENTENCE_SEPARATOR, PrintedFigure, format_day, format_figure
from service.report.figures import figures
from service.report.footnotes import checkpoint_note, footnotes
from service.report.periods import format_period, format_whole
from service.report.section_tables import SectionTable, section_tables
from service.report.sentence_templates import CHAPTERS, SENTENCES, FigurePlace, Listing, ListItem, Sentence
from service.report.text_pieces import TextPiece, cut_at_figures, mark_figure
from service.tables.units import unit


class NoSuchUnit(LookupError):
    """There is no unit with this path."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One sentence with its figures filled in; `said` lists the figures in it, `pieces` is its text cut at them."""

    key: str
    pieces: tuple[TextPiece, ...]
    said: tuple[PrintedFigure, ...]

    @property
    def text(self) -> str:
        """Return the sentence as printed."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading and its sentences, which are printed as one paragraph."""

    key: str
    heading: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The content of the Word file, the Markdown and figures.json, without names of persons."""

    lang: str
    unit_id: UUID
    unit_name: str
    scope: Scope
    as_of: datetime
    headline: tuple[str, str]
    chapters: tuple[Chapter, ...]
    tables: tuple[SectionTable, ...]
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]
    evidence: Evidence

    @property
    def title(self) -> str:
        """Return the headline in one line."""
        return SENTENCE_SEPARATOR[self.lang].join(self.headline)

    @property
    def said(self) -> Iterator[tuple[str, PrintedFigure]]:
        """Yield every printed figure with the key of its sentence, in the order of the text."""
        for chapter in self.chapters:
            for paragraph in chapter.paragraphs:
                yield from ((paragraph.key, printed) for printed in paragraph.said)


def make_section(
    conn: sa.Connection, unit_path: str, start: date, end: date, as_of: datetime, lang: str = "zh_CN"
) -> Section:
    """Return the section of a unit and all units below it for a period, first and last day included.

    `conn` is a REPEATABLE READ transaction (see figures.snapshot); `as_of` is the aware instant it was opened.
    Raises NoSuchUnit, SnapshotLost, and ValueError when the period ends before it begins.
    """
    scope = Scope(unit_path, start, end)
    counted = figures(conn, scope)
    unit_row = conn.execute(sa.select(unit.c.id, unit.c.name).where(unit.c.path == unit_path)).one_or_none()
    if unit_row is None:
        raise NoSuchUnit(unit_path)
    figure_set, proof = FigureSet.from_figures(counted), evidence(conn, scope)
    chapters = tuple(_chapters(figure_set, scope, lang))
    printed = [figure for chapter in chapters for paragraph in chapter.paragraphs for figure in paragraph.said]
    values = {"unit": unit_row.name, "period": format_period(start, end, lang)}
    headline = (translate("report.title.whose", lang, **values), translate("report.title.what", lang, **values))
    tables = tuple(section_tables(figure_set, printed, lang))
    has_terms = any(table.key == "terms" for table in tables)
    notes = (
        *footnotes(figure_set, proof, scope, as_of, lang, has_terms=has_terms),
        *checkpoint_note(conn, lang),
    )
    parts = (chapters, tables, notes, tuple(counted), proof)
    return Section(lang, unit_row.id, unit_row.name, scope, as_of, headline, *parts)


def _chapters(figure_set: FigureSet, scope: Scope, lang: str) -> Iterator[Chapter]:
    ordinals = iter(translate("report.ordinals", lang).split())
    for key in CHAPTERS:
        sentences = [sentence for sentence in SENTENCES if sentence.chapter == key]
        paragraphs = tuple(
            paragraph for sentence in sentences for paragraph in _render_sentence(sentence, figure_set, scope, lang)
        )
        if paragraphs:
            heading = translate(
                "report.heading", lang, ordinal=next(ordinals), title=translate(f"report.chapter.{key}", lang)
            )
            yield Chapter(key, heading, paragraphs)


def _render_sentence(sentence: Sentence, figure_set: FigureSet, scope: Scope, lang: str) -> Iterator[Paragraph]:
    for month_set in figure_set.months() if sentence.monthly else [figure_set]:
        if all(condition(month_set) for condition in sentence.when):
            yield _paragraph(sentence, month_set, scope, lang)


def _paragraph(sentence: Sentence, figure_set: FigureSet, scope: Scope, lang: str) -> Paragraph:
    values = {
        "whole": format_whole(scope.start, scope.end, lang),
        "end": format_day(scope.end, lang),
        "month": _month(figure_set, scope, lang),
    }
    printed_figures: list[PrintedFigure] = []
    for place in sentence.places:
        values[place.name] = _print_figure(figure_set.whole(place.measure), place, printed_figures, lang)
    for listing in sentence.listings:
        values[listing.name] = _print_list(listing, figure_set, printed_figures, lang)
    marked = translate(f"report.sentence.{sentence.key}", lang, **values)
    return Paragraph(sentence.key, tuple(cut_at_figures(marked)), tuple(printed_figures))


def _month(figure_set: FigureSet, scope: Scope, lang: str) -> str:
    """Return the month as 8月, with its year when the period covers several years."""
    if not figure_set.month:
        return ""
    year, month = figure_set.month.removeprefix("@").split("-")
    key = "report.month" if scope.start.year == scope.end.year else "report.month_of_year"
    return translate(key, lang, year=year, month=int(month), name=translate(f"report.month.{int(month)}", lang))


def _print_figure(figure: Figure, place: FigurePlace, printed_figures: list[PrintedFigure], lang: str) -> str:
    text = (
        format_figure(figure.value, place.style, lang)
        if figure.value is not None
        else translate("report.withheld", lang)
    )
    printed_figures.append(PrintedFigure(figure.key, place.style, text))
    return mark_figure(figure.key, text)


def _print_list(listing: Listing, figure_set: FigureSet, printed_figures: list[PrintedFigure], lang: str) -> str:
    entries = [entry for item in listing.items for entry in _entries(item, figure_set, printed_figures, lang)]
    text = translate(f"report.{listing.separator}", lang).join(entries)
    if not listing.rest or not figure_set.is_withheld(listing.items[0].places[0].measure):
        return text
    if not entries:
        return translate(f"report.rest.{listing.rest}.all", lang)
    return text + translate("report.wide_comma", lang) + translate(f"report.rest.{listing.rest}", lang)


def _entries(item: ListItem, figure_set: FigureSet, printed_figures: list[PrintedFigure], lang: str) -> Iterator[str]:
    """Yield one entry for each part that is neither zero nor withheld."""
    for figure in figure_set.shown_parts(item.places[0].measure):
        values = {"part": part_name(figure, lang)}
        for place in item.places:
            of_part = figure_set.part(place.measure, figure.part)
            if of_part is not None:
                values[place.name] = _print_figure(of_part, place, printed_figures, lang)
        yield translate(f"report.part.{item.words}", lang, **values)
