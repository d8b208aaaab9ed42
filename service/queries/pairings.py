"""The pairings of a household."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.tables.pairings import pairing


def of_household(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return every pairing of a household, oldest first, voided ones included."""
    rows = sa.select(pairing).where(pairing.c.household_id == household_id).order_by(pairing.c.id)
    return [dict(row) for row in conn.execute(rows).mappings()]
