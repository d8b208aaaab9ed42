"""Policy sets and calendars of working days, cached once read."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.page import CappedCount, Page, counted, cut
from service.tables.cases import case
from service.tables.gifts import gift
from service.tables.policies import calendar_day, calendar_year, policy_set
from workflows.policy import NoPolicy, PoliciesOverlap, PolicySet
from workflows.policy_in_force import in_force
from workflows.policy_parser import read_policy
from workflows.workdays import Calendar

MAX_CALENDARS = 64

_sets: dict[UUID, PolicySet] = {}
"""Policy sets by id. A row never changes and its id is never reused, so an entry cannot go out of date."""

_calendars: dict[tuple[tuple[int, str], ...], Calendar] = {}
"""Calendars by their years and the digest of each year's file."""


_following = policy_set.alias("following")
_FOLLOWED = (
    sa.select(sa.func.min(_following.c.effective_from) - 1)
    .where(_following.c.withdrawn_on.is_(None), _following.c.region == policy_set.c.region)
    .where(_following.c.effective_from > policy_set.c.effective_from, policy_set.c.withdrawn_on.is_(None))
    .scalar_subquery()
)
LAST_ON = sa.func.coalesce(policy_set.c.effective_to, _FOLLOWED, type_=sa.Date()).label("last_on")
"""The last day of a set: its own, or the day before another of its region takes its place; None while there is none."""


def begun_by(on: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """Return the condition for sets that began by `on`, without those that were withdrawn.

    One that is over is among them: it may have taken the place of a set without a last day, which does not come back.
    """
    return sa.and_(policy_set.c.withdrawn_on.is_(None), policy_set.c.effective_from <= on)


_BEGUN = PreparedStatement(sa.select(policy_set.c.id).where(begun_by(sa.bindparam("on", type_=sa.Date()))))


def in_force_on(conn: sa.Connection, division: str, on: date) -> tuple[UUID, PolicySet]:
    """Return the set that governs `division` on `on`. Raises NoPolicy when none does."""
    return governing_set(conn, [row.id for row in _BEGUN.rows(conn, {"on": on})], division, on)


def governing_set(conn: sa.Connection, ids: Iterable[UUID], division: str, on: date) -> tuple[UUID, PolicySet]:
    """Return the one of these sets that governs `division` on `on`. Raises NoPolicy when none does."""
    sets = [(set_id, policy_by_id(conn, set_id)) for set_id in ids]
    governing = in_force((policy for _, policy in sets), division, on)
    return next((policy_id, policy) for policy_id, policy in sets if policy is governing)


def policy_by_id(conn: sa.Connection, policy_set_id: UUID) -> PolicySet:
    """Return the set a decision cites."""
    if policy_set_id not in _sets:
        source = conn.scalars(sa.select(policy_set.c.source).where(policy_set.c.id == policy_set_id)).one()
        _sets[policy_set_id] = read_policy(source)
    return _sets[policy_set_id]


def years_around(on: date) -> tuple[int, int]:
    """Return the first and last year whose working days a decision of `on` may need: one before, two after."""
    return on.year - 1, on.year + 2


def calendar_of(conn: sa.Connection, year_digests: tuple[tuple[int, str], ...]) -> Calendar:
    """Return the calendar of these years, each given with its file's digest."""
    if year_digests not in _calendars:
        if len(_calendars) >= MAX_CALENDARS:
            _calendars.clear()
        years = frozenset(year for year, _ in year_digests)
        inside = sa.extract("year", calendar_day.c.on).in_(years)
        days = conn.execute(sa.select(calendar_day.c.on, calendar_day.c.working).where(inside))
        _calendars[year_digests] = Calendar({row.on: row.working for row in days}, years)
    return _calendars[year_digests]


def calendar_around(conn: sa.Connection, day: date) -> Calendar:
    """Return the calendar of the years that a count of working days from `day` may need."""
    first, last = years_around(day)
    years = _YEARS.rows(conn, {"first": first, "last": last})
    return calendar_of(conn, tuple((row.year, row.digest) for row in years))


_YEARS = PreparedStatement(
    sa.select(calendar_year.c.year, calendar_year.c.digest)
    .where(
        calendar_year.c.year.between(
            sa.bindparam("first", type_=sa.Integer()), sa.bindparam("last", type_=sa.Integer())
        )
    )
    .order_by(calendar_year.c.year)
)


def all_sets(conn: sa.Connection) -> list[dict[str, Any]]:
    """Return every policy set, newest first, without its text."""
    columns = [*(column for column in policy_set.c if column.name != "source"), LAST_ON]
    newest = sa.select(*columns).order_by(policy_set.c.effective_from.desc(), policy_set.c.id.desc())
    return [dict(row) for row in conn.execute(newest).mappings()]


def page(conn: sa.Connection, after: list[str] | None, size: int) -> Page:
    """Return `size` policy sets after the key `after`, the one in force last first, without their texts."""
    columns = [*(column for column in policy_set.c if column.name != "source"), LAST_ON]
    key, rows = sa.tuple_(policy_set.c.effective_from, policy_set.c.id), sa.select(*columns)
    count = conn.scalar(sa.select(sa.func.count()).select_from(policy_set)) or 0
    if after is not None:
        rows = rows.where(key < sa.tuple_(sa.literal(date.fromisoformat(after[0])), sa.literal(UUID(after[1]))))
    newest = rows.order_by(policy_set.c.effective_from.desc(), policy_set.c.id.desc()).limit(size + 1)
    page_rows, last = cut([dict(row) for row in conn.execute(newest).mappings()], size)
    return Page(page_rows, count, [last["effective_from"].isoformat(), str(last["id"])] if last else None)


def set_before(conn: sa.Connection, policy: PolicySet) -> PolicySet | None:
    """Return the set that governed the region of `policy` the day before it takes effect, or None."""
    try:
        return in_force_on(conn, policy.region, policy.effective_from - timedelta(days=1))[1]
    except (NoPolicy, PoliciesOverlap):
        return None


def citations(conn: sa.Connection, policy_set_id: UUID) -> CappedCount:
    """Return how many cases and gifts cite a set, counted up to the limit of a list."""
    cases = sa.select(case.c.id).where(case.c.policy_set_id == policy_set_id)
    gifts = sa.select(gift.c.id).where(gift.c.policy_set_id == policy_set_id)
    return counted(conn, sa.select(sa.union_all(cases, gifts).subquery().c.id))


def one(conn: sa.Connection, policy_set_id: UUID) -> dict[str, Any] | None:
    """Return a policy set with its text."""
    rows = sa.select(policy_set, LAST_ON).where(policy_set.c.id == policy_set_id)
    row = conn.execute(rows).mappings().one_or_none()
    return dict(row) if row is not None else None
