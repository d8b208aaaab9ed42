"""Whether a line of a unit above is open to a unit, and how much of it that unit may still draw."""

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

_open_path = fund_allocation.c.unit_path


def in_force(on: date) -> sa.ColumnElement[bool]:
    """Openings that hold on `on`: begun, not over, not closed before their end."""
    not_closed = sa.or_(fund_allocation.c.closed_on.is_(None), fund_allocation.c.closed_on > on)
    return sa.and_(fund_allocation.c.from_on <= on, fund_allocation.c.until_on >= on, not_closed)


def reaches(unit_path: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Openings to the unit at `unit_path`: to itself, or to one above it and the units below that one."""
    below = sa.and_(fund_allocation.c.with_below, unit_path >= _open_path, unit_path < _end(_open_path))
    return sa.or_(_open_path == unit_path, below)


def _end(path: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.func.left(path, -1).concat("0")


def _drawn() -> sa.ScalarSelect[int]:
    """What units the opening reaches have drawn from the line in its time (fen), less what came back."""
    home = sa.func.coalesce(case.c.unit_path, gift.c.unit_path)
    moved = sa.case((ledger_entry.c.source_pot == Pot.AVAILABLE.value, ledger_entry.c.fen), else_=-ledger_entry.c.fen)
    fen = sa.cast(sa.func.coalesce(sa.func.sum(moved), 0), sa.BigInteger)
    available = sa.or_(
        ledger_entry.c.source_pot == Pot.AVAILABLE.value, ledger_entry.c.target_pot == Pot.AVAILABLE.value
    )
    rows = (
        sa.select(fen)
        .select_from(ledger_entry)
        .outerjoin(case, case.c.id == ledger_entry.c.case_id)
        .outerjoin(gift, gift.c.id == ledger_entry.c.subject_id)
        .where(ledger_entry.c.fund_id == fund_allocation.c.fund_id, available, reaches(home))
        .where(ledger_entry.c.on.between(fund_allocation.c.from_on, fund_allocation.c.until_on))
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
    """Every opening of a line, oldest first, with what was drawn under it (fen)."""
    rows = sa.select(*_SHOWN).join(unit, unit.c.id == fund_allocation.c.unit_id)
    found = rows.where(fund_allocation.c.fund_id == fund_id).order_by(fund_allocation.c.id)
    return [dict(row) for row in conn.execute(found).mappings()]


def allocated_to(conn: sa.Connection, caller: Caller, on: date) -> list[dict[str, Any]]:
    """Lines of units above that are open to the caller's units on a day: what they are for, and never their balance."""
    owner = unit.alias("owner")
    mine = (_meets(path) for path in sorted({held.unit_path for held in caller.held if held.role in CASE_READERS}))
    lines = ("code", "title", "source", "year", "permitted_items", "categories", "opens_on", "expires_on")
    rows = (
        sa.select(*_SHOWN, owner.c.name.label("owner_name"), *(fund.c[name] for name in lines))
        .join(unit, unit.c.id == fund_allocation.c.unit_id)
        .join(fund, fund.c.id == fund_allocation.c.fund_id)
        .join(owner, owner.c.id == fund.c.unit_id)
        .where(in_force(on), sa.or_(sa.false(), *mine))
        .order_by(fund.c.year, fund.c.code, fund_allocation.c.id)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]


def _meets(path: str) -> sa.ColumnElement[bool]:
    """The opening reaches the unit at `path`, or one below it."""
    below = sa.and_(_open_path >= path, _open_path < path_end(path))
    return sa.or_(below, reaches(sa.literal(path)))
