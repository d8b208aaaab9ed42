"""Loading of policy sets from TOML and of calendars from CSV."""

import csv
import uuid
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log
from service.actions.context import ActionContext
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.policies import calendar_day, calendar_year, policy_set
from service.tables.units import unit
from workflows.policy import PoliciesOverlap, PolicySet, refuse_overlaps
from workflows.policy_parser import read_policy
from workflows.vocabulary import Plain, Reason, Refused, Role
from workflows.workdays import read_calendar

_LOCK_POLICIES = sa.text("SELECT pg_advisory_xact_lock(hashtext('policy_set'))")
_CALENDARS = uuid.uuid5(uuid.NAMESPACE_URL, "songnuan:calendar")
_POLICY_COLUMNS = ("key", "title", "issuer", "document", "region", "effective_from", "effective_to", "sample", "digest")


def load_policy(conn: sa.Connection, source: str, context: ActionContext) -> UUID:
    """Load a policy set from its TOML text and return its id; the same set again returns the same row.

    Raises InvalidPolicy with every problem of the file, Refused (role_missing, policy_differs, policies_overlap).
    """
    _require_root_administrator(conn, context)
    policy = read_policy(source)
    conn.execute(_LOCK_POLICIES)
    stored_versions = conn.execute(
        sa.select(policy_set.c.id, policy_set.c.version, policy_set.c.digest, policy_set.c.source).where(
            policy_set.c.key == policy.key
        )
    ).all()
    for row in stored_versions:
        if row.version == str(policy.version):
            if row.digest != policy.digest:
                raise Refused(Reason.of("policy_differs", key=policy.key, version=policy.version))
            return row.id  # type: ignore[no-any-return]
    _refuse_overlap((policy, *(read_policy(row.source) for row in stored_versions)))
    policy_id = new_id()
    columns: dict[str, Any] = {name: getattr(policy, name) for name in _POLICY_COLUMNS}
    columns |= {"version": str(policy.version), "source": source}
    loading = {"loaded_by": context.caller.account, "loaded_at": context.at}
    batch = WriteBatch()
    batch.add(policy_set, {"id": policy_id, **columns, **loading})
    facts: dict[str, Plain] = {name: columns[name] for name in ("key", "version", "digest", "source")}
    event_log.append_event(conn, "policy", policy_id, "load_policy", facts, context, batch)
    return policy_id


def _require_root_administrator(conn: sa.Connection, context: ActionContext) -> None:
    # A policy set applies to every unit of its region, so an administrator of one unit below the root may not load it.
    roots = conn.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None)))
    if not any(context.caller.holds((Role.ADMIN,), path) for path in roots):
        raise Refused(Reason.of("role_missing", roles=[Role.ADMIN.value]))


def _refuse_overlap(versions: tuple[PolicySet, ...]) -> None:
    try:
        refuse_overlaps(versions)
    except PoliciesOverlap as fault:
        raise Refused(Reason.of("policies_overlap", policies=list(fault.keys))) from None


def load_calendar(conn: sa.Connection, source: str, year: int, context: ActionContext) -> int:
    """Load a year's days that differ from Monday–Friday, in place of the year's earlier days. Return their number.

    Raises InvalidCalendar with every wrong line, Refused (role_missing, calendar_not_of_year).
    """
    _require_root_administrator(conn, context)
    calendar = read_calendar(source)
    if year not in calendar.years:
        raise Refused(
            Reason.of("calendar_not_of_year", year=year, found=[str(each) for each in sorted(calendar.years)])
        )
    subject = uuid.uuid5(_CALENDARS, str(year))
    conn.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": year})
    days, names = {day: working for day, working in calendar.days.items() if day.year == year}, _day_names(source)
    if _is_loaded(conn, year, days):
        return len(days)
    digest, batch = sha256(source.encode()).hexdigest(), _delete_year(conn, year)
    day_rows = [
        {"on": day, "working": working, "name": names.get(day.isoformat(), "")} for day, working in sorted(days.items())
    ]
    batch.add(calendar_day, *day_rows)
    batch.add(calendar_year, {"year": year, "source": _source_remark(source), "digest": digest})
    facts: dict[str, Plain] = {"year": year, "days": len(days), "sha256": digest}
    event_log.append_event(conn, "policy", subject, "load_calendar", facts, context, batch)
    return len(days)


def _delete_year(conn: sa.Connection, year: int) -> WriteBatch:
    """Delete the year's rows, and return a batch that notes the deleted days for the event."""
    batch, of_year = WriteBatch(), sa.extract("year", calendar_day.c.on) == year
    deleted_days = conn.scalars(calendar_day.delete().where(of_year).returning(calendar_day.c.on)).all()
    batch.note_deleted(calendar_day, *({"on": day} for day in deleted_days))
    conn.execute(calendar_year.delete().where(calendar_year.c.year == year))
    return batch


def _is_loaded(conn: sa.Connection, year: int, days: dict[date, bool]) -> bool:
    """Return whether the database holds exactly these days of the year."""
    loaded_year = conn.scalar(sa.select(calendar_year.c.year).where(calendar_year.c.year == year))
    stored_days = sa.select(calendar_day.c.on, calendar_day.c.working).where(
        sa.extract("year", calendar_day.c.on) == year
    )
    return loaded_year is not None and {row.on: row.working for row in conn.execute(stored_days)} == days


def _day_names(source: str) -> dict[str, str]:
    """Return each day's name, the third column, by its ISO date."""
    rows = [row for row in csv.reader(source.removeprefix("\ufeff").splitlines()) if len(row) > 2]
    return {row[0].strip().replace("/", "-"): row[2].strip() for row in rows}


def _source_remark(source: str) -> str:
    """Return the first comment line of the file, which names its source."""
    comment = next((line for line in source.removeprefix("\ufeff").splitlines() if line.startswith("#")), "#")
    return comment.lstrip("# ").strip()
