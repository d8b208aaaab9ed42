"""The welfare section put together: chapters of sentences, tables, closing notes, and every figure they rest on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.i18n.catalogue import translate
from service.report.evidence import Evidence, evidence
from service.report.figure_definition import Scope
from service.report.figure_lookup import FigureSet, part_name
from service.report.figure_wording import GAP, PrintedFigure, day, printed_figure, span
from service.report.figures import Figure, figures
from service.report.footnotes import footnotes
from service.report.section_tables import SectionTable, section_tables
from service.report.sentence_templates import CHAPTERS, SENTENCES, FigurePlace, Item, Listing, Sentence
from service.tables.units import unit


class NoSuchUnit(LookupError):
    """There is no unit at this path."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One sentence of the table, filled in, with every figure it says."""

    key: str
    text: str
    said: tuple[PrintedFigure, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading and its sentences, which print as one paragraph."""

    key: str
    heading: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Everything the Word file, the Markdown and figures.json are printed from; it holds no person's name."""

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
        """The headline in one line."""
        return GAP[self.lang].join(self.headline)

    @property
    def said(self) -> Iterator[tuple[str, PrintedFigure]]:
        """Every figure said in a sentence, with the sentence's key, in the order of the text."""
        for chapter in self.chapters:
            for paragraph in chapter.paragraphs:
                yield from ((paragraph.key, each) for each in paragraph.said)


def make_section(
    conn: sa.Connection, unit_path: str, start: date, end: date, as_of: datetime, lang: str = "zh_CN"
) -> Section:
    """The section for a unit and all below it over a period, first and last day included.

    `conn` is a REPEATABLE READ transaction (see figures.snapshot); `as_of` is the aware instant it was opened.
    Raises NoSuchUnit, figures.Torn, and ValueError for a period that ends before it begins.
    """
    scope = Scope(unit_path, start, end)
    counted = figures(conn, scope)
    here = conn.execute(sa.select(unit.c.id, unit.c.name).where(unit.c.path == unit_path)).one_or_none()
    if here is None:
        raise NoSuchUnit(unit_path)
    told, proof = FigureSet.of(counted), evidence(conn, scope)
    chapters = tuple(_chapters(told, scope, lang))
    printed = [each for chapter in chapters for paragraph in chapter.paragraphs for each in paragraph.said]
    values = {"unit": here.name, "period": span(start, end, lang)}
    headline = (translate("report.title.whose", lang, **values), translate("report.title.what", lang, **values))
    closing = tuple(footnotes(told, proof, scope, as_of, lang))
    parts = (chapters, tuple(section_tables(told, printed, lang)), closing, tuple(counted), proof)
    return Section(lang, here.id, here.name, scope, as_of, headline, *parts)


def _chapters(told: FigureSet, scope: Scope, lang: str) -> Iterator[Chapter]:
    ordinals = iter(translate("report.ordinals", lang).split())
    for key in CHAPTERS:
        rows = [sentence for sentence in SENTENCES if sentence.chapter == key]
        spoken = tuple(paragraph for sentence in rows for paragraph in _render_sentences(sentence, told, scope, lang))
        if spoken:
            heading = translate(
                "report.heading", lang, ordinal=next(ordinals), title=translate(f"report.chapter.{key}", lang)
            )
            yield Chapter(key, heading, spoken)


def _render_sentences(sentence: Sentence, told: FigureSet, scope: Scope, lang: str) -> Iterator[Paragraph]:
    for each in told.months() if sentence.monthly else [told]:
        if all(holds(each) for holds in sentence.when):
            yield _paragraph(sentence, each, scope, lang)


def _paragraph(sentence: Sentence, told: FigureSet, scope: Scope, lang: str) -> Paragraph:
    values = {
        "whole": translate("report.whole_year" if scope.whole_year else "report.whole_period", lang),
        "end": day(scope.end, lang),
        "month": _month(told, scope, lang),
    }
    mentioned: list[PrintedFigure] = []
    for place in sentence.places:
        values[place.name] = _fill_sentence(told.one(place.measure), place, mentioned, lang)
    for listing in sentence.listings:
        values[listing.name] = _list(listing, told, mentioned, lang)
    return Paragraph(sentence.key, translate(f"report.sentence.{sentence.key}", lang, **values), tuple(mentioned))


def _month(told: FigureSet, scope: Scope, lang: str) -> str:
    """8月; with its year when the period reaches over several."""
    if not told.month:
        return ""
    year, month = told.month.removeprefix("@").split("-")
    key = "report.month" if scope.start.year == scope.end.year else "report.month_of_year"
    return translate(key, lang, year=year, month=int(month), name=translate(f"report.month.{int(month)}", lang))


def _fill_sentence(figure: Figure, place: FigurePlace, mentioned: list[PrintedFigure], lang: str) -> str:
    text = (
        printed_figure(figure.value, place.style, lang)
        if figure.value is not None
        else translate("report.withheld", lang)
    )
    mentioned.append(PrintedFigure(figure.key, place.style, text))
    return text


def _list(listing: Listing, told: FigureSet, mentioned: list[PrintedFigure], lang: str) -> str:
    entries = [entry for item in listing.items for entry in _entries(item, told, mentioned, lang)]
    wide = any(len(item.places) > 1 for item in listing.items)
    return translate("report.wide_comma" if wide else "report.comma", lang).join(entries)


def _entries(item: Item, told: FigureSet, mentioned: list[PrintedFigure], lang: str) -> Iterator[str]:
    """One entry for each part there is something of, or whose number is withheld."""
    for figure in told.parts(item.places[0].measure):
        if not figure.amount and not figure.withheld:
            continue
        values = {"part": part_name(figure, lang)}
        for place in item.places:
            of_part = told.part(place.measure, figure.part)
            if of_part is not None:
                values[place.name] = _fill_sentence(of_part, place, mentioned, lang)
        yield translate(f"report.part.{item.words}", lang, **values)
