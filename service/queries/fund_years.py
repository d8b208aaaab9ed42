"""The statement of fund lines for a year: expected, carried in, received, paid, and what is left and carried over."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from service.queries.fund_list import lines_under
from service.queries.page import COUNTED, Page, counted, cut
from service.queries.scope import Caller
from service.tables.funds import fund
from service.tables.ledger import ledger_entry
from workflows.vocabulary import Fen, Pot

HELD = (Pot.AVAILABLE, Pot.COMMITTED, Pot.IN_TRANSIT, Pot.RECOVERING)
"""The pots whose money is carried from one year into the next."""

EXPECTED = "expected"
SUMS = (EXPECTED, "carried_in", "received", "paid", "written_off", "committed", "left", "carried_over")
"""The sums of a line and year. carried_in + received − paid − written_off = carried_over, of which committed and left."""


def page(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> Page:
    """Return `size` lines with their sums (fen) in `filters["year"]`, by code, after the key `after`."""
    rows = statement(conn, caller, filters).subquery("rows")
    total = counted(conn, sa.select(rows.c.id), most)
    order = (rows.c.code, rows.c.year, rows.c.id)
    following = sa.select(rows)
    if after is not None:
        following = following.where(sa.tuple_(*order) > sa.tuple_(after[0], int(after[1]), sa.cast(after[2], sa.Uuid)))
    found = conn.execute(following.order_by(*order).limit(size + 1)).mappings()
    page_rows, last = cut([dict(row) for row in found], size)
    key = [last["code"], str(last["year"]), str(last["id"])] if last else None
    return Page(page_rows, total.value, key, total.is_capped)


def sums(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> Mapping[str, Fen]:
    """Return the sums (fen) of all lines of the statement; without EXPECTED where no document names a sum."""
    rows = statement(conn, caller, filters).subquery("rows")
    columns = (sa.cast(sa.func.sum(rows.c[name]), sa.BigInteger).label(name) for name in SUMS)
    row = conn.execute(sa.select(*columns)).mappings().one()
    return {name: Fen(row[name] or 0) for name in SUMS if name != EXPECTED or row[name] is not None}


def statement(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select each line of the year, and each older one that still held money or moved some in it, with its sums."""
    year = filters["year"]
    first, last = date(year, 1, 1), date(year, 12, 31)
    lines = lines_under(conn, caller, {name: value for name, value in filters.items() if name != "year"})
    its = lines.where(fund.c.year <= year).subquery("its")
    moved = _moved(its, first, last).subquery("moved")
    columns = {name: sa.func.coalesce(moved.c[name], 0) for name in SUMS if name != EXPECTED}
    live = sa.or_(
        its.c.year == year, *(columns[name] != 0 for name in ("carried_in", "received", "paid", "written_off"))
    )
    expected = sa.case((its.c.year == year, its.c.expected_fen)).label(EXPECTED)
    return (
        sa.select(its.c.id, its.c.unit_id, its.c.code, its.c.year, its.c.title, its.c.source, its.c.document, expected)
        .add_columns(*(column.label(name) for name, column in columns.items()))
        .outerjoin_from(its, moved, moved.c.fund_id == its.c.id)
        .where(live)
    )


def _moved(lines: sa.Subquery, first: date, last: date) -> sa.Select[Any]:
    """Select the sums of each line from its entries: up to the year, in it, and at its end."""
    entry = ledger_entry.c
    before, within = entry.on < first, entry.on >= first
    received = _sum(sa.case((within, -_added((Pot.OUTSIDE,)))))
    return (
        sa.select(entry.fund_id, received.label("received"))
        .add_columns(_sum(sa.case((before, _added(HELD)))).label("carried_in"))
        .add_columns(_sum(sa.case((within, _added((Pot.PAID,))))).label("paid"))
        .add_columns(_sum(sa.case((within, _added((Pot.WRITTEN_OFF,))))).label("written_off"))
        .add_columns(_sum(_added((Pot.COMMITTED,))).label("committed"))
        .add_columns(_sum(_added((Pot.AVAILABLE,))).label("left"))
        .add_columns(_sum(_added(HELD)).label("carried_over"))
        .where(entry.fund_id.in_(sa.select(lines.c.id)), entry.on <= last)
        .group_by(entry.fund_id)
    )


def _added(pots: tuple[Pot, ...]) -> sa.ColumnElement[int]:
    """Return what an entry adds to some pots together (fen); less than zero when it takes from them."""
    into, out_of = (
        column.in_([pot.value for pot in pots]) for column in (ledger_entry.c.target_pot, ledger_entry.c.source_pot)
    )
    fen = ledger_entry.c.fen
    return sa.case((into, fen), else_=0) - sa.case((out_of, fen), else_=0)


def _sum(of: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(of), 0), sa.BigInteger)
