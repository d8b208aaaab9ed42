"""Looking at unmasked personal data: allowed for a purpose, and never without an event (domain/7)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import trail
from service.actions.authority import need
from service.actions.trail import Asked, Unknown
from service.queries import households, masked
from service.tables.events import event
from service.tables.people import person
from workflows.terms import Role

MATCHED = "match_number"
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


def matches_since(tx: sa.Connection, account_id: UUID, since: datetime) -> int:
    """How often an account has heard since an instant that somebody's number is in a file."""
    heard = sa.and_(event.c.actor_id == account_id, event.c.action == MATCHED, event.c.at >= since)
    return tx.scalar(sa.select(sa.func.count()).where(heard)) or 0


def record_match(tx: sa.Connection, persons: Iterable[UUID], asked: Asked) -> None:
    """Keep with each person's file who was told that it exists, and nothing of what was asked."""
    for person_id in sorted(persons):
        tx.execute(sa.select(person.c.id).where(person.c.id == person_id).with_for_update(key_share=True))
        trail.append(tx, "person", person_id, MATCHED, {}, asked)
