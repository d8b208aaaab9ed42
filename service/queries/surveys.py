"""Survey visits of a household, by any of its cases."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.tables.visits import visit


def latest_survey(conn: sa.Connection, household_id: UUID) -> Mapping[str, Any] | None:
    """Return the day of the survey visit recorded last, and what it saw (None before that was kept)."""
    surveys = sa.select(visit.c.on, visit.c.seen).where(visit.c.household_id == household_id, visit.c.kind == "survey")
    row = conn.execute(surveys.order_by(visit.c.id.desc()).limit(1)).mappings().one_or_none()
    return dict(row) if row is not None else None
