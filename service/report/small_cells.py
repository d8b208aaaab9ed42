"""Sums and parts of fewer than three families are withheld, with what would reveal them."""

# docs/decisions/0026-small-cells-are-withheld-with-what-reveals-them.md says which figures, and what is left open.

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from service.queries.household_list import UNJUDGED
from service.report.figure import Figure
from service.report.figure_definition import OTHER, PARTS, SMALL_CELL_THRESHOLD
from workflows.disclosure import suppress, suppress_row

Figures = Mapping[str, Figure]

TUITION_SPLIT = ("tuition_fee_money", "tuition_living_money", "tuition_unsplit_money")
AID_BY_ITEM = ("aid_households_by_item", "aid_grants_by_item", "aid_money_by_item")
AID_SUMS = frozenset({"relief_and_tuition_money", "aid_money", *AID_BY_ITEM, "aid_money_by_source"})
TUITION_FIGURES = frozenset({"tuition_households", "tuition_students", "tuition_money", *TUITION_SPLIT})

ALL_PARTS: Mapping[str, tuple[str, ...]] = {
    "source": PARTS["source"],
    "category": (*PARTS["category"], UNJUDGED),
}
"""Once a part is withheld, so are the parts that are zero: the list of the others would name it."""


def protect(counted: Sequence[Figure]) -> list[Figure]:
    """Return the figures of a report without small cells, and without those from which one could be computed."""
    figures = {figure.key: figure for figure in counted}
    hidden = {*_hidden_aid(figures), *_hidden_splits(figures), *_hidden_gifts(figures)}
    hidden |= set(_hidden_parts(figures))
    # A withheld batch of a month would still tell that there was one.
    kept = [figure for figure in counted if "tuition_money" not in hidden or "@" not in figure.key]
    protected = [figure.without_value() if figure.key in hidden else figure for figure in kept]
    return list(_with_all_parts(protected))


def shown_months(families: Mapping[date, int], total: int) -> list[date]:
    """Return the months whose tuition batch is shown; the others together are no small cell."""
    months = sorted(families)
    shown = suppress_row([families[month] for month in months], SMALL_CELL_THRESHOLD, total)
    return [month for month, count in zip(months, shown, strict=True) if count]


def _is_small(families: int) -> bool:
    return suppress(families, SMALL_CELL_THRESHOLD) is None


def _hidden_aid(figures: Figures) -> Iterator[str]:
    """Yield every sum of aid when too few families were aided, otherwise the sums that would reveal a merged item."""
    items = {figure.part for figure in figures.values() if figure.measure.key == "aid_money_by_item"}
    few = _is_small(figures["aid_households"].amount)
    for key, figure in figures.items():
        name = figure.measure.key
        reveals_relief = OTHER in items and not {"LIV", "EDU"} <= items and name == "relief_and_tuition_money"
        reveals_tuition = OTHER in items and "EDU" not in items and name in TUITION_FIGURES
        if reveals_relief or reveals_tuition or (few and name in AID_SUMS | TUITION_FIGURES):
            yield key


def _hidden_splits(figures: Figures) -> Iterator[str]:
    """Yield fees, living costs and the unsplit rest, of a month or of the period, where one of them is small."""
    suffixes = [figure.key.removeprefix("tuition_money") for figure in _of(figures, "tuition_money")]
    small = {each for each in suffixes if any(_is_small(figures[part + each].families) for part in TUITION_SPLIT)}
    rest, *rest_of_splits = (_rest_of_months(figures, measure) for measure in ("tuition_money", *TUITION_SPLIT))
    # The months that are not shown are no small cell, but their fees alone may be.
    if small or not set(rest_of_splits) <= {0, rest}:
        small.add("")
    return (part + suffix for suffix in small for part in TUITION_SPLIT)


def _rest_of_months(figures: Figures, measure: str) -> int:
    """Return the sum of the period without the months that are shown."""
    period, *months = (figure.amount for figure in _of(figures, measure))
    return period - sum(months)


def _hidden_gifts(figures: Figures) -> Iterator[str]:
    """Yield the money of gifts when too few workers' families received any."""
    if _is_small(figures["condolence_money_households"].amount):
        yield "condolence_money"
        yield from (figure.key for figure in _of(figures, "gift_money_by_source"))


def _hidden_parts(figures: Figures) -> Iterator[str]:
    """Yield the small parts of sources and categories, and the parts next to them."""
    by_family = (("aid_money_by_source", "aid_households"), ("gift_money_by_source", "condolence_money_households"))
    for measure, families in by_family:
        parts = _of(figures, measure)
        counts = [figure.families for figure in parts]
        yield from _not_shown(parts, suppress_row(counts, SMALL_CELL_THRESHOLD, figures[families].amount))
    categories = _of(figures, "households_on_file_by_category")
    yield from _not_shown(categories, suppress_row([each.amount for each in categories], SMALL_CELL_THRESHOLD))


def _not_shown(parts: Iterable[Figure], shown: Iterable[int | None]) -> Iterator[str]:
    return (figure.key for figure, count in zip(parts, shown, strict=True) if count is None)


def _of(figures: Figures, measure: str) -> list[Figure]:
    return [figure for figure in figures.values() if figure.measure.key == measure]


def _with_all_parts(figures: Sequence[Figure]) -> Iterator[Figure]:
    """Yield the figures; after the parts of a definition that withholds one, every other possible part withheld."""
    keys = {figure.key for figure in figures}
    for index, figure in enumerate(figures):
        yield figure
        following = figures[index + 1].measure if index + 1 < len(figures) else None
        parts = [each for each in figures if each.measure == figure.measure and each.withheld]
        if following != figure.measure and parts:
            for name in ALL_PARTS.get(figure.measure.split, ()):
                key = f"{figure.measure.key}:{name}"
                if key not in keys:
                    yield Figure(key, figure.measure, name, figure.scope, figure.unit, None, None)
