"""Loading of policy sets from TOML and of calendars from CSV."""

import csv
import uuid
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.cases import case
from service.tables.gifts import gift
from service.tables.notices import notice
from service.tables.policies import calendar_day, calendar_year, policy_set
from service.tables.units import unit
from workflows.policy import PoliciesOverlap, PolicySet
from workflows.policy_in_force import refuse_overlaps, refuse_same_claim
from workflows.policy_parser import read_policy
from workflows.rules.policy_floors import date_refusals, floor_refusals
from workflows.vocabulary import Plain, Reason, Refused, Role
from workflows.workdays import read_calendar

_LOCK_POLICIES = sa.text("SELECT pg_advisory_xact_lock(hashtext('policy_set'))")
_CALENDARS = uuid.uuid5(uuid.NAMESPACE_URL, "songnuan:calendar")
_POLICY_COLUMNS = ("key", "title", "issuer", "document", "region", "effective_from", "effective_to", "sample", "digest")


def load_policy(conn: sa.Connection, source: str, context: ActionContext, *, urgent: str = "") -> UUID:
    """Load a policy set from its TOML text and return its id; the same set again returns the same row.

    It takes effect from tomorrow on, or earlier for a reason (`urgent`) that the event keeps. Raises InvalidPolicy with
    every problem of the file, Refused (role_missing, policy_differs, policies_overlap, policy_below_floor,
    policy_takes_effect_too_soon).
    """
    _require_root_administrator(conn, context)
    policy = read_policy(source)
    conn.execute(_LOCK_POLICIES)
    stored_sets = conn.execute(sa.select(policy_set)).all()
    if (loaded := _loaded_already(policy, stored_sets)) is not None:
        return loaded
    _refuse_overlap(policy, [read_policy(row.source) for row in stored_sets if row.withdrawn_on is None])
    reasons = [*floor_refusals(policy), *date_refusals(policy, context.today, urgent)]
    if reasons:
        raise Refused(*reasons)
    validation.refuse_invalid(validation.text("urgent", urgent or None, longest=400, required=False))
    policy_id = new_id()
    columns: dict[str, Any] = {name: getattr(policy, name) for name in _POLICY_COLUMNS}
    columns |= {"version": str(policy.version), "source": source}
    loading = {"loaded_by": context.caller.account, "loaded_at": context.at}
    batch = WriteBatch()
    batch.add(policy_set, {"id": policy_id, **columns, **loading})
    facts: dict[str, Plain] = {name: columns[name] for name in ("key", "version", "digest", "source")}
    facts |= {"urgent": urgent.strip()} if urgent.strip() else {}
    event_log.append_event(conn, "policy", policy_id, "load_policy", facts, context, batch)
    return policy_id


def _loaded_already(policy: PolicySet, stored_sets: Sequence[sa.Row[Any]]) -> UUID | None:
    """Return the id of the same version of the set. Raises Refused (policy_differs) for another content of that version."""
    for row in stored_sets:
        if (row.key, row.version) == (policy.key, str(policy.version)):
            if row.digest != policy.digest or row.withdrawn_on is not None:
                raise Refused(Reason.of("policy_differs", key=policy.key, version=policy.version))
            return row.id  # type: ignore[no-any-return]
    return None


def withdraw_policy(conn: sa.Connection, policy_set_id: UUID, reason: str, context: ActionContext) -> None:
    """Withdraw a policy set that nothing cites yet; it stays readable with the reason.

    Raises InvalidForm, Refused (role_missing, policy_cited, voided_already), NotFound.
    """
    _require_root_administrator(conn, context)
    validation.refuse_invalid(validation.text("reason", reason, longest=400))
    conn.execute(_LOCK_POLICIES)
    query = sa.select(policy_set).where(policy_set.c.id == policy_set_id).with_for_update(key_share=True)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFound
    if row.withdrawn_on is not None:
        raise Refused(Reason.of("voided_already", on=row.withdrawn_on.isoformat()))
    cited = [conn.scalar(sa.select(table.c.id).where(table.c.policy_set_id == row.id).limit(1)) for table in CITING]
    if any(cited):
        raise Refused(Reason.of("policy_cited", policy=f"{row.key}@{row.version}"))
    batch = WriteBatch()
    batch.change(policy_set, {"id": row.id, "withdrawn_on": context.today, "withdrawn_reason": reason.strip()})
    facts: dict[str, Plain] = {"key": row.key, "version": row.version, "reason": reason.strip()}
    event_log.append_event(conn, "policy", row.id, "withdraw_policy", facts, context, batch)


CITING = (case, gift)
"""The tables whose rows cite the policy set they were decided under."""


def _require_root_administrator(conn: sa.Connection, context: ActionContext) -> None:
    # A policy set applies to every unit of its region, so an administrator of one unit below the root may not load it.
    roots = conn.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None)))
    if not any(context.caller.holds((Role.ADMIN,), path) for path in roots):
        raise Refused(Reason.of("role_missing", roles=[Role.ADMIN.value]))


def _refuse_overlap(policy: PolicySet, others: list[PolicySet]) -> None:
    try:
        refuse_overlaps((policy, *others))
        refuse_same_claim(policy, others)
    except PoliciesOverlap as fault:
        raise Refused(Reason.of("policies_overlap", policies=list(fault.keys))) from None


def load_calendar(conn: sa.Connection, source: str, year: int, context: ActionContext) -> int:
    """Load a year's days that differ from Monday–Friday, in place of the year's earlier days. Return their number.

    Raises InvalidCalendar with every wrong line, Refused (role_missing, calendar_not_of_year, calendar_of_running_notice).
    """
    _require_root_administrator(conn, context)
    calendar = read_calendar(source)
    if year not in calendar.years:
        raise Refused(
            Reason.of("calendar_not_of_year", year=year, found=[str(each) for each in sorted(calendar.years)])
        )
    conn.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": year})
    days, names = {day: working for day, working in calendar.days.items() if day.year == year}, _day_names(source)
    if _is_loaded(conn, year, days):
        return len(days)
    _refuse_days_of_running_notices(conn, year, days)
    digest, batch = sha256(source.encode()).hexdigest(), _delete_year(conn, year)
    day_rows = [
        {"on": day, "working": working, "name": names.get(day.isoformat(), "")} for day, working in sorted(days.items())
    ]
    batch.add(calendar_day, *day_rows)
    batch.add(calendar_year, {"year": year, "source": _source_remark(source), "digest": digest})
    facts: dict[str, Plain] = {"year": year, "days": len(days), "sha256": digest}
    event_log.append_event(conn, "policy", calendar_subject(year), "load_calendar", facts, context, batch)
    return len(days)


def calendar_subject(year: int) -> UUID:
    """Return the subject of the events of a year's days."""
    return uuid.uuid5(_CALENDARS, str(year))


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
    return loaded_year is not None and {row.on: row.working for row in conn.execute(_days_of(year))} == days


def _refuse_days_of_running_notices(conn: sa.Connection, year: int, days: dict[date, bool]) -> None:
    """Refuse other working days within a notice that hangs: its end has been shown."""
    stored = {row.on: row.working for row in conn.execute(_days_of(year))}
    changed = {day for day in {*stored, *days} if stored.get(day) != days.get(day)}
    hanging = sa.select(notice.c.posted_on, notice.c.ends_on).where(notice.c.ended_on.is_(None))
    for row in conn.execute(hanging):
        within = sorted(day for day in changed if row.posted_on <= day <= row.ends_on)
        if within and stored:
            raise Refused(Reason.of("calendar_of_running_notice", on=within[0].isoformat()))


def _days_of(year: int) -> sa.Select[Any]:
    of_year = sa.extract("year", calendar_day.c.on) == year
    return sa.select(calendar_day.c.on, calendar_day.c.working).where(of_year)


def _day_names(source: str) -> dict[str, str]:
    """Return each day's name, the third column, by its ISO date."""
    rows = [row for row in csv.reader(source.removeprefix("\ufeff").splitlines()) if len(row) > 2]
    return {row[0].strip().replace("/", "-"): row[2].strip() for row in rows}


def _source_remark(source: str) -> str:
    """Return the first comment line of the file, which names its source."""
    comment = next((line for line in source.removeprefix("\ufeff").splitlines() if line.startswith("#")), "#")
    return comment.lstrip("# ").strip()
