"""Calendars of working days: the years loaded, their days, and the due dates that other days would move."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries import policies
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.events import event
from service.tables.policies import calendar_day, calendar_year
from workflows import workdays
from workflows.programme import DaysAre
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase
from workflows.workdays import Calendar, CalendarUnknown


@dataclass(frozen=True, slots=True)
class MovedDue:
    """Open cases of one state whose due date would be another if it were counted by other days."""

    programme: str
    state: str
    due_on: date
    would_be: date
    number: int


def years(conn: sa.Connection) -> list[dict[str, Any]]:
    """Return the years whose days are known, the last first, each with the remark on its source."""
    query = sa.select(calendar_year.c.year, calendar_year.c.source).order_by(calendar_year.c.year.desc())
    return [dict(row) for row in conn.execute(query).mappings()]


def days_of(conn: sa.Connection, year: int) -> list[dict[str, Any]]:
    """Return the days of a year that differ from Monday–Friday, in order: `on`, `working`, `name`."""
    of_year = sa.extract("year", calendar_day.c.on) == year
    query = sa.select(calendar_day).where(of_year).order_by(calendar_day.c.on)
    return [dict(row) for row in conn.execute(query).mappings()]


def last_load(conn: sa.Connection, subject_id: UUID) -> dict[str, Any] | None:
    """Return when a year was loaded last, and who proposed it; None where no event says so."""
    query = (
        sa.select(event.c.at, account.c.display_name.label("proposer"))
        .join(account, account.c.id == event.c.actor_id)
        .where(event.c.subject_id == subject_id, event.c.action == "load_calendar")
    )
    row = conn.execute(query.order_by(event.c.seq.desc()).limit(1)).mappings().one_or_none()
    return dict(row) if row is not None else None


def provisional(conn: sa.Connection, year: int) -> int:
    """Return how many open cases have an estimated due date in or after a year, because its days were not known."""
    estimated = case.c.due_is_provisional, case.c.phase != Phase.ENDED.value, case.c.due_on >= date(year, 1, 1)
    return conn.scalar(sa.select(sa.func.count()).select_from(case).where(*estimated)) or 0


def moved_dues(conn: sa.Connection, year: int, days: Mapping[date, bool]) -> list[MovedDue]:
    """Return the due dates of open cases that these days of a year would move, the first due date first.

    A stored due date stays as it was written; the new days count from the next step of a case on. A year that is not
    loaded moves nothing: its due dates are estimates.
    """
    stored = policies.calendar_around(conn, date(year, 1, 1))
    if year not in stored.years:
        return []
    others = {day: working for day, working in stored.days.items() if day.year != year}
    new = Calendar({**others, **days}, stored.years)
    changed = differing_days({day: stored.days[day] for day in stored.days if day.year == year}, days)
    if not changed:
        return []
    sums: dict[tuple[str, str, date, date], int] = {}
    for row in conn.execute(_due_between(changed[0], changed[-1])):
        for key in _moved(row, stored, new):
            sums[key] = sums.get(key, 0) + row.number
    return [MovedDue(*key, number) for key, number in sums.items()]


def is_worked(day: date, days: Mapping[date, bool]) -> bool:
    """Return whether a day is a working day where these days differ from Monday–Friday."""
    return days.get(day, day.weekday() < workdays.WEEKDAYS)


def differing_days(stored: Mapping[date, bool], days: Mapping[date, bool]) -> list[date]:
    """Return the days that are worked by one of both and not by the other, in order."""
    return sorted(day for day in {*stored, *days} if is_worked(day, stored) != is_worked(day, days))


def _due_between(first: date, last: date) -> sa.Select[Any]:
    """Select the due dates of open cases that a change between two days can touch: one row for many equal cases."""
    columns = case.c.programme, case.c.state, case.c.entered_on, case.c.due_on
    touched = case.c.phase != Phase.ENDED.value, case.c.entered_on <= last, case.c.due_on >= first
    rows = sa.select(*columns, sa.func.count().label("number")).where(*touched, ~case.c.due_is_provisional)
    return rows.group_by(*columns).order_by(case.c.due_on, case.c.state, case.c.entered_on)


def _moved(row: Any, stored: Calendar, new: Calendar) -> Iterator[tuple[str, str, date, date]]:
    """Yield programme, state, due date and the day it would be, where the new calendar counts to another day."""
    if PROGRAMMES[row.programme].state(row.state).days is not DaysAre.WORKING:
        return
    try:
        number = workdays.count(row.entered_on, row.due_on, stored)
        was, would_be = (workdays.after(row.entered_on, number, each) for each in (stored, new))
    except CalendarUnknown:
        return
    if was == row.due_on != would_be:
        yield row.programme, row.state, row.due_on, would_be
