"""Every figure of a section, counted in one snapshot, and the list of rows behind any one of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import cut
from service.report.figure_definition import (
    PARTS,
    PIECE,
    SMALL_CELL_THRESHOLD,
    FigureDefinition,
    Rows,
    Scope,
    SharedRows,
)
from service.report.figure_definitions import BATCH, FIGURE_DEFINITIONS, REACHED, TABLE
from workflows.disclosure import suppress_row
from workflows.wording import Quantity, Several, Unit, pieces

_SNAPSHOTS = frozenset({"repeatable read", "serializable"})


WORK_MEM = "64MB"
"""What a report may sort and keep in memory; a county's files do not fit into PostgreSQL's 4 MB and went by way of a disk."""


STATEMENT_TIMEOUT = "300s"
"""A report asks for all its figures in one statement; that of a province may take longer than a step of a case may."""


class SnapshotLost(RuntimeError):
    """The transaction may see later commits between two figures; open it with `snapshot`."""


class NoSuchFigure(LookupError):
    """No measure of this key, or a split measure asked for without its part."""


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A read-only REPEATABLE READ transaction: every figure of a section is counted from the same moment."""
    with engine.connect() as connection:
        conn = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        conn.execute(sa.text(f"SET LOCAL work_mem = '{WORK_MEM}'; SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
        yield conn


@dataclass(frozen=True, slots=True)
class Figure:
    """An exact value with what it counts; `value` and `rows` are None where the cell is too small to be told.

    `key` is the measure's key, with `:part` when it is split and `@2025-08` when it is told of one month's batch.
    """

    key: str
    measure: FigureDefinition
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


def figures(conn: sa.Connection, scope: Scope) -> list[Figure]:
    """Every measure of the table over the scope, then each month's tuition batch. Raises Torn outside a snapshot."""
    if conn.scalar(sa.text("SHOW transaction_isolation")) not in _SNAPSHOTS:
        raise SnapshotLost("count figures in one REPEATABLE READ transaction (service.report.figures.snapshot)")
    found = conn.execute(sums(scope)).all()
    counted = [figure for measure in TABLE for figure in _named_sums(measure, found, scope)]
    for month in sorted(
        {row.month for row in found if row.key == REACHED.key and row.month and row.number >= SMALL_CELL_THRESHOLD}
    ):
        batch = _month(scope, month)
        counted += [figure for measure in BATCH for figure in _named_sums(measure, found, batch, month)]
    return counted


def sums(scope: Scope) -> sa.CompoundSelect[Any]:
    """The one statement that counts every figure of a scope, and of each of its months."""
    ground = SharedRows(scope)
    context = [(measure, ground) for measure in TABLE] + [(measure, ground.by_month()) for measure in BATCH]
    return sa.union_all(*(_sums(*each) for each in context))


def _month(scope: Scope, first: date) -> Scope:
    """One calendar month, as far as the period reaches."""
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return Scope(scope.unit_path, max(scope.start, first), min(scope.end, last))


def _sums(measure: FigureDefinition, ground: SharedRows) -> Rows:
    """Of each part, and each month if they are told so: how many rows, their sum, whether any is unknown, the first id.

    Every value is computed from the very SELECT that lists its rows; what several stand on is read once for all.
    """
    rows = measure.rows(ground).subquery("behind")
    total = sa.cast(sa.func.coalesce(sa.func.sum(rows.c.amount), 0), sa.BigInteger())
    first = sa.func.min(sa.cast(rows.c.id, sa.Text())) if measure.split else sa.cast(sa.null(), sa.Text())
    month = rows.c.month if ground.monthly else sa.cast(sa.null(), sa.Date())
    return (
        sa.select(sa.literal_column(f"'{measure.key}'").label("key"), month.label("month"), rows.c.part)
        .add_columns(sa.func.count().label("number"), total.label("total"), first.label("first"))
        .add_columns(sa.func.bool_or(rows.c.amount.is_(None)).label("unknown"))
        .group_by(rows.c.part, *([rows.c.month] if ground.monthly else []))
    )


def _named_sums(
    measure: FigureDefinition, found: Sequence[Any], scope: Scope, month: date | None = None
) -> list[Figure]:
    """The figures of one measure, its parts in the order they are told in, then in the order they were recorded."""
    order, suffix = PARTS.get(measure.split, ()), f"@{month:%Y-%m}" if month else ""
    own = sorted(
        (row for row in found if (row.key, row.month) == (measure.key, month)), key=lambda row: row.first or ""
    )
    own.sort(key=lambda row: order.index(row.part) if row.part in order else len(order))
    told = [_figure(measure, scope, suffix, row.part, row.number, _value(measure, row)) for row in own]
    if measure.small_cells:
        return _without_small_cells(told)
    if not told and not measure.split:
        return [_figure(measure, scope, suffix, None, 0, Quantity(0, _unit(measure, None)))]
    return told


def _unit(measure: FigureDefinition, part: str | None) -> Unit:
    return measure.unit or pieces((part or "").rpartition(PIECE)[2])


def _value(measure: FigureDefinition, row: sa.Row[Any]) -> Quantity | Several:
    unit = _unit(measure, row.part)
    if measure.unit is None and row.unknown:
        return Several(unit)
    return Quantity(row.total if measure.sums else row.number, unit)


def _figure(
    measure: FigureDefinition, scope: Scope, suffix: str, part: str | None, rows: int, value: Quantity | Several
) -> Figure:
    key = f"{measure.key}:{part}" if part is not None else measure.key
    return Figure(key + suffix, measure, part, scope, value.unit, value, rows)


def _without_small_cells(told: list[Figure]) -> list[Figure]:
    shown = suppress_row([figure.amount for figure in told], SMALL_CELL_THRESHOLD)
    return [figure if count is not None else _withheld(figure) for figure, count in zip(told, shown, strict=True)]


def _withheld(figure: Figure) -> Figure:
    return Figure(figure.key, figure.measure, figure.part, figure.scope, figure.unit, None, None)


def rows_behind(conn: sa.Connection, key: str, scope: Scope, after: UUID | None, size: int) -> Page:
    """The rows that make up the figure `key` over `scope`, by id, `size` rows after `after`.

    The caller must be allowed to read the cases of the scope's unit: this is the list behind a withheld cell, too.
    Raises NoSuchFigure.
    """
    measure, part, narrowed = _asked_for(key, scope)
    behind = measure.rows(SharedRows(narrowed)).subquery("behind")
    rows = sa.select(behind).where(behind.c.part == part if part is not None else sa.true())
    count = conn.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
    page = rows.order_by(behind.c.id).limit(size + 1)
    found = conn.execute(page.where(behind.c.id > after) if after else page).mappings()
    shown, last = cut([dict(row) for row in found], size)
    return Page(tuple(shown), last["id"] if last else None, count)


def _asked_for(key: str, scope: Scope) -> tuple[FigureDefinition, str | None, Scope]:
    named, _, month = key.partition("@")
    name, colon, part = named.partition(":")
    measure = FIGURE_DEFINITIONS.get(name)
    if measure is None or bool(measure.split) != bool(colon):
        raise NoSuchFigure(key)
    try:
        narrowed = _month(scope, date.fromisoformat(f"{month}-01")) if month else scope
    except ValueError:
        raise NoSuchFigure(key) from None
    return measure, part if colon else None, narrowed
