"""Loading the rules that are data: a policy set from its file, and a year's calendar of working days."""

import csv
import uuid
from datetime import date
from hashlib import sha256
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

_TURNS = sa.text("SELECT pg_advisory_xact_lock(hashtext('policy_set'))")
_CALENDARS = uuid.uuid5(uuid.NAMESPACE_URL, "songnuan:calendar")
_KEPT = ("key", "title", "issuer", "document", "region", "effective_from", "effective_to", "sample", "digest")


def load_policy(conn: sa.Connection, source: str, context: ActionContext) -> UUID:
    """Load a policy set from its TOML text; the same set a second time is the same row.

    Raises BadPolicy with every problem of the file, Refused (role_missing, policy_differs, policies_overlap).
    """
    _administrator(conn, context)
    policy = read_policy(source)
    conn.execute(_TURNS)
    known = conn.execute(
        sa.select(policy_set.c.id, policy_set.c.version, policy_set.c.digest, policy_set.c.source).where(
            policy_set.c.key == policy.key
        )
    ).all()
    for row in known:
        if row.version == str(policy.version):
            if row.digest != policy.digest:
                raise Refused(Reason.of("policy_differs", key=policy.key, version=policy.version))
            return row.id  # type: ignore[no-any-return]
    _no_overlap((policy, *(read_policy(row.source) for row in known)))
    new = new_id()
    columns = {name: getattr(policy, name) for name in _KEPT} | {"version": str(policy.version), "source": source}
    loaded = {"loaded_by": context.caller.account, "loaded_at": context.at}
    batch = WriteBatch()
    batch.add(policy_set, {"id": new, **columns, **loaded})
    facts: dict[str, Plain] = {"key": policy.key, "version": policy.version, "digest": policy.digest}
    event_log.append_event(conn, "policy", new, "load_policy", facts, context, batch)
    return new


def _administrator(conn: sa.Connection, context: ActionContext) -> None:
    """Rules hold for everybody in their region: only the administrator of a unit at the root loads them."""
    roots = conn.scalars(sa.select(unit.c.path).where(unit.c.parent_id.is_(None)))
    if not any(context.caller.holds((Role.ADMIN,), path) for path in roots):
        raise Refused(Reason.of("role_missing", roles=[Role.ADMIN.value]))


def _no_overlap(versions: tuple[PolicySet, ...]) -> None:
    try:
        refuse_overlaps(versions)
    except PoliciesOverlap as overlap:
        raise Refused(Reason.of("policies_overlap", policies=list(overlap.keys))) from None


def load_calendar(conn: sa.Connection, source: str, year: int, context: ActionContext) -> int:
    """Load a year's days that differ from Monday–Friday; what was known of the year before is replaced.

    Returns the number of days. Raises BadCalendar with every wrong line, Refused (role_missing, calendar_not_of_year).
    """
    _administrator(conn, context)
    calendar = read_calendar(source)
    if year not in calendar.years:
        raise Refused(
            Reason.of("calendar_not_of_year", year=year, found=[str(each) for each in sorted(calendar.years)])
        )
    subject = uuid.uuid5(_CALENDARS, str(year))
    conn.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": year})
    days, names = {day: at for day, at in calendar.days.items() if day.year == year}, _names(source)
    if _same(conn, year, days):
        return len(days)
    digest, rows = sha256(source.encode()).hexdigest(), _forgotten(conn, year)
    known = [{"on": day, "working": at, "name": names.get(day.isoformat(), "")} for day, at in sorted(days.items())]
    rows.add(calendar_day, *known)
    rows.add(calendar_year, {"year": year, "source": _remark(source), "digest": digest})
    facts: dict[str, Plain] = {"year": year, "days": len(days), "sha256": digest}
    event_log.append_event(conn, "policy", subject, "load_calendar", facts, context, rows)
    return len(days)


def _forgotten(conn: sa.Connection, year: int) -> WriteBatch:
    """What was known of the year is taken away, and the event is to say so."""
    batch, of_year = WriteBatch(), sa.extract("year", calendar_day.c.on) == year
    gone = conn.scalars(calendar_day.delete().where(of_year).returning(calendar_day.c.on)).all()
    batch.note_deleted(calendar_day, *({"on": each} for each in gone))
    conn.execute(calendar_year.delete().where(calendar_year.c.year == year))
    return batch


def _same(conn: sa.Connection, year: int, days: dict[date, bool]) -> bool:
    """Whether the database already knows exactly this of the year."""
    known = conn.scalar(sa.select(calendar_year.c.year).where(calendar_year.c.year == year))
    stored = sa.select(calendar_day.c.on, calendar_day.c.working).where(sa.extract("year", calendar_day.c.on) == year)
    return known is not None and {row.on: row.working for row in conn.execute(stored)} == days


def _names(source: str) -> dict[str, str]:
    """What each day is called: the third column, by the day as ISO writes it."""
    rows = [row for row in csv.reader(source.removeprefix("\ufeff").splitlines()) if len(row) > 2]
    return {row[0].strip().replace("/", "-"): row[2].strip() for row in rows}


def _remark(source: str) -> str:
    """The first remark of the file says where it comes from."""
    first = next((line for line in source.removeprefix("\ufeff").splitlines() if line.startswith("#")), "#")
    return first.lstrip("# ").strip()
