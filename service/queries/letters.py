"""The outbox and the inbox as SELECTs: what is owed now, one letter to be sent, one reader's page, how far behind we are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.cases import case
from service.tables.letters import letter
from service.tables.people import person
from service.tables.units import account
from workflows.terms import Role

OWED = ("created", "sending", "temporary_failure")
"""States of a letter that must still go; the index ix_letter_owed covers these."""

_MENDERS = frozenset(Role)
"""Letters that died are shown to an administrator too: they say a case number and an error, and nothing of the case."""

DEAD = ("permanent_failure", "technical_failure")
"""States of a letter that will not go unless somebody has it sent again."""


@dataclass(frozen=True, slots=True)
class Due:
    """A letter that may go now."""

    id: UUID
    channel: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Owed:
    """All that is needed to write and address one letter; a family's address is still sealed."""

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
    """How far behind the post room is: letters owed, those of them that failed before, and when the oldest was owed."""

    owed: int
    retrying: int
    oldest: datetime | None

    def age(self, now: datetime) -> float:
        """Seconds since the oldest letter that has not gone was owed."""
        return (now - self.oldest).total_seconds() if self.oldest else 0.0


def due(tx: sa.Connection, now: datetime, limit: int) -> list[Due]:
    """The letters that may go now, inbox before mail (it cannot hang), longest due first."""
    rows = (
        sa.select(letter.c.id, letter.c.channel, letter.c.attempts)
        .where(letter.c.state.in_(OWED), letter.c.not_before <= now)
        .order_by(letter.c.channel.desc(), letter.c.not_before, letter.c.id)
        .limit(limit)
    )
    return [Due(*row) for row in tx.execute(rows)]


def claimed(tx: sa.Connection, letter_id: UUID, now: datetime) -> Owed | None:
    """The letter, locked until the transaction ends; None when it is not due, is gone, or is in somebody's hands."""
    rows = (
        sa.select(
            letter.c.id,
            letter.c.kind,
            letter.c.channel,
            letter.c.attempts,
            letter.c.case_id,
            case.c.case_no,
            letter.c.person_id,
            sa.case((account.c.disabled_at.is_(None), account.c.email)),
            sa.case((person.c.active, person.c.email_sealed)),
            letter.c.request,
        )
        .outerjoin(case, case.c.id == letter.c.case_id)
        .outerjoin(account, account.c.id == letter.c.account_id)
        .outerjoin(person, person.c.id == letter.c.person_id)
        .where(letter.c.id == letter_id, letter.c.state.in_(OWED), letter.c.not_before <= now)
        .with_for_update(of=letter, skip_locked=True, key_share=True)
    )
    row = tx.execute(rows).one_or_none()
    return Owed(*tuple(row)) if row is not None else None


def backlog(tx: sa.Connection) -> Backlog:
    """Depth and age of the outbox, for readyz and the operator."""
    retrying = sa.func.count().filter(letter.c.state == "temporary_failure")
    counts = sa.select(sa.func.count(), retrying, sa.func.min(letter.c.created_at)).where(letter.c.state.in_(OWED))
    return Backlog(*tx.execute(counts).one())


_SHOWN = (
    letter.c.id,
    letter.c.kind,
    letter.c.on,
    letter.c.case_id,
    case.c.case_no,
    letter.c.created_at,
    letter.c.read_at,
)


def _arrived(account_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(letter.c.account_id == account_id, letter.c.channel == "inbox", letter.c.state == "delivered")


def inbox(tx: sa.Connection, account_id: UUID, before: UUID | None, size: int) -> list[dict[str, Any]]:
    """An account's letters, newest first (ids are in order of time), `size` of them before the letter `before`."""
    return [dict(row) for row in tx.execute(arrivals(account_id, before, size)).mappings()]


def arrivals(account_id: UUID, before: UUID | None, size: int) -> sa.Select[Any]:
    """The page of an inbox."""
    rows = sa.select(*_SHOWN).outerjoin(case, case.c.id == letter.c.case_id).where(_arrived(account_id))
    if before is not None:
        rows = rows.where(letter.c.id < before)
    return rows.order_by(letter.c.id.desc()).limit(size)


def unread(tx: sa.Connection, account_id: UUID) -> int:
    """How many of an account's letters have not been read."""
    return tx.scalar(sa.select(sa.func.count()).where(_arrived(account_id), letter.c.read_at.is_(None))) or 0


def dead(tx: sa.Connection, caller: Caller, before: UUID | None, size: int) -> list[dict[str, Any]]:
    """Letters about the caller's cases that will not go by themselves, newest first, with their last error."""
    rows = (
        sa.select(*_SHOWN, letter.c.channel, letter.c.state, letter.c.attempts, letter.c.last_error)
        .join(case, case.c.id == letter.c.case_id)
        .where(letter.c.state.in_(DEAD), visible_to(caller, case.c.unit_path, _MENDERS))
        .order_by(letter.c.id.desc())
        .limit(size)
    )
    if before is not None:
        rows = rows.where(letter.c.id < before)
    return [dict(row) for row in tx.execute(rows).mappings()]


def dead_one(tx: sa.Connection, letter_id: UUID, caller: Caller) -> tuple[str, str] | None:
    """State of one letter, and the unit's path of its case, if the caller may see it; the letter is locked."""
    rows = (
        sa.select(letter.c.state, case.c.unit_path)
        .join(case, case.c.id == letter.c.case_id)
        .where(letter.c.id == letter_id, visible_to(caller, case.c.unit_path, _MENDERS))
        .with_for_update(of=letter, key_share=True)
    )
    row = tx.execute(rows).one_or_none()
    return (row.state, row.unit_path) if row is not None else None


def arrived(tx: sa.Connection, account_id: UUID) -> int:
    """How many letters lie in an account's inbox."""
    return tx.scalar(sa.select(sa.func.count()).where(_arrived(account_id))) or 0
