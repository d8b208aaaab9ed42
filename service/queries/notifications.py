"""The outbox and the inbox as SELECTs: what is owed now, one notification to be sent, one reader's page, how far behind we are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.notifications import notification
from service.tables.persons import person
from workflows.vocabulary import Role

DUE_STATES = ("created", "sending", "temporary_failure")
"""States of a notification that must still go; the index ix_notification_due covers these."""

_RESENDERS = frozenset(Role)
"""Notifications that died are shown to an administrator too: they say a case number and an error, and nothing of the case."""

FAILED = ("permanent_failure", "technical_failure")
"""States of a notification that will not go unless somebody has it sent again."""


@dataclass(frozen=True, slots=True)
class DueNotification:
    """A notification that may go now."""

    id: UUID
    channel: str
    attempts: int


@dataclass(frozen=True, slots=True)
class ClaimedNotification:
    """All that is needed to write and address one notification; a family's address is still sealed."""

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


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far behind the post room is: notifications owed, those of them that failed before, and when the oldest was owed."""

    owed: int
    retrying: int
    oldest: datetime | None

    def age(self, now: datetime) -> float:
        """Seconds since the oldest notification that has not gone was owed."""
        return (now - self.oldest).total_seconds() if self.oldest else 0.0


def due_notifications(conn: sa.Connection, now: datetime, limit: int) -> list[DueNotification]:
    """The notifications that may go now, inbox before mail (it cannot hang), longest due first."""
    rows = (
        sa.select(notification.c.id, notification.c.channel, notification.c.attempts)
        .where(notification.c.state.in_(DUE_STATES), notification.c.not_before <= now)
        .order_by(notification.c.channel.desc(), notification.c.not_before, notification.c.id)
        .limit(limit)
    )
    return [DueNotification(*row) for row in conn.execute(rows)]


def claim_notification(conn: sa.Connection, notification_id: UUID, now: datetime) -> ClaimedNotification | None:
    """The notification, locked until the transaction ends; None when it is not due, is gone, or is in somebody's hands."""
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
        )
        .outerjoin(case, case.c.id == notification.c.case_id)
        .outerjoin(account, account.c.id == notification.c.account_id)
        .outerjoin(person, person.c.id == notification.c.person_id)
        .where(
            notification.c.id == notification_id, notification.c.state.in_(DUE_STATES), notification.c.not_before <= now
        )
        .with_for_update(of=notification, skip_locked=True, key_share=True)
    )
    row = conn.execute(rows).one_or_none()
    return ClaimedNotification(*tuple(row)) if row is not None else None


def backlog(conn: sa.Connection) -> Backlog:
    """Depth and age of the outbox, for readyz and the operator."""
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


def _arrived(account_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(
        notification.c.account_id == account_id, notification.c.channel == "inbox", notification.c.state == "delivered"
    )


def inbox(conn: sa.Connection, account_id: UUID, before: UUID | None, size: int) -> list[dict[str, Any]]:
    """An account's notifications, newest first (ids are in order of time), `size` of them before the notification `before`."""
    return [dict(row) for row in conn.execute(arrivals(account_id, before, size)).mappings()]


def arrivals(account_id: UUID, before: UUID | None, size: int) -> sa.Select[Any]:
    """The page of an inbox."""
    rows = sa.select(*_SHOWN).outerjoin(case, case.c.id == notification.c.case_id).where(_arrived(account_id))
    if before is not None:
        rows = rows.where(notification.c.id < before)
    return rows.order_by(notification.c.id.desc()).limit(size)


def unread(conn: sa.Connection, account_id: UUID) -> int:
    """How many of an account's notifications have not been read."""
    return conn.scalar(sa.select(sa.func.count()).where(_arrived(account_id), notification.c.read_at.is_(None))) or 0


def failed(conn: sa.Connection, caller: Caller, before: UUID | None, size: int) -> list[dict[str, Any]]:
    """Notifications about the caller's cases that will not go by themselves, newest first, with their last error."""
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
    """State of one notification, and the unit's path of its case, if the caller may see it; the notification is locked."""
    rows = (
        sa.select(notification.c.state, case.c.unit_path)
        .join(case, case.c.id == notification.c.case_id)
        .where(notification.c.id == notification_id, visible_to(caller, case.c.unit_path, _RESENDERS))
        .with_for_update(of=notification, key_share=True)
    )
    row = conn.execute(rows).one_or_none()
    return (row.state, row.unit_path) if row is not None else None


def arrived(conn: sa.Connection, account_id: UUID) -> int:
    """How many notifications lie in an account's inbox."""
    return conn.scalar(sa.select(sa.func.count()).where(_arrived(account_id))) or 0
