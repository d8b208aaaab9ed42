"""The policy in force, and the calendar of working days; what is written once is read once and kept."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.tables.policies import calendar_day, policy_set
from workflows.policy import PolicySet, in_force
from workflows.policy_parser import read_policy
from workflows.workdays import Calendar

MAX_CALENDARS = 64

_sets: dict[UUID, PolicySet] = {}
"""Policy sets by id: a row is written once and its id is never used again."""

_calendars: dict[tuple[tuple[int, str], ...], Calendar] = {}
"""Calendars by the years they know and the digest of each year's file."""


def effective_on(on: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """Sets whose dates cover `on`."""
    return sa.and_(
        policy_set.c.effective_from <= on,
        sa.or_(policy_set.c.effective_to.is_(None), policy_set.c.effective_to >= on),
    )


_EFFECTIVE = PreparedStatement(sa.select(policy_set.c.id).where(effective_on(sa.bindparam("on", type_=sa.Date()))))


def in_force_on(conn: sa.Connection, division: str, on: date) -> tuple[UUID, PolicySet]:
    """The set that governs `division` on `on`. Raises policy.NoPolicy when none does."""
    return governing_set(conn, [row.id for row in _EFFECTIVE.rows(conn, {"on": on})], division, on)


def governing_set(conn: sa.Connection, ids: Iterable[UUID], division: str, on: date) -> tuple[UUID, PolicySet]:
    """The one of these sets that governs `division` on `on`. Raises policy.NoPolicy when none does."""
    sets = [(each, policy_by_id(conn, each)) for each in ids]
    found = in_force((policy for _, policy in sets), division, on)
    return next((policy_id, policy) for policy_id, policy in sets if policy is found)


def policy_by_id(conn: sa.Connection, policy_set_id: UUID) -> PolicySet:
    """The set a decision cites."""
    if policy_set_id not in _sets:
        source = conn.scalars(sa.select(policy_set.c.source).where(policy_set.c.id == policy_set_id)).one()
        _sets[policy_set_id] = read_policy(source)
    return _sets[policy_set_id]


def years_around(on: date) -> tuple[int, int]:
    """The years whose working days a decision of `on` may need: the one before, and two after."""
    return on.year - 1, on.year + 2


def calendar_of(conn: sa.Connection, known: tuple[tuple[int, str], ...]) -> Calendar:
    """The calendar of these years, each named with its file's digest."""
    if known not in _calendars:
        if len(_calendars) >= MAX_CALENDARS:
            _calendars.clear()
        years = frozenset(year for year, _ in known)
        inside = sa.extract("year", calendar_day.c.on).in_(years)
        days = conn.execute(sa.select(calendar_day.c.on, calendar_day.c.working).where(inside))
        _calendars[known] = Calendar({row.on: row.working for row in days}, years)
    return _calendars[known]


def all_sets(conn: sa.Connection) -> list[dict[str, Any]]:
    """Every policy set, newest first, without its text."""
    columns = [column for column in policy_set.c if column.name != "source"]
    newest = sa.select(*columns).order_by(policy_set.c.effective_from.desc(), policy_set.c.id.desc())
    return [dict(row) for row in conn.execute(newest).mappings()]


def one(conn: sa.Connection, policy_set_id: UUID) -> dict[str, Any] | None:
    """A policy set with its text."""
    row = conn.execute(sa.select(policy_set).where(policy_set.c.id == policy_set_id)).mappings().one_or_none()
    return dict(row) if row is not None else None
