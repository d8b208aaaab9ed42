"""The union tree as its people see it."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.units import unit
from workflows.vocabulary import Role

_ANY = frozenset(Role)


def visible_units(conn: sa.Connection, caller: Caller) -> list[dict[str, Any]]:
    """The units under any of the caller's grants, each above those below it."""
    rows = sa.select(unit).where(visible_to(caller, unit.c.path, _ANY)).order_by(unit.c.path)
    return [dict(row) for row in conn.execute(rows).mappings()]


def one(conn: sa.Connection, unit_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """One unit, or None when the caller has no grant over it."""
    rows = sa.select(unit).where(unit.c.id == unit_id, visible_to(caller, unit.c.path, _ANY))
    row = conn.execute(rows).mappings().one_or_none()
    return dict(row) if row is not None else None
