"""The pairings of a household, and one of them."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.households import household
from service.tables.pairings import pairing


def of_household(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return every pairing of a household, oldest first, voided ones included."""
    rows = sa.select(pairing).where(pairing.c.household_id == household_id).order_by(pairing.c.id)
    return [dict(row) for row in conn.execute(rows).mappings()]


def one(conn: sa.Connection, pairing_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return a pairing, or None when the caller may not see its family."""
    rows = sa.select(pairing).join(household, household.c.id == pairing.c.household_id)
    seen = rows.where(pairing.c.id == pairing_id, visible_to(caller, household.c.unit_path))
    row = conn.execute(seen).mappings().one_or_none()
    return dict(row) if row is not None else None
