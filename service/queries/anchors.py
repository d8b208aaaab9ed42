"""Anchors of the event log, and the events each of them covers."""

import json
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from service.tables.events import anchor, event


def last(conn: sa.Connection) -> sa.Row[Any] | None:
    """Return the newest anchor, or None."""
    return conn.execute(sa.select(anchor).order_by(anchor.c.no.desc()).limit(1)).one_or_none()


def oldest_free(conn: sa.Connection) -> datetime | None:
    """Return the instant of the first event after the last anchor, or None."""
    last_anchor = last(conn)
    free = event.c.no > (last_anchor.up_to if last_anchor else 0)
    at: datetime | None = conn.scalar(sa.select(event.c.at).where(free).order_by(event.c.no).limit(1))
    return at


def is_made_on(conn: sa.Connection, day: date) -> bool:
    """Return whether the day's anchor was made."""
    last_anchor = last(conn)
    return last_anchor is not None and last_anchor.on >= day


def every() -> sa.Select[Any]:
    """Select all anchors, oldest first."""
    return sa.select(anchor).order_by(anchor.c.no)


def arrived(after: int, up_to: int) -> sa.Select[Any]:
    """Select the hashes of the events numbered above `after` up to `up_to`, in the order of their numbers."""
    return sa.select(event.c.no, event.c.hash).where(event.c.no > after, event.c.no <= up_to).order_by(event.c.no)


def numbered_below_one() -> sa.Select[Any]:
    """Select the events whose number the database never gives: no anchor covers them."""
    columns = (event.c.subject, event.c.subject_id, event.c.seq)
    return sa.select(*columns).where(event.c.no < 1).order_by(event.c.no)


def record_clock(conn: sa.Connection) -> str | None:
    """Return the clock that dated the first event of the record; None without one, and in records older than the word."""
    body = conn.scalar(sa.select(event.c.body).where(event.c.no >= 1).order_by(event.c.no).limit(1))
    try:
        clock = json.loads(body or "{}").get("clock")
    except (ValueError, AttributeError):
        return None
    return clock if isinstance(clock, str) else None
