"""What an event says of the rows written with it, so that every row can be held against the trail (decisions/0012)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db import METADATA
from service.tables.classes import CLASSES, Data
from workflows.terms import Plain, Pot

CHANGING: Mapping[str, str] = {
    "household": "identity division cause category observed event_kind idle_able_members economy_as_of exited_on"
    " story_sealed version",
    "person": "relation name_sealed name_index id_no_sealed id_no_index phone_sealed phone_index email_sealed"
    " address_sealed workplace_sealed student_stage active version",
    "bank_account": "active",
    "economy_line": "person_id",
    "case": "state phase entered_on due_on due_is_provisional held_until award_fen fund_id policy_set_id category"
    " outstanding_fen",
    "notice": "ended_on",
    "objection": "outcome answered_on",
    "approval": "voided_seq",
    "payment": "state returned_on returned_code recalled_on receipt_on receipt_evidence",
    "fund_opening": "closed_on",
    "kinship": "confirmed_on confirmed_by ended_on",
    "unit": "name version",
    "role_grant": "revoked_on",
    "token": "revoked_at",
    "calendar_day": "working name",
    "calendar_year": "source digest",
}
"""Columns that an act may give another value, or whose row it may take away; each such row is only ever named on one
chain. Every other column is written once, and an event keeps one digest over all of them."""

LOOSE: Mapping[str, Mapping[str, str]] = {
    "case": dict.fromkeys(("version", "head_hash"), "the number and the hash of its last event, compared as its head"),
    "household": {"given": "a mark for who waits at the lock; what was given stands in entries, payments and gifts"},
    "fund": {f"{pot.value}_fen": "the sum of its entries, counted by itself" for pot in Pot},
    "letter": dict.fromkeys(
        ("state", "attempts", "not_before", "created_at", "delivered_at", "read_at", "last_error"),
        "how the delivery goes, which nobody decides; that the letter is owed, and to whom, is bound",
    ),
}
"""Columns the trail does not bind, and why."""

UNBOUND: Mapping[str, str] = {
    "event": "the trail itself: its columns are held against its bodies, its bodies against its hashes",
    "chain_head": "the head of each chain, compared with the chain",
    "clashing_duty": "written by the migrations; compared with the rules",
    "idempotency": "answers kept for a week so that a repeated request is answered again",
    "imported_file": "spares a second reading of one file; what the file said is bound row by row",
    "job_run": "spares the clock a second reminder on one day; what it did is bound row by row",
}
"""Tables the trail does not bind, and why."""

FIXED = "fixed"
"""Where a named row keeps the digest over the columns that never change."""

_DEFAULTS: Mapping[str, Any] = {"0": 0, "1": 1, "{}": [], "false": False, "true": True}


@dataclass(frozen=True)
class Bound:
    """One table whose rows the trail binds: its key, the columns that never change, and those that may."""

    table: sa.Table
    key: tuple[str, ...]
    fixed: tuple[str, ...]
    changing: tuple[str, ...]
    personal: frozenset[str]
    defaults: Mapping[str, Any]

    def key_of(self, row: Mapping[str, Any]) -> str:
        """How an event names the row."""
        return "/".join(str(row[name]) for name in self.key)

    def stands(self, row: Mapping[str, Any]) -> Plain:
        """The whole row, as the event that writes it names it, and as it must stand if no later one changed it."""
        digest = self._digest([row.get(name, self.defaults.get(name)) for name in self.fixed])
        return {FIXED: digest, **self._values(row, self.defaults)} if self.changing else digest

    def changed(self, row: Mapping[str, Any]) -> dict[str, Plain]:
        """The columns an event changes. Raises KeyError for one that never changes."""
        allowed = {name: row[name] for name in row if name not in self.key and name not in LOOSE.get(self.name, ())}
        wrong = allowed.keys() - set(self.changing)
        if wrong:
            raise KeyError(f"{self.name}: {sorted(wrong)} are written once; add them to CHANGING if they are not")
        return {name: self._kept(name, value) for name, value in allowed.items()}

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    def _values(self, row: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Plain]:
        values = {name: row.get(name, defaults.get(name)) for name in self.changing}
        return {name: self._kept(name, value) for name, value in values.items() if value is not None}

    def _kept(self, name: str, value: Any) -> Plain:
        if name in self.personal:
            return None if value is None else sha256(bytes(value)).hexdigest()
        return value if value is None or type(value) in {str, int, bool} else json.loads(_SPELLED(value))  # type: ignore[no-any-return]

    def _digest(self, values: list[Any]) -> str:
        return sha256(_SPELLED([self.name, *values]).encode()).hexdigest()


def _plain(value: Any) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return value.hex()
    raise TypeError(f"a row holds no {type(value).__name__}")


_SPELLED = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
).encode


def _bound(table: sa.Table) -> Bound:
    loose, changing = LOOSE.get(table.name, {}), tuple(CHANGING.get(table.name, "").split())
    fixed = tuple(each.name for each in table.columns if each.name not in changing and each.name not in loose)
    personal = frozenset(name for name, data in CLASSES[table.name].items() if Data.PERSONAL in data)
    defaults = {
        each.name: _DEFAULTS[str(getattr(each.server_default, "arg", ""))]
        for each in table.columns
        if each.server_default is not None and each.name not in loose
    }
    key = tuple(each.name for each in table.primary_key.columns)
    return Bound(table, key, fixed, changing, personal, defaults)


BOUND: Mapping[str, Bound] = {
    name: _bound(table) for name, table in sorted(METADATA.tables.items()) if name not in UNBOUND
}
"""Every table whose rows the trail binds."""


def named(
    added: Mapping[str, Iterable[Mapping[str, Any]]],
    changed: Iterable[tuple[str, Mapping[str, Any]]] = (),
    removed: Iterable[tuple[str, Mapping[str, Any]]] = (),
) -> dict[str, Plain]:
    """What an event says under `rows`: by table and key, a new row, the columns changed, or None for one taken away."""
    said: dict[str, dict[str, Plain]] = {}
    for table, row in removed:
        said.setdefault(table, {})[BOUND[table].key_of(row)] = None
    for table, rows in added.items():
        if table in BOUND:
            said.setdefault(table, {}).update({BOUND[table].key_of(row): BOUND[table].stands(row) for row in rows})
    for table, row in changed:
        if table in BOUND and (news := BOUND[table].changed(row)):
            said.setdefault(table, {})[BOUND[table].key_of(row)] = news
    return dict(said)
