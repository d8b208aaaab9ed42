"""Fund allocations in force, and how much a unit may still draw under them."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import CASE_READERS, Caller, path_end
from service.tables.cases import case
from service.tables.fund_allocations import fund_allocation
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.ledger import ledger_entry
from service.tables.units import unit
from workflows.vocabulary import Fen, Pot

_allocated_path = fund_allocation.c.unit_path


def in_force(on: date) -> sa.ColumnElement[bool]:
    """Return the condition for allocations in force on `on`: begun, not over, not closed earlier."""
    not_closed = sa.or_(fund_allocation.c.closed_on.is_(None), fund_allocation.c.closed_on > on)
    return sa.and_(fund_allocation.c.from_on <= on, fund_allocation.c.until_on >= on, not_closed)


def reaches(unit_path: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return the condition for allocations to the unit at `unit_path`.

    An allocation reaches its own unit and, `with_below`, the units below it.
    """
    below = sa.and_(fund_allocation.c.with_below, unit_path >= _allocated_path, unit_path < _path_end(_allocated_path))
    return sa.or_(_allocated_path == unit_path, below)


def _path_end(path: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.func.left(path, -1).concat("0")


def _in_period(on: sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """Return the condition for a day of the allocation; the day on which it was closed is its last."""
    last_day = sa.func.least(fund_allocation.c.until_on, fund_allocation.c.closed_on)  # least() leaves nulls out
    return on.between(fund_allocation.c.from_on, last_day)


def _drawn_in_period() -> sa.ColumnElement[bool]:
    """Return the condition for an entry of money that came back: it had been drawn in the period of the allocation."""
    earlier = ledger_entry.alias("drawn_earlier")
    same = sa.and_(earlier.c.subject_id == ledger_entry.c.subject_id, earlier.c.fund_id == ledger_entry.c.fund_id)
    before = sa.and_(earlier.c.seq < ledger_entry.c.seq, earlier.c.source_pot == Pot.AVAILABLE.value)
    return sa.exists().where(same, before, _in_period(earlier.c.on)).correlate(ledger_entry, fund_allocation)


def _drawn() -> sa.ScalarSelect[int]:
    """Select what the units an allocation reaches have drawn in its period (fen), less what of it came back in it."""
    spending_path = sa.func.coalesce(case.c.unit_path, gift.c.unit_path)
    signed_fen = sa.case(
        (ledger_entry.c.source_pot == Pot.AVAILABLE.value, ledger_entry.c.fen), else_=-ledger_entry.c.fen
    )
    drawn_fen = sa.cast(sa.func.coalesce(sa.func.sum(signed_fen), 0), sa.BigInteger)
    came_back = sa.and_(ledger_entry.c.target_pot == Pot.AVAILABLE.value, _drawn_in_period())
    moves_available = sa.or_(ledger_entry.c.source_pot == Pot.AVAILABLE.value, came_back)
    rows = (
        sa.select(drawn_fen)
        .select_from(ledger_entry)
        .outerjoin(case, case.c.id == ledger_entry.c.case_id)
        .outerjoin(gift, gift.c.id == ledger_entry.c.subject_id)
        .where(ledger_entry.c.fund_id == fund_allocation.c.fund_id, moves_available, reaches(spending_path))
        .where(_in_period(ledger_entry.c.on))
    )
    return rows.correlate(fund_allocation).scalar_subquery()


def remaining_allocations(conn: sa.Connection, fund_id: UUID, unit_path: str, on: date) -> dict[UUID, Fen | None]:
    """Return the allocations of a fund line that reach the unit on the day, by id: what is left (fen), None for no ceiling."""
    rest = sa.case((fund_allocation.c.ceiling_fen.is_not(None), fund_allocation.c.ceiling_fen - _drawn()))
    reaching = sa.and_(in_force(on), reaches(sa.literal(unit_path)))
    rows = sa.select(fund_allocation.c.id, rest.label("rest")).where(fund_allocation.c.fund_id == fund_id, reaching)
    return {row.id: None if row.rest is None else Fen(row.rest) for row in conn.execute(rows)}


_SHOWN = (
    *(
        fund_allocation.c[name]
        for name in ("id", "fund_id", "unit_id", "with_below", "from_on", "until_on", "ceiling_fen")
    ),
    *(fund_allocation.c[name] for name in ("document", "closed_on")),
    unit.c.name.label("unit_name"),
    _drawn().label("drawn_fen"),
)


def allocations_of(conn: sa.Connection, fund_id: UUID) -> list[dict[str, Any]]:
    """Return every allocation of a fund, oldest first, with what was drawn under it (fen)."""
    rows = sa.select(*_SHOWN).join(unit, unit.c.id == fund_allocation.c.unit_id)
    allocations = rows.where(fund_allocation.c.fund_id == fund_id).order_by(fund_allocation.c.id)
    return [dict(row) for row in conn.execute(allocations).mappings()]


def one(conn: sa.Connection, allocation_id: UUID) -> dict[str, Any] | None:
    """Return an allocation, or None; whether the caller may see it is asked of its fund line."""
    rows = sa.select(*_SHOWN).join(unit, unit.c.id == fund_allocation.c.unit_id)
    row = conn.execute(rows.where(fund_allocation.c.id == allocation_id)).mappings().one_or_none()
    return dict(row) if row is not None else None


def allocated_to(conn: sa.Connection, caller: Caller, on: date) -> list[dict[str, Any]]:
    """Return funds of units above that are allocated to the caller's units on a day, without their balance."""
    owner = unit.alias("owner")
    reaching = (
        _reaches_subtree(path) for path in sorted({held.unit_path for held in caller.held if held.role in CASE_READERS})
    )
    fund_columns = ("code", "title", "source", "year", "permitted_items", "categories", "opens_on", "expires_on")
    rows = (
        sa.select(*_SHOWN, owner.c.name.label("owner_name"), *(fund.c[name] for name in fund_columns))
        .join(unit, unit.c.id == fund_allocation.c.unit_id)
        .join(fund, fund.c.id == fund_allocation.c.fund_id)
        .join(owner, owner.c.id == fund.c.unit_id)
        .where(in_force(on), sa.or_(sa.false(), *reaching))
        .order_by(fund.c.year, fund.c.code, fund_allocation.c.id)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]


def _reaches_subtree(path: str) -> sa.ColumnElement[bool]:
    """Return the condition for allocations that reach the unit at `path`, or a unit below it."""
    below = sa.and_(_allocated_path >= path, _allocated_path < path_end(path))
    return sa.or_(below, reaches(sa.literal(path)))
