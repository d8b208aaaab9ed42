"""Owed acts: an anchor that was not made, and letters that wait longer than any retry."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from service.clock import Clock, union_day
from service.integrity.faults import Fault
from service.integrity.stored_rows import streamed
from service.queries import anchors, policies
from service.queries.notifications import DUE_STATES
from service.tables.events import event
from service.tables.notifications import notification
from workflows import workdays

ANCHOR_DAYS = 2
"""Working days after which an event without an anchor is a fault; the scheduler anchors once a day."""

LETTER_AGE = timedelta(hours=36)
"""A letter is tried for about a day (worker/outbox.py, RETRY_WAITS)."""

LONGEST_WAIT = timedelta(hours=2)
"""The longest wait between two attempts is an hour."""


def anchor_overdue(conn: sa.Connection, at: datetime) -> bool:
    """Return whether an event has waited for its anchor for more than ANCHOR_DAYS working days."""
    oldest = anchors.oldest_free(conn)
    if oldest is None or union_day(at) - union_day(oldest) <= timedelta(days=ANCHOR_DAYS):
        return False
    return union_day(at) > _working_days_after(conn, union_day(oldest))


def _working_days_after(conn: sa.Connection, day: date) -> date:
    try:
        return workdays.after(day, ANCHOR_DAYS, policies.calendar_around(conn, day))
    except workdays.CalendarUnknown:
        return day + timedelta(days=ANCHOR_DAYS + 2)


def owed_faults(conn: sa.Connection, at: datetime) -> Iterator[Fault]:
    """Yield a fault for an overdue anchor, and for each letter that is put off or waits too long.

    The instants of a demo are any; its anchors and the age of its letters are not asked.
    """
    is_demo = anchors.record_clock(conn) == Clock.DEMO
    if not is_demo and anchor_overdue(conn, at):
        last = anchors.last(conn)
        yield Fault("anchor_overdue", "anchor", str(last.no if last else 0))
    put_off = sa.or_(notification.c.not_before > at + LONGEST_WAIT, notification.c.created_at > at + LONGEST_WAIT)
    too_old = sa.false() if is_demo else event.c.at < at - LETTER_AGE
    owed = sa.select(notification.c.id, put_off.label("put_off")).join(
        event, sa.and_(event.c.subject_id == notification.c.subject_id, event.c.seq == notification.c.seq)
    )
    owed = owed.where(notification.c.state.in_(DUE_STATES), sa.or_(put_off, too_old)).order_by(notification.c.id)
    for row in streamed(conn, owed):
        yield Fault("letter_put_off" if row.put_off else "letter_overdue", "notification", str(row.id))
