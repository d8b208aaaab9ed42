"""Replay sources are the policy sets, calendars and grants that decisions rest on, as the event log dates them."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.integrity.stored_rows import streamed
from service.tables.accounts import role_grant
from service.tables.cases import case
from service.tables.events import event
from service.tables.policies import policy_set
from service.tables.units import unit
from workflows.policy import PolicySet
from workflows.policy_parser import InvalidPolicy, read_policy
from workflows.vocabulary import Grant, Role
from workflows.workdays import Calendar


@dataclass(slots=True)
class _DatedGrant:
    """A grant as its row says, and the numbers of the events that gave and revoked it."""

    row: Any
    given: int
    revoked: int | None = None

    def is_in_force(self, on: date, no: int) -> bool:
        """Return whether the grant was in force on a day, as far as the event with the number `no` could know."""
        if not (self.given < no and self.row.from_on <= on <= self.row.until_on):
            return False
        return self.revoked is None or self.revoked > no or self.row.revoked_on > on


@dataclass(slots=True)
class _DatedPolicy:
    """A policy set as its row says, and the numbers of the events that loaded and withdrew it."""

    row: Any
    loaded: int
    withdrawn: int | None = None

    def may_follow(self, earlier: Any, no: int) -> bool:
        """Return whether it takes the place of a set without a last day, as far as the event `no` could know."""
        known = self.loaded < no and (self.withdrawn is None or self.withdrawn > no)
        return known and self.row.region == earlier.region and earlier.effective_from < self.row.effective_from


class StoredSources:
    """The sources of one record; what is large is read when it is asked for, and kept."""

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn
        self._grants: dict[UUID, list[_DatedGrant]] = {}
        self._by_id: dict[str, _DatedGrant] = {}
        self._policies: dict[str, _DatedPolicy] = {}
        self._calendar_numbers: list[int] = [0]
        self._calendars = [Calendar()]
        self._read_events(_grant_rows(conn), _policy_rows(conn))
        self.policy = lru_cache(maxsize=None)(self._policy)
        self.grants = lru_cache(maxsize=65536)(self._grants_of)

    def _read_events(self, grant_rows: Mapping[str, Any], policy_rows: Mapping[str, Any]) -> None:
        for no, rows in _bodies(self._conn):
            for grant_id, entry in (rows.get("role_grant") or {}).items():
                self._note_grant(no, grant_id, entry, grant_rows)
            for policy_id, entry in (rows.get("policy_set") or {}).items():
                self._note_policy(no, policy_id, entry, policy_rows)
            if "calendar_day" in rows or "calendar_year" in rows:
                self._note_calendar(no, rows.get("calendar_day") or {}, rows.get("calendar_year") or {})

    def _note_grant(self, no: int, grant_id: str, entry: Any, grant_rows: Mapping[str, Any]) -> None:
        row = grant_rows.get(grant_id)
        if row is None:
            return
        if grant_id not in self._by_id:
            self._by_id[grant_id] = _DatedGrant(row, no)
            self._grants.setdefault(row.account_id, []).append(self._by_id[grant_id])
        if isinstance(entry, dict) and entry.get("revoked_on"):
            self._by_id[grant_id].revoked = no

    def _note_policy(self, no: int, policy_id: str, entry: Any, policy_rows: Mapping[str, Any]) -> None:
        if policy_id not in self._policies and policy_id in policy_rows:
            self._policies[policy_id] = _DatedPolicy(policy_rows[policy_id], no)
        elif policy_id in self._policies and isinstance(entry, dict) and entry.get("withdrawn_on"):
            self._policies[policy_id].withdrawn = no

    def _note_calendar(self, no: int, days: Mapping[str, Any], years: Mapping[str, Any]) -> None:
        latest = self._calendars[-1]
        known = dict(latest.days)
        for text, entry in days.items():
            if entry is None:
                known.pop(date.fromisoformat(text), None)
            elif "working" in entry:
                known[date.fromisoformat(text)] = entry["working"]
        self._calendar_numbers.append(no)
        self._calendars.append(Calendar(known, latest.years | {int(year) for year in years}))

    def _policy(self, policy_id: str) -> PolicySet | None:
        source = self._conn.scalar(sa.select(policy_set.c.source).where(policy_set.c.id == UUID(policy_id)))
        try:
            return read_policy(source) if source is not None else None
        except InvalidPolicy:
            return None

    def followed_from(self, policy_id: str, no: int) -> date | None:
        """Return the first day of the set that takes the place of a set without a last day; None when there is none."""
        its = self._policies.get(policy_id)
        if its is None or its.row.effective_to is not None:
            return None
        following = [each.row.effective_from for each in self._policies.values() if each.may_follow(its.row, no)]
        return min(following, default=None)

    def calendar(self, no: int) -> Calendar:
        """Return the working days that were known when the event with the number `no` was written."""
        return self._calendars[bisect_left(self._calendar_numbers, no) - 1] if no > 0 else Calendar()

    def _grants_of(self, account: UUID, unit_path: str, on: date, no: int) -> tuple[Grant, ...]:
        return tuple(
            Grant(Role(each.row.role), each.row.tier, each.row.for_account_id)
            for each in self._grants.get(account, ())
            if unit_path.startswith(each.row.path) and each.is_in_force(on, no) and self._is_backed(each, on, no)
        )

    def _is_backed(self, held: _DatedGrant, on: date, no: int) -> bool:
        """Return whether the grant is one's own, or the principal held the role as well."""
        if held.row.for_account_id is None:
            return True
        same = (held.row.role, held.row.tier)
        return any(
            (own.row.role, own.row.tier) == same and own.row.for_account_id is None and own.is_in_force(on, no)
            for own in self._grants.get(held.row.for_account_id, ())
        )

    def unit_path(self, case_id: str) -> str | None:
        """Return the path of the unit that the case belongs to now."""
        path: str | None = self._conn.scalar(sa.select(case.c.unit_path).where(case.c.id == UUID(case_id)))
        return path


def _grant_rows(conn: sa.Connection) -> dict[str, Any]:
    columns = ("id", "account_id", "role", "tier", "from_on", "until_on", "for_account_id", "revoked_on")
    rows = sa.select(*(role_grant.c[name] for name in columns), unit.c.path)
    return {str(row.id): row for row in conn.execute(rows.join(unit, unit.c.id == role_grant.c.unit_id))}


def _policy_rows(conn: sa.Connection) -> dict[str, Any]:
    columns = ("id", "region", "effective_from", "effective_to")
    return {str(row.id): row for row in conn.execute(sa.select(*(policy_set.c[name] for name in columns)))}


def _bodies(conn: sa.Connection) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the number and the rows of each event that names grants, policy sets or days of the calendar, in order."""
    named = sa.or_(*(event.c.body.contains(name) for name in ('"role_grant"', '"policy_set"', '"calendar_')))
    bodies = sa.select(event.c.no, event.c.body).where(event.c.subject.in_(("account", "policy")), named)
    for row in streamed(conn, bodies.order_by(event.c.no)):
        try:
            rows = json.loads(row.body)["rows"]
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(rows, dict):
            yield row.no, rows
