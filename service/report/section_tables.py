"""Tables of the section: items, fund sources, visits, and definitions of printed figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from service.i18n.catalogue import catalogue, translate
from service.report.figure import Figure
from service.report.figure_definition import OTHER, PARTS
from service.report.figure_lookup import FigureSet, part_name, title
from service.report.figure_wording import EXACT, PrintedFigure, format_figure
from workflows.code_lists import FundSource
from workflows.wording import HOUSEHOLDS, PERSON_TIMES, YUAN, Quantity, Several, cell, total

ITEMS = PARTS["item"]
"""Items of docs/domain/eligibility.md, which are listed even when nothing was paid under them."""

NO_YUAN = Quantity(0, YUAN)
ZERO = (Quantity(0, HOUSEHOLDS), Quantity(0, PERSON_TIMES), NO_YUAN)
MONEY_BY_SOURCE = ("aid_money_by_source", "gift_money_by_source")

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


class FigureCell(str):
    """The text of a cell that states one figure, with the key of that figure; its page lists the rows behind it."""

    __slots__ = ("figure",)
    figure: str

    def __new__(cls, words: str, figure: str) -> Self:
        """Return the cell of a figure."""
        made = super().__new__(cls, words)
        made.figure = figure
        return made


@dataclass(frozen=True, slots=True)
class SectionTable:
    """A table as printed; the columns in `numbers` (indexes from 0) are right-aligned, and FigureCells name their figure."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    note: str = ""


def section_tables(figure_set: FigureSet, printed: Sequence[PrintedFigure], lang: str) -> Iterator[SectionTable]:
    """Yield the tables that have rows; `printed` are the figures as the sentences print them."""
    tables = (
        ("items", _item_rows(figure_set, lang), {1, 2, 3}),
        ("sources", _source_rows(figure_set, lang), {1, 2, 3}),
        ("visits", _visit_rows(figure_set, lang), {1, 3}),
        ("terms", dict.fromkeys(_term_rows(figure_set, printed, lang)), {1}),
    )
    for key, rows, numbers in tables:
        cells = tuple(rows)
        if cells:
            yield _table(key, cells, lang, numbers)


def _table(key: str, rows: tuple[tuple[str, ...], ...], lang: str, numbers: set[int]) -> SectionTable:
    columns = tuple(translate(f"report.table.{key}.columns", lang).split("|"))
    note = catalogue(lang).get(f"report.table.{key}.note", "")
    return SectionTable(key, translate(f"report.table.{key}.title", lang), columns, rows, frozenset(numbers), note)


def _item_rows(figure_set: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each item and their total, or one row for an undivided sum; paired families stand apart."""
    if figure_set.is_nonzero("aid_money"):
        undivided = figure_set.is_withheld("aid_money") or list(_paid_items(figure_set)) == [OTHER]
        if not undivided:
            yield from _item_parts(figure_set, lang)
        whole = [figure_set.whole(measure) for measure in ("aid_households", "aid_grants", "aid_money")]
        name = translate("report.table.items.all" if undivided else "report.total", lang)
        yield (name, *(Stated(figure.value, figure.key).cell(lang) for figure in whole))
    if figure_set.is_nonzero("aid_money") or figure_set.is_nonzero("paired_money"):
        households, money = (figure_set.whole(measure) for measure in ("paired_households", "paired_money"))
        name = translate("report.table.items.paired", lang)
        yield (name, _figure_cell(households), cell(None), _figure_cell(money))


def _paid_items(figure_set: FigureSet) -> Iterator[str]:
    return (figure.part or "" for figure in figure_set.parts("aid_money_by_item"))


def _item_parts(figure_set: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    paid_items = list(_paid_items(figure_set))
    # Once small items are merged, empty items are left out: the list of the others would reveal the merged ones.
    listed = set(paid_items) if OTHER in paid_items else {*paid_items, *ITEMS}
    ordered = (*ITEMS, *sorted(listed - {*ITEMS, OTHER}), OTHER)
    for item in (key for key in ordered if key in listed):
        parts = [figure_set.part(f"aid_{count}_by_item", item) for count in ("households", "grants", "money")]
        name = next((part_name(part, lang) for part in parts if part), translate(f"report.item.{item}", lang))
        yield (name, *(_figure_cell(part) if part else cell(zero) for part, zero in zip(parts, ZERO, strict=True)))


def _figure_cell(figure: Figure) -> str:
    """Return the cell of a figure; one that is withheld leads nowhere."""
    return cell(None) if figure.value is None else FigureCell(cell(figure.value), figure.key)


Value = Quantity | Several | None
"""A value, or None where it is withheld."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A value of a table, and the key of the figure that it is; a sum of two figures has none."""

    value: Value
    figure: str = ""

    def cell(self, lang: str) -> str:
        """Return the text of its cell."""
        if self.value is None:
            return translate("report.table.withheld", lang)
        return FigureCell(cell(self.value), self.figure) if self.figure else cell(self.value)


def _source_rows(figure_set: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each source, one for the withheld ones, and the total of several rows."""
    rows: list[tuple[str, list[Stated]]] = []
    for source in FundSource:
        values = [_part_value(figure_set, measure, source) for measure in MONEY_BY_SOURCE]
        if any(each.value not in (None, NO_YUAN) for each in values):
            rows.append((translate(f"report.source.{source}", lang), values))
    hidden = [figure_set.is_withheld(measure) for measure in MONEY_BY_SOURCE]
    if rows and any(hidden):
        rest = [Stated(None if is_hidden else NO_YUAN) for is_hidden in hidden]
        rows.append((translate("report.table.sources.rest", lang), rest))
    if len(rows) > 1:
        aid = figure_set.whole("aid_money")
        rows.append((translate("report.total", lang), [Stated(aid.value, aid.key), Stated(_gift_total(figure_set))]))
    for name, values in rows:
        both = Stated(_sum_of([each.value for each in values]))
        yield (name, *(each.cell(lang) for each in (*values, both)))


def _sum_of(values: Sequence[Value]) -> Value:
    """Return the sum, or None when one of the values is withheld."""
    return None if None in values else total(YUAN, (value for value in values if value))


def _part_value(figure_set: FigureSet, measure: str, part: str) -> Stated:
    """Return the value of a part, 0 where nothing was paid, None where it is withheld."""
    figure = figure_set.part(measure, part)
    return Stated(figure.value, figure.key) if figure else Stated(NO_YUAN)


def _gift_total(figure_set: FigureSet) -> Value:
    return _sum_of([figure_set.whole(measure).value for measure in ("condolence_money", "paired_money")])


def _visit_rows(figure_set: FigureSet, lang: str) -> Iterator[tuple[str, ...]]:
    if not any(figure_set.is_nonzero(visits) for _, visits, _ in VISITS):
        return
    for key, visits, households in VISITS:
        figure = figure_set.whole(visits)
        if key in LISTED_WHEN_ANY and not figure.amount:
            continue
        visited = _figure_cell(figure_set.whole(households)) if households else cell(None)
        unit_name = translate(f"report.unit.{figure.unit.key}", lang)
        yield (translate(f"report.table.visits.{key}", lang), _figure_cell(figure), unit_name, visited)


def _term_rows(figure_set: FigureSet, printed: Sequence[PrintedFigure], lang: str) -> Iterator[tuple[str, ...]]:
    """Yield the figures that are not printed exactly: as printed, exactly, and their definition (口径)."""
    for printed_figure in printed:
        figure = figure_set.figures[printed_figure.figure]
        if figure.value is None:
            continue
        exactly = format_figure(figure.value, EXACT, lang)
        if isinstance(figure.value, Several):
            exactly = translate("report.table.terms.uncounted", lang)
        if printed_figure.words != exactly:
            meaning = translate(
                "report.term", lang, title=title(figure, lang), definition=translate(figure.measure.definition, lang)
            )
            yield (printed_figure.words, exactly, meaning)
