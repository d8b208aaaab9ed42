"""The units of the union's tree that a caller may see."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.scope import Caller, below, ranges, visible_by_name, visible_to
from service.tables.units import unit
from workflows.vocabulary import Role

_ALL_ROLES = frozenset(Role)


def visible_units(conn: sa.Connection, caller: Caller) -> list[dict[str, Any]]:
    """Return the units under any of the caller's grants, each before the units below it."""
    return _VISIBLE.dicts(conn, ranges(caller, _ALL_ROLES))


_VISIBLE = PreparedStatement(sa.select(unit).where(visible_by_name(unit.c.path)).order_by(unit.c.path))


def division_of(conn: sa.Connection, unit_id: UUID) -> str:
    """Return the division code of a unit that the caller has been allowed to see already."""
    return str(conn.scalars(sa.select(unit.c.division).where(unit.c.id == unit_id)).one())


def one(conn: sa.Connection, unit_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return one unit, or None when the caller has no grant over it."""
    rows = sa.select(unit).where(unit.c.id == unit_id, visible_to(caller, unit.c.path, _ALL_ROLES))
    row = conn.execute(rows).mappings().one_or_none()
    return dict(row) if row is not None else None


def in_unit(conn: sa.Connection, column: sa.ColumnElement[str], unit_id: UUID) -> sa.ColumnElement[bool]:
    """Return the condition for rows of a unit and of the units below it; no row for an unknown unit."""
    # Without a literal path the planner cannot estimate the rows (docs/decisions/0016).
    path = conn.scalar(sa.select(unit.c.path).where(unit.c.id == unit_id))
    return below(column, path) if path else sa.false()
