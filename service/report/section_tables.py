"""Tables of the section: items, fund sources, visits, and definitions of printed figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from service.i18n.catalogue import catalogue, translate
from service.report.figure_definition import OTHER, PARTS
from service.report.figure_lookup import FigureSet, part_name, title
from service.report.figure_wording import EXACT, PrintedFigure, format_figure
from workflows.code_lists import FundSource
from workflows.wording import HOUSEHOLDS, PERSON_TIMES, YUAN, Quantity, cell, total

ITEMS = PARTS["item"]
"""Items of docs/domain/eligibility.md, which are listed even when nothing was paid under them."""

ZERO = (Quantity(0, HOUSEHOLDS), Quantity(0, PERSON_TIMES), Quantity(0, YUAN))

VISITS = (
    ("workers", "worker_visits", "worker_households_visited"),
    ("laid_off", "laid_off_visits", "laid_off_households_visited"),
    ("festival", "festival_visits", "festival_households_visited"),
    ("survey", "survey_visits", "survey_households"),
    ("follow_up", "follow_up_visits", "follow_up_households"),
    ("retired", "retired_visits", None),
    ("bereavement", "bereavement_visits", None),
    ("hospital", "hospital_visits", None),
    ("paired", "paired_visits", "paired_households"),
)

LISTED_WHEN_ANY = frozenset({"hospital"})
"""Kinds of visits whose row is left out when there was none."""


@dataclass(frozen=True, slots=True)
class SectionTable:
    """A table as printed; the columns in `numbers` (indexes from 0) are right-aligned."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    note: str = ""


def section_tables(figure_set: FigureSet, printed: Sequence[PrintedFigure], lang: str) -> Iterator[SectionTable]:
    """Yield all tables; `printed` are the figures as the sentences print them."""
    yield _table("items", tuple(_item_rows(figure_set, lang)), lang, {1, 2, 3})
    yield _table("sources", tuple(_source_rows(figure_set, lang)), lang, {1, 2, 3})
    yield _table("visits", tuple(_visit_rows(figure_set, lang)), lang, {1, 3})
    terms = tuple(dict.fromkeys(_term_rows(figure_set, printed, lang)))
    if terms:
        yield _table("terms", terms, lang, {1})


def _table(key: str, rows: tuple[tuple[str, ...], ...], lang: str, numbers: set[int]) -> SectionTable:
    columns = tuple(translate(f"report.table.{key}.columns", lang).split("|"))
    note = catalogue(lang).get(f"report.table.{key}.note", "")
    return SectionTable(key, translate(f"report.table.{key}.title", lang), columns, rows, frozenset(numbers), note)


def _item_rows(figure_set: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    paid_items = [figure.part or "" for figure in figure_set.parts("aid_money_by_item")]
    # Once small items are merged, empty items are left out: the list of the others would reveal the merged ones.
    listed = set(paid_items) if OTHER in paid_items else {*paid_items, *ITEMS}
    ordered = (*ITEMS, *sorted(listed - {*ITEMS, OTHER}), OTHER)
    for item in (key for key in ordered if key in listed):
        parts = [figure_set.part(f"aid_{count}_by_item", item) for count in ("households", "grants", "money")]
        name = next((part_name(part, lang) for part in parts if part), translate(f"report.item.{item}", lang))
        yield (name, *(cell(part.value if part else zero) for part, zero in zip(parts, ZERO, strict=True)))
    totals = ("aid_households", "aid_grants", "aid_money")
    yield (translate("report.total", lang), *(cell(figure_set.whole(measure).value) for measure in totals))
    paired = (figure_set.whole("paired_households").value, None, figure_set.whole("paired_money").value)
    yield (translate("report.table.items.paired", lang), *(cell(value) for value in paired))


def _source_rows(figure_set: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    columns = ("aid_money_by_source", "gift_money_by_source")
    sources = {figure.part for measure in columns for figure in figure_set.parts(measure)}
    sums = {measure: [_yuan(figure_set, measure, source) for source in FundSource] for measure in columns}
    add = partial(total, YUAN)
    for index, source in enumerate(FundSource):
        if source in sources:
            row = [sums[measure][index] for measure in columns]
            yield (translate(f"report.source.{source}", lang), *(cell(value) for value in (*row, add(row))))
    totals = [add(sums[measure]) for measure in columns]
    yield (translate("report.total", lang), *(cell(value) for value in (*totals, add(totals))))


def _yuan(figure_set: FigureSet, measure: str, source: str) -> Quantity:
    figure = figure_set.part(measure, source)
    return Quantity(figure.amount if figure else 0, YUAN)


def _visit_rows(figure_set: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    for key, visits, households in VISITS:
        figure = figure_set.whole(visits)
        if key in LISTED_WHEN_ANY and not figure.amount:
            continue
        visited = figure_set.whole(households).value if households else None
        unit_name = translate(f"report.unit.{figure.unit.key}", lang)
        yield (translate(f"report.table.visits.{key}", lang), cell(figure.value), unit_name, cell(visited))


def _term_rows(figure_set: FigureSet, printed: Sequence[PrintedFigure], lang: str) -> Iterator[tuple[str, ...]]:
    """Yield the figures that are rounded or of a monthly batch: as printed, exactly, and their definition (口径)."""
    for printed_figure in printed:
        figure = figure_set.figures[printed_figure.figure]
        if figure.value is None or (
            printed_figure.style == EXACT and isinstance(figure.value, Quantity) and "@" not in figure.key
        ):
            continue
        meaning = translate(
            "report.term", lang, title=title(figure, lang), definition=translate(figure.measure.definition, lang)
        )
        yield (printed_figure.words, format_figure(figure.value, EXACT, lang), meaning)
