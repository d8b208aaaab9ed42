"""This module counts all figures of a section and lists the rows of one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import cut
from service.queries.scope import AskedUnit, path_end
from service.report.figure import Figure
from service.report.figure_definition import (
    GOODS_UNIT_SEPARATOR,
    PARTS,
    ROW_COLUMNS,
    AskedScope,
    FigureDefinition,
    FigureRows,
    Scope,
    SharedRows,
)
from service.report.figure_definitions import BATCH_FIGURES, BATCH_HOUSEHOLDS, FIGURE_DEFINITIONS, TABLE
from service.report.small_cells import protect, shown_months
from workflows.wording import Quantity, Several, Unit, pieces

_SNAPSHOTS = frozenset({"repeatable read", "serializable"})

# With PostgreSQL's default of 4 MB the sorts of a county spill to disk.
WORK_MEM = "64MB"
"""Memory of one sort or hash of a report."""

# One statement counts all figures; for a province it takes longer than the timeout of a case's action.
STATEMENT_TIMEOUT = "300s"
"""Longest time of one statement of a report."""


class SnapshotLost(RuntimeError):
    """The transaction may see later commits between two figures: it was not opened with `snapshot`."""


class NoSuchFigure(LookupError):
    """There is no figure with this key, or a part is missing or not wanted in it."""


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a read-only REPEATABLE READ transaction, in which all figures are counted as of one moment."""
    with engine.connect() as connection:
        conn = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        conn.execute(sa.text(f"SET LOCAL work_mem = '{WORK_MEM}'; SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
        yield conn


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a figure's rows with id, reference, on, unit, amount and part; `next` is the next cursor."""

    rows: tuple[Mapping[str, Any], ...]
    next: UUID | None
    count: int
    """Number of all rows; equal to the figure where rows are counted."""


def figures(conn: sa.Connection, scope: Scope) -> list[Figure]:
    """Return all figures of the scope, then those of each month's tuition batch.

    Raises SnapshotLost outside a REPEATABLE READ transaction.
    """
    if conn.scalar(sa.text("SHOW transaction_isolation")) not in _SNAPSHOTS:
        raise SnapshotLost("count figures in one REPEATABLE READ transaction (service.report.figures.snapshot)")
    sum_rows = conn.execute(sums(), asked(scope)).all()
    counted = [figure for measure in TABLE for figure in _figures_of(measure, sum_rows, scope)]
    for month in _shown_months(sum_rows):
        batch = _month(scope, month)
        counted += [figure for measure in BATCH_FIGURES for figure in _figures_of(measure, sum_rows, batch, month)]
    return protect(counted)


def _shown_months(sum_rows: Sequence[Any]) -> list[date]:
    """Return the first days of the months whose tuition batch is shown."""
    families = {row.month: row.number for row in sum_rows if row.key == BATCH_HOUSEHOLDS.key}
    total = families.pop(None, 0)
    return shown_months(families, total)


@cache
def sums() -> sa.CompoundSelect[Any]:
    """Return one statement that counts every figure of a scope and of each of its months; its values are of `asked`."""
    # Built once: building it takes longer than PostgreSQL needs for a county.
    text, day = sa.Text(), sa.Date()
    unit = AskedUnit(sa.bindparam("path", type_=text), sa.bindparam("path_end", type_=text))
    shared = SharedRows(AskedScope(unit, sa.bindparam("first", type_=day), sa.bindparam("last", type_=day)))
    selects = [_sums(measure, shared) for measure in TABLE]
    selects += [_sums(measure, shared.by_month()) for measure in BATCH_FIGURES]
    return sa.union_all(*selects)


def asked(scope: Scope) -> dict[str, object]:
    """Return the values of `sums` for a scope."""
    path = scope.unit_path
    return {"path": path, "path_end": path_end(path), "first": scope.start, "last": scope.end}


def _month(scope: Scope, first: date) -> Scope:
    """Return the scope of one calendar month, cut to the period."""
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return Scope(scope.unit_path, max(scope.start, first), min(scope.end, last))


def _sums(measure: FigureDefinition, shared: SharedRows) -> FigureRows:
    """Select per part, and per month where asked: number of rows and of families, sum, whether an amount is unknown.

    The SELECT that lists the rows of a figure is the one that is summed.
    """
    rows = measure.rows(shared).subquery("figure_rows")
    total = sa.cast(sa.func.coalesce(sa.func.sum(rows.c.amount), 0), sa.BigInteger())
    first = sa.func.min(sa.cast(rows.c.id, sa.Text())) if measure.split else sa.cast(sa.null(), sa.Text())
    month = rows.c.month if shared.monthly else sa.cast(sa.null(), sa.Date())
    return (
        sa.select(sa.literal_column(f"'{measure.key}'").label("key"), month.label("month"), rows.c.part)
        .add_columns(sa.func.count().label("number"), total.label("total"), first.label("first"))
        .add_columns(sa.func.bool_or(rows.c.amount.is_(None)).label("unknown"), _families(rows).label("families"))
        .group_by(rows.c.part, *([rows.c.month] if shared.monthly else []))
    )


def _families(rows: sa.Subquery) -> sa.ColumnElement[int]:
    """Count the distinct families behind sums of money; 0 for other figures."""
    return sa.func.count(sa.distinct(rows.c.family)) if "family" in rows.c else sa.literal_column("0")


def _figures_of(
    measure: FigureDefinition, sum_rows: Sequence[Any], scope: Scope, month: date | None = None
) -> list[Figure]:
    """Return the figures of one definition, its parts in the order of PARTS, then by first id."""
    order, suffix = PARTS.get(measure.split, ()), f"@{month:%Y-%m}" if month else ""
    own = sorted(
        (row for row in sum_rows if (row.key, row.month) == (measure.key, month)), key=lambda row: row.first or ""
    )
    own.sort(key=lambda row: order.index(row.part) if row.part in order else len(order))
    parts = [_figure(measure, scope, suffix, row.part, _value(measure, row), row) for row in own]
    if not parts and not measure.split:
        return [_figure(measure, scope, suffix, None, Quantity(0, _unit(measure, None)))]
    return parts


def _unit(measure: FigureDefinition, part: str | None) -> Unit:
    return measure.unit or pieces((part or "").rpartition(GOODS_UNIT_SEPARATOR)[2])


def _value(measure: FigureDefinition, row: sa.Row[Any]) -> Quantity | Several:
    unit = _unit(measure, row.part)
    if measure.unit is None and row.unknown:
        return Several(unit)
    return Quantity(row.total if measure.sums else row.number, unit)


def _figure(
    measure: FigureDefinition, scope: Scope, suffix: str, part: str | None, value: Quantity | Several, row: Any = None
) -> Figure:
    key = f"{measure.key}:{part}" if part is not None else measure.key
    counts = (row.number, row.families) if row is not None else (0, 0)
    return Figure(key + suffix, measure, part, scope, value.unit, value, *counts)


def rows_behind(conn: sa.Connection, key: str, scope: Scope, after: UUID | None, size: int) -> Page:
    """Return `size` rows of the figure `key` over `scope`, by id, after the row `after`.

    Withheld figures are listed too, so the caller must be allowed to read the cases of the scope's unit.
    Raises NoSuchFigure.
    """
    measure, part, narrowed = _parse_key(key, scope)
    figure_rows = measure.rows(SharedRows(narrowed)).subquery("figure_rows")
    columns = [figure_rows.c[name] for name in ROW_COLUMNS]
    rows = sa.select(*columns).where(figure_rows.c.part == part if part is not None else sa.true())
    count = conn.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
    page = rows.order_by(figure_rows.c.id).limit(size + 1)
    mappings = conn.execute(page.where(figure_rows.c.id > after) if after else page).mappings()
    shown, last = cut([dict(row) for row in mappings], size)
    return Page(tuple(shown), last["id"] if last else None, count)


def definition_of(key: str) -> tuple[FigureDefinition, str | None]:
    """Return the definition and the part of a figure. Raises NoSuchFigure."""
    name, colon, part = key.partition("@")[0].partition(":")
    measure = FIGURE_DEFINITIONS.get(name)
    if measure is None or bool(measure.split) != bool(colon):
        raise NoSuchFigure(key)
    return measure, part if colon else None


def _parse_key(key: str, scope: Scope) -> tuple[FigureDefinition, str | None, Scope]:
    (measure, part), month = definition_of(key), key.partition("@")[2]
    try:
        narrowed = _month(scope, date.fromisoformat(f"{month}-01")) if month else scope
    except ValueError:
        raise NoSuchFigure(key) from None
    return measure, part, narrowed
