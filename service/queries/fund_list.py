"""The list of fund lines: filters, pages, and the pots of all of them together."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import COUNTED, Page, counted, cut
from service.queries.scope import Caller, below, visible_to
from service.tables.funds import fund
from service.tables.units import unit
from workflows.vocabulary import Fen, Pot

FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "year": lambda value: fund.c.year == value,
    "source": lambda value: fund.c.source == value,
    "item": lambda value: sa.literal(value) == sa.any_(fund.c.permitted_items),
}
"""The condition of each filter besides the unit."""


def listed(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select the lines that the list shows under filters, with what each has available as `fen`."""
    return lines_under(conn, caller, filters).with_only_columns(fund.c.id, fund.c.available_fen.label("fen"))


def lines_under(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select the lines that the caller may see under filters."""
    rows = sa.select(fund).where(visible_to(caller, fund.c.unit_path))
    if "unit_id" in filters:
        path = conn.scalar(sa.select(unit.c.path).where(unit.c.id == filters["unit_id"]))
        rows = rows.where(below(fund.c.unit_path, path) if path else sa.false())
    return rows.where(*(FILTERS[name](value) for name, value in filters.items() if name in FILTERS))


def page(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> Page:
    """Return `size` lines that the caller may see, the latest year first, after the key `after`, counted up to `most`."""
    rows = lines_under(conn, caller, filters)
    total = counted(conn, rows.with_only_columns(fund.c.id), most)
    if after is not None:
        year, code, fund_id = after
        later = sa.or_(
            fund.c.year < int(year),
            sa.and_(fund.c.year == int(year), sa.tuple_(fund.c.code, fund.c.id) > sa.tuple_(code, UUID(fund_id))),
        )
        rows = rows.where(later)
    ordered = rows.order_by(fund.c.year.desc(), fund.c.code, fund.c.id).limit(size + 1)
    page_rows, last = cut([dict(row) for row in conn.execute(ordered).mappings()], size)
    key = [str(last["year"]), last["code"], str(last["id"])] if last else None
    return Page(page_rows, total.value, key, total.is_capped)


def sums(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> Mapping[Pot, Fen]:
    """Return the pots (fen) of all lines that the list shows, added up."""
    columns = (
        sa.cast(sa.func.coalesce(sa.func.sum(fund.c[f"{pot.value}_fen"]), 0), sa.BigInteger).label(pot.value)
        for pot in Pot
    )
    row = conn.execute(lines_under(conn, caller, filters).with_only_columns(*columns)).one()
    return {pot: Fen(getattr(row, pot.value)) for pot in Pot}


def years(conn: sa.Connection, caller: Caller) -> list[int]:
    """Return the years of the caller's lines, the latest first."""
    rows = sa.select(fund.c.year).distinct().where(visible_to(caller, fund.c.unit_path))
    return list(conn.scalars(rows.order_by(fund.c.year.desc())))
