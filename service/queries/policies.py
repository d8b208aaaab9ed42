"""The policy in force, and the calendar of working days."""

from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.tables.rules import calendar_day, calendar_year, policy_set
from workflows.policy import PolicySet, in_force
from workflows.policy_file import read_policy
from workflows.workdays import Calendar


@lru_cache(maxsize=256)
def _read(source: str) -> PolicySet:
    """Policy sets are written once, so their text may be kept."""
    return read_policy(source)


def in_force_on(tx: sa.Connection, division: str, on: date) -> tuple[UUID, PolicySet]:
    """The set that governs `division` on `on`. Raises policy.NoPolicy when none does."""
    rows = tx.execute(
        sa.select(policy_set.c.id, policy_set.c.source).where(
            policy_set.c.effective_from <= on,
            sa.or_(policy_set.c.effective_to.is_(None), policy_set.c.effective_to >= on),
        )
    ).all()
    sets = [(row.id, _read(row.source)) for row in rows]
    chosen = in_force((policy for _, policy in sets), division, on)
    return next((policy_id, policy) for policy_id, policy in sets if policy is chosen)


def cited(tx: sa.Connection, policy_set_id: UUID) -> PolicySet:
    """The set a decision cites."""
    return _read(tx.scalars(sa.select(policy_set.c.source).where(policy_set.c.id == policy_set_id)).one())


def calendar(tx: sa.Connection, on: date) -> Calendar:
    """The known exceptions to Monday–Friday from the year before `on` to two years after it."""
    years = range(on.year - 1, on.year + 3)
    known = tx.scalars(sa.select(calendar_year.c.year).where(calendar_year.c.year.in_(years))).all()
    first, last = date(on.year - 1, 1, 1), date(on.year + 2, 12, 31)
    days = tx.execute(
        sa.select(calendar_day.c.on, calendar_day.c.working).where(calendar_day.c.on.between(first, last))
    )
    return Calendar({row.on: row.working for row in days}, frozenset(known))


def all_sets(tx: sa.Connection) -> list[dict[str, Any]]:
    """Every policy set, newest first, without its text."""
    columns = [column for column in policy_set.c if column.name != "source"]
    newest = sa.select(*columns).order_by(policy_set.c.effective_from.desc(), policy_set.c.id.desc())
    return [dict(row) for row in tx.execute(newest).mappings()]


def one(tx: sa.Connection, policy_set_id: UUID) -> dict[str, Any] | None:
    """A policy set with its text."""
    row = tx.execute(sa.select(policy_set).where(policy_set.c.id == policy_set_id)).mappings().one_or_none()
    return dict(row) if row is not None else None
