"""Looking at unmasked personal data: allowed for a purpose, and never without an event (domain/7)."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import trail
from service.actions.authority import need
from service.actions.trail import Asked, Unknown
from service.queries import households, masked
from workflows.terms import Role

LOOKERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER)


def reveal(tx: sa.Connection, person_id: UUID, purpose: str, asked: Asked) -> dict[str, Any]:
    """The full values of one person. Raises Unknown, Refused (role_missing)."""
    row = households.person_seen(tx, person_id, asked.caller, lock=True)
    if row is None or not row["active"]:
        raise Unknown
    right = need(asked, LOOKERS, row["unit_path"])
    trail.append(tx, "person", person_id, "reveal", {"purpose": purpose, **right}, asked)
    kept = {key: row[key] for key in ("id", "household_id", "relation", "student_stage", "version")}
    return kept | masked.opened(asked.ring, row)
