"""The tables of the section: by item, by fund source, visits, and what each printed figure means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from service.i18n.catalogue import catalogue, translate
from service.report.figure_definition import OTHER, PARTS
from service.report.figure_lookup import FigureSet, part_name, title
from service.report.figure_wording import EXACT, PrintedFigure, printed_figure
from workflows.code_lists import FundSource
from workflows.wording import HOUSEHOLDS, PERSON_TIMES, YUAN, Quantity, cell, total

ITEMS = PARTS["item"]
"""The items of domain/2 that are listed even when nothing was paid under them."""

ZERO = (Quantity(0, HOUSEHOLDS), Quantity(0, PERSON_TIMES), Quantity(0, YUAN))

VISITS = (
    ("workers", "worker_visits", "worker_households_visited"),
    ("laid_off", "laid_off_visits", "laid_off_households_visited"),
    ("festival", "festival_visits", "festival_households_visited"),
    ("survey", "survey_visits", "survey_households"),
    ("follow_up", "follow_up_visits", "follow_up_households"),
    ("retired", "retired_visits", None),
    ("bereavement", "bereavement_visits", None),
    ("paired", "paired_visits", "paired_households"),
)


@dataclass(frozen=True, slots=True)
class SectionTable:
    """Columns and rows as printed; columns named in `numbers` (by position) stand to the right."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    note: str = ""


def section_tables(told: FigureSet, printed: Sequence[PrintedFigure], lang: str) -> Iterator[SectionTable]:
    """All tables; `printed` are the figures as the sentences said them."""
    yield _table("items", tuple(_item_rows(told, lang)), lang, {1, 2, 3})
    yield _table("sources", tuple(_source_rows(told, lang)), lang, {1, 2, 3})
    yield _table("visits", tuple(_visit_rows(told, lang)), lang, {1, 3})
    terms = tuple(dict.fromkeys(_term_rows(told, printed, lang)))
    if terms:
        yield _table("terms", terms, lang, {1})


def _table(key: str, rows: tuple[tuple[str, ...], ...], lang: str, numbers: set[int]) -> SectionTable:
    columns = tuple(translate(f"report.table.{key}.columns", lang).split("|"))
    note = catalogue(lang).get(f"report.table.{key}.note", "")
    return SectionTable(key, translate(f"report.table.{key}.title", lang), columns, rows, frozenset(numbers), note)


def _item_rows(told: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    """Items nothing was paid under are not listed once small ones are merged: what is absent would tell them."""
    found = [figure.part or "" for figure in told.parts("aid_money_by_item")]
    listed = set(found) if OTHER in found else {*found, *ITEMS}
    ends = (*ITEMS, *sorted(listed - {*ITEMS, OTHER}), OTHER)
    for item in (each for each in ends if each in listed):
        figures = [told.part(f"aid_{count}_by_item", item) for count in ("households", "grants", "money")]
        name = next((part_name(each, lang) for each in figures if each), translate(f"report.item.{item}", lang))
        yield (name, *(cell(each.value if each else zero) for each, zero in zip(figures, ZERO, strict=True)))
    whole = ("aid_households", "aid_grants", "aid_money")
    yield (translate("report.total", lang), *(cell(told.one(measure).value) for measure in whole))
    paired = (told.one("paired_households").value, None, told.one("paired_money").value)
    yield (translate("report.table.items.paired", lang), *(cell(value) for value in paired))


def _source_rows(told: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    columns = ("aid_money_by_source", "gift_money_by_source")
    found = {figure.part for measure in columns for figure in told.parts(measure)}
    sums = {measure: [_yuan(told, measure, source) for source in FundSource] for measure in columns}
    add = partial(total, YUAN)
    for index, source in enumerate(FundSource):
        if source in found:
            row = [sums[measure][index] for measure in columns]
            yield (translate(f"report.source.{source}", lang), *(cell(value) for value in (*row, add(row))))
    bottom = [add(sums[measure]) for measure in columns]
    yield (translate("report.total", lang), *(cell(value) for value in (*bottom, add(bottom))))


def _yuan(told: FigureSet, measure: str, source: str) -> Quantity:
    figure = told.part(measure, source)
    return Quantity(figure.amount if figure else 0, YUAN)


def _visit_rows(told: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    for key, visits, households in VISITS:
        figure = told.one(visits)
        reached = told.one(households).value if households else None
        counted = translate(f"report.unit.{figure.unit.key}", lang)
        yield (translate(f"report.table.visits.{key}", lang), cell(figure.value), counted, cell(reached))


def _term_rows(told: FigureSet, printed: Sequence[PrintedFigure], lang: str) -> Iterator[tuple[str, ...]]:
    """What was not said exactly, and each month's batch: as said, exactly, and what it counts (口径)."""
    for each in printed:
        figure = told.figures[each.figure]
        if figure.value is None or (
            each.style == EXACT and isinstance(figure.value, Quantity) and "@" not in figure.key
        ):
            continue
        meaning = translate(
            "report.term", lang, title=title(figure, lang), definition=translate(figure.measure.definition, lang)
        )
        yield (each.words, printed_figure(figure.value, EXACT, lang), meaning)
