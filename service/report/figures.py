"""Every figure of a section, counted in one snapshot, and the list of rows behind any one of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.report.grants import tuition_months
from service.report.measure import FLOOR, PARTS, PIECE, Ground, Measure, Rows, Scope
from service.report.measures import BATCH, MEASURES, TABLE
from workflows.disclosure import suppress_row
from workflows.wording import Quantity, Several, Unit, pieces

_SNAPSHOTS = frozenset({"repeatable read", "serializable"})


class Torn(RuntimeError):
    """The transaction may see later commits between two figures; open it with `snapshot`."""


class NoSuchFigure(LookupError):
    """No measure of this key, or a split measure asked for without its part."""


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A read-only REPEATABLE READ transaction: every figure of a section is counted from the same moment."""
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """An exact value with what it counts; `value` and `rows` are None where the cell is too small to be told.

    `key` is the measure's key, with `:part` when it is split and `@2025-08` when it is told of one month's batch.
    """

    key: str
    measure: Measure
    part: str | None
    scope: Scope
    unit: Unit
    value: Quantity | Several | None
    rows: int | None

    @property
    def withheld(self) -> bool:
        """Whether it is hidden because it, or its neighbour, points at fewer than FLOOR households."""
        return self.value is None

    @property
    def amount(self) -> int:
        """The exact value, fen for money; 1 for goods nobody counted, 0 when withheld: enough to ask whether any."""
        if isinstance(self.value, Several):
            return 1
        return self.value.amount if self.value else 0

    @property
    def address(self) -> str:
        """The key under which the API lists the rows (the month of a batch goes into from and to)."""
        return self.key.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the rows behind a figure: mappings with id, reference, on, unit, amount and part; `next` asks on."""

    rows: tuple[Mapping[str, Any], ...]
    next: UUID | None
    count: int
    """How many rows there are in all, of the same SELECT: the figure itself where rows are counted."""


def figures(tx: sa.Connection, scope: Scope) -> list[Figure]:
    """Every measure of the table over the scope, then each month's tuition batch. Raises Torn outside a snapshot."""
    if tx.scalar(sa.text("SHOW transaction_isolation")) not in _SNAPSHOTS:
        raise Torn("count figures in one REPEATABLE READ transaction (service.report.figures.snapshot)")
    ground = Ground(scope)
    counted = _counted(tx, TABLE, ground)
    for month in tx.scalars(tuition_months(ground)).all():
        counted += _counted(tx, BATCH, Ground(_month(scope, month)), f"@{month:%Y-%m}")
    return counted


def _month(scope: Scope, first: date) -> Scope:
    """One calendar month, as far as the period reaches."""
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return Scope(scope.unit_path, max(scope.start, first), min(scope.end, last))


def _counted(tx: sa.Connection, measures: Sequence[Measure], ground: Ground, suffix: str = "") -> list[Figure]:
    """Every value is computed from the very SELECT that lists its rows; what several stand on is read once for all."""
    found = tx.execute(sa.union_all(*(_sums(measure, ground) for measure in measures))).all()
    by_key: dict[str, list[sa.Row[Any]]] = {measure.key: [] for measure in measures}
    for row in sorted(found, key=lambda row: row.first):
        by_key[row.key].append(row)
    return [each for measure in measures for each in _told(measure, by_key[measure.key], ground.scope, suffix)]


def _sums(measure: Measure, ground: Ground) -> Rows:
    """Of each part of a measure: how many rows, their sum, whether any is unknown, and the id of its first row."""
    rows = measure.rows(ground).subquery("behind")
    total = sa.func.coalesce(sa.func.sum(rows.c.amount), 0)
    return (
        sa.select(sa.literal_column(f"'{measure.key}'").label("key"), rows.c.part, sa.func.count().label("number"))
        .add_columns(sa.cast(total, sa.BigInteger()).label("total"))
        .add_columns(sa.func.bool_or(rows.c.amount.is_(None)).label("unknown"))
        .add_columns(sa.func.min(sa.cast(rows.c.id, sa.Text())).label("first"))
        .group_by(rows.c.part)
    )


def _told(measure: Measure, found: list[sa.Row[Any]], scope: Scope, suffix: str) -> list[Figure]:
    """The figures of one measure, its parts in the order they are told in."""
    order = PARTS.get(measure.split, ())
    found = sorted(found, key=lambda row: order.index(row.part) if row.part in order else len(order))
    told = [_figure(measure, scope, suffix, row.part, row.number, _value(measure, row)) for row in found]
    if measure.small_cells:
        return _without_small_cells(told)
    if not told and not measure.split:
        return [_figure(measure, scope, suffix, None, 0, Quantity(0, _unit(measure, None)))]
    return told


def _unit(measure: Measure, part: str | None) -> Unit:
    return measure.unit or pieces((part or "").rpartition(PIECE)[2])


def _value(measure: Measure, row: sa.Row[Any]) -> Quantity | Several:
    unit = _unit(measure, row.part)
    if measure.unit is None and row.unknown:
        return Several(unit)
    return Quantity(row.total if measure.sums else row.number, unit)


def _figure(
    measure: Measure, scope: Scope, suffix: str, part: str | None, rows: int, value: Quantity | Several
) -> Figure:
    key = f"{measure.key}:{part}" if part is not None else measure.key
    return Figure(key + suffix, measure, part, scope, value.unit, value, rows)


def _without_small_cells(told: list[Figure]) -> list[Figure]:
    shown = suppress_row([figure.amount for figure in told], FLOOR)
    return [figure if count is not None else _withheld(figure) for figure, count in zip(told, shown, strict=True)]


def _withheld(figure: Figure) -> Figure:
    return Figure(figure.key, figure.measure, figure.part, figure.scope, figure.unit, None, None)


def rows_behind(tx: sa.Connection, key: str, scope: Scope, after: UUID | None, size: int) -> Page:
    """The rows that make up the figure `key` over `scope`, by id, `size` rows after `after`.

    The caller must be allowed to read the cases of the scope's unit: this is the list behind a withheld cell, too.
    Raises NoSuchFigure.
    """
    measure, part, narrowed = _asked_for(key, scope)
    behind = measure.rows(Ground(narrowed)).subquery("behind")
    rows = sa.select(behind).where(behind.c.part == part if part is not None else sa.true())
    count = tx.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
    page = rows.order_by(behind.c.id).limit(size + 1)
    found = tx.execute(page.where(behind.c.id > after) if after else page).mappings().all()
    kept = tuple(dict(row) for row in found[:size])
    return Page(kept, kept[-1]["id"] if len(found) > size else None, count)


def _asked_for(key: str, scope: Scope) -> tuple[Measure, str | None, Scope]:
    named, _, month = key.partition("@")
    name, colon, part = named.partition(":")
    measure = MEASURES.get(name)
    if measure is None or bool(measure.split) != bool(colon):
        raise NoSuchFigure(key)
    try:
        narrowed = _month(scope, date.fromisoformat(f"{month}-01")) if month else scope
    except ValueError:
        raise NoSuchFigure(key) from None
    return measure, part if colon else None, narrowed
