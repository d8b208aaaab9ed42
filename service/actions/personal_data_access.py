"""Looking at unmasked personal data: allowed for a purpose, and never without an event (domain/7)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role
from service.queries import households, masking
from service.tables.events import event
from service.tables.persons import person
from workflows.vocabulary import Role

DISCLOSED_MATCH = "match_number"
REVEALERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER)


def reveal_personal_data(conn: sa.Connection, person_id: UUID, purpose: str, context: ActionContext) -> dict[str, Any]:
    """The full values of one person. Raises Unknown, Refused (role_missing)."""
    row = households.person_seen(conn, person_id, context.caller, lock=True)
    if row is None or not row["active"]:
        raise NotFound
    right = require_role(context, REVEALERS, row["unit_path"])
    event_log.append_event(conn, "person", person_id, "reveal", {"purpose": purpose, **right}, context)
    kept = {key: row[key] for key in ("id", "household_id", "relation", "student_stage", "version")}
    return kept | masking.revealed(context.keyring, row)


def count_disclosed_matches(conn: sa.Connection, account_id: UUID, since: datetime) -> int:
    """How often an account has heard since an instant that somebody's number is in a file."""
    heard = sa.and_(event.c.actor_id == account_id, event.c.action == DISCLOSED_MATCH, event.c.at >= since)
    return conn.scalar(sa.select(sa.func.count()).where(heard)) or 0


def record_disclosed_match(conn: sa.Connection, persons: Iterable[UUID], context: ActionContext) -> None:
    """Keep with each person's file who was told that it exists, and nothing of what was asked."""
    for person_id in sorted(persons):
        conn.execute(sa.select(person.c.id).where(person.c.id == person_id).with_for_update(key_share=True))
        event_log.append_event(conn, "person", person_id, DISCLOSED_MATCH, {}, context)
