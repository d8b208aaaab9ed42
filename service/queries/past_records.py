"""The record as it stood at the end of a past day: the copy that is made of it, and which day has which events."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from service.clock import UNION_TIME
from service.tables.events import anchor, event
from service.tables.past_records import past_record


class CopyState(StrEnum):
    """How far the copy of a past record is, as copy_past_record() answers, or why the database makes none."""

    MADE = "made"
    WAITING = "waiting"
    BUSY = "busy"
    """Another copy is being made at this moment."""
    FULL = "full"
    OLD = "old"
    """It was made before a migration, or its schema is gone."""
    UNKNOWN = "unknown"
    DENIED = "denied"
    """The owner of the function may not create schemas in this database, or the application may not call it."""
    NO_SPACE = "no_space"
    """The disk of the database is full."""


MOST = 8
"""Copies that exist at once (migrations/past_records.py)."""

KEPT_TRYING = timedelta(hours=2)
"""How long the worker goes on with a copy: an event that cannot be read would stop it each time."""


class CopyMissing(LookupError):
    """There is no copy of the record up to this event that this transaction could read."""

    def __init__(self, up_to: int) -> None:
        super().__init__(str(up_to))
        self.up_to = up_to


@dataclass(frozen=True, slots=True)
class PastDay:
    """The end of a union day: its last event, and the first anchor over that event, if there is one."""

    on: date
    up_to: int
    newest: int
    anchor: sa.Row[Any] | None


def past_day(conn: sa.Connection, on: date) -> PastDay | None:
    """Return the end of a union day; None before the first event."""
    # `songnuan audit verify` names events whose time runs backwards; a demo's year is played after it was founded.
    end = datetime.combine(on + timedelta(days=1), datetime.min.time(), UNION_TIME)
    up_to = conn.scalar(sa.select(sa.func.max(event.c.no)).where(event.c.at < end, event.c.no > 0))
    if up_to is None:
        return None
    over = sa.select(anchor).where(anchor.c.up_to >= up_to).order_by(anchor.c.no).limit(1)
    newest = conn.scalar(sa.select(sa.func.max(event.c.no))) or 0
    return PastDay(on, up_to, newest, conn.execute(over).one_or_none())


_IS_OLD: sa.ColumnElement[bool] = sa.literal_column(
    "(revision <> (SELECT version_num FROM alembic_version) OR to_regnamespace('asof_' || up_to) IS NULL)", sa.Boolean()
)


def progress(conn: sa.Connection, up_to: int) -> sa.Row[Any] | None:
    """Return how far the copy is, or None where nobody asked for it; `is_old` where it must be made again."""
    row = sa.select(past_record, _IS_OLD.label("is_old")).where(past_record.c.up_to == up_to)
    return conn.execute(row).one_or_none()


def waiting(conn: sa.Connection, now: datetime) -> list[int]:
    """Return the numbers of the copies that are not made yet, the first asked for first."""
    rows = sa.select(past_record.c.up_to).where(past_record.c.made_at.is_(None))
    rows = rows.where(past_record.c.asked_at > now - KEPT_TRYING).order_by(past_record.c.asked_at)
    return list(conn.scalars(rows))


def read_as_of(conn: sa.Connection, up_to: int) -> None:
    """Let every SELECT until the end of this transaction read the copy, and nothing of today's tables.

    Raises CopyMissing where the transaction does not see a whole copy. A copy that is dropped later has no tables:
    PostgreSQL then refuses the SELECT.
    """
    row = progress(conn, up_to)
    if row is None or row.made_at is None or row.is_old:
        raise CopyMissing(up_to)
    conn.execute(sa.select(sa.func.set_config("search_path", f"asof_{int(up_to)}", True)))
