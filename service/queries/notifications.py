"""The outbox and the inbox: due, claimed, failed and delivered notifications."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.events import anchor, event
from service.tables.notifications import notification
from service.tables.persons import person
from workflows.notifications import CHECKPOINT
from workflows.vocabulary import Role

DUE_STATES = ("created", "sending", "temporary_failure")
"""States of a notification still to be sent; the index ix_notification_due covers these."""

_ANCHOR_NO = (
    sa.select(sa.cast(event.c.body, sa.JSON)["facts", "no"].as_integer())
    .where(event.c.subject_id == notification.c.subject_id, event.c.seq == notification.c.seq)
    .where(notification.c.kind == CHECKPOINT.kind, event.c.action == "anchor")
    .scalar_subquery()
)
"""The number of the anchor whose checkpoint a letter brings; null for every other letter."""

_RESENDERS = frozenset(Role)
"""Roles that see failed notifications: the administrator too, because they show a case number and an error only."""

FAILED = ("permanent_failure", "technical_failure")
"""States of a notification that is not sent again unless somebody queues it again."""


@dataclass(frozen=True, slots=True)
class DueNotification:
    """A notification that may be sent now."""

    id: UUID
    channel: str
    attempts: int


@dataclass(frozen=True, slots=True)
class ClaimedNotification:
    """What is needed to write and address one notification; a family's address is still encrypted."""

    id: UUID
    kind: str
    channel: str
    attempts: int
    case_id: UUID | None
    case_no: str | None
    person_id: UUID | None
    account_email: str | None
    person_email: bytes | None
    request: str | None
    anchor_no: int | None = None
    checkpoint: str | None = None
    """The checkpoint that the letter brings, and the number of its anchor."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The outbox's backlog: notifications to be sent, those that failed before, and when the oldest was created."""

    owed: int
    retrying: int
    oldest: datetime | None

    def age(self, now: datetime) -> float:
        """Return the seconds since the oldest unsent notification was created; 0 without one."""
        return (now - self.oldest).total_seconds() if self.oldest else 0.0


def due_notifications(conn: sa.Connection, now: datetime, limit: int) -> list[DueNotification]:
    """Return the notifications that may be sent now, longest due first, inbox before e-mail."""
    rows = (
        sa.select(notification.c.id, notification.c.channel, notification.c.attempts)
        .where(_is_due(now))
        # Inbox first: writing to it cannot hang, a mail server can.
        .order_by(notification.c.channel.desc(), notification.c.not_before, notification.c.id)
        .limit(limit)
    )
    return [DueNotification(*row) for row in conn.execute(rows)]


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(notification.c.state.in_(DUE_STATES), notification.c.not_before <= now)


def claim_notification(conn: sa.Connection, notification_id: UUID, now: datetime) -> ClaimedNotification | None:
    """Lock a notification until the transaction ends and return it.

    Returns None when it is not due, does not exist, or another worker holds it.
    """
    rows = (
        sa.select(
            notification.c.id,
            notification.c.kind,
            notification.c.channel,
            notification.c.attempts,
            notification.c.case_id,
            case.c.case_no,
            notification.c.person_id,
            sa.case((account.c.disabled_at.is_(None), account.c.email)),
            sa.case((person.c.active, person.c.email_sealed)),
            notification.c.request,
            anchor.c.no,
            anchor.c.checkpoint,
        )
        .select_from(notification)
        .outerjoin(anchor, anchor.c.no == _ANCHOR_NO)
        .outerjoin(case, case.c.id == notification.c.case_id)
        .outerjoin(account, account.c.id == notification.c.account_id)
        .outerjoin(person, person.c.id == notification.c.person_id)
        .where(notification.c.id == notification_id, _is_due(now))
        .with_for_update(of=notification, skip_locked=True, key_share=True)
    )
    row = conn.execute(rows).one_or_none()
    return ClaimedNotification(*tuple(row)) if row is not None else None


def backlog(conn: sa.Connection) -> Backlog:
    """Return the size and age of the outbox, for readyz and the operator."""
    retrying = sa.func.count().filter(notification.c.state == "temporary_failure")
    counts = sa.select(sa.func.count(), retrying, sa.func.min(notification.c.created_at)).where(
        notification.c.state.in_(DUE_STATES)
    )
    return Backlog(*conn.execute(counts).one())


_SHOWN = (
    notification.c.id,
    notification.c.kind,
    notification.c.on,
    notification.c.case_id,
    case.c.case_no,
    notification.c.created_at,
    notification.c.read_at,
)


def in_inbox(account_id: UUID) -> sa.ColumnElement[bool]:
    """Return the condition for notifications that came to an account's inbox."""
    return sa.and_(
        notification.c.account_id == account_id, notification.c.channel == "inbox", notification.c.state == "delivered"
    )


def inbox(conn: sa.Connection, account_id: UUID, before: UUID | None, size: int) -> list[dict[str, Any]]:
    """Return an account's notifications, newest first, `size` of them before the id `before`."""
    return [dict(row) for row in conn.execute(arrivals(account_id, before, size)).mappings()]


def arrivals(account_id: UUID, before: UUID | None, size: int) -> sa.Select[Any]:
    """Select one page of an inbox; ids are in the order of time."""
    rows = sa.select(*_SHOWN).outerjoin(case, case.c.id == notification.c.case_id).where(in_inbox(account_id))
    if before is not None:
        rows = rows.where(notification.c.id < before)
    return rows.order_by(notification.c.id.desc()).limit(size)


def unread(conn: sa.Connection, account_id: UUID) -> int:
    """Return how many of an account's notifications are unread."""
    return conn.scalar(sa.select(sa.func.count()).where(in_inbox(account_id), notification.c.read_at.is_(None))) or 0


def failed(conn: sa.Connection, caller: Caller, before: UUID | None, size: int) -> list[dict[str, Any]]:
    """Return failed notifications about the caller's cases, newest first, with their last error."""
    rows = (
        sa.select(
            *_SHOWN, notification.c.channel, notification.c.state, notification.c.attempts, notification.c.last_error
        )
        .join(case, case.c.id == notification.c.case_id)
        .where(notification.c.state.in_(FAILED), visible_to(caller, case.c.unit_path, _RESENDERS))
        .order_by(notification.c.id.desc())
        .limit(size)
    )
    if before is not None:
        rows = rows.where(notification.c.id < before)
    return [dict(row) for row in conn.execute(rows).mappings()]


def failed_one(conn: sa.Connection, notification_id: UUID, caller: Caller) -> tuple[str, str] | None:
    """Lock one notification; return its state and its case's unit path, or None when the caller may not see it."""
    rows = (
        sa.select(notification.c.state, case.c.unit_path)
        .join(case, case.c.id == notification.c.case_id)
        .where(notification.c.id == notification_id, visible_to(caller, case.c.unit_path, _RESENDERS))
        .with_for_update(of=notification, key_share=True)
    )
    row = conn.execute(rows).one_or_none()
    return (row.state, row.unit_path) if row is not None else None


def arrived(conn: sa.Connection, account_id: UUID) -> int:
    """Return how many notifications are in an account's inbox."""
    return conn.scalar(sa.select(sa.func.count()).where(in_inbox(account_id))) or 0
