"""Row fingerprints are what an event records of each row written with it (docs/decisions/0012, 0019)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from service.db.columns import METADATA
from service.tables.column_classification import CLASSIFICATION, Data
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain, Pot

CHANGING: Mapping[str, str] = {
    "household": "identity division cause category category_on category_case_id observed event_kind idle_able_members"
    " finances_as_of exited_on exit_reason story_sealed version",
    "person": "relation name_sealed name_index id_no_sealed id_no_index phone_sealed phone_index birth_index email_sealed"
    " address_sealed address_index workplace_sealed student_stage active version",
    "bank_account": "active",
    "finance_line": "person_id ended_on",
    "document": "ended_on end_reason",
    "case": "state phase entered_on due_on due_is_provisional held_until award_fen fund_id policy_set_id category"
    " outstanding_fen method cash_reason",
    "notice": "ended_on",
    "objection": "outcome answered_on",
    "approval": "voided_seq",
    "payment": "state returned_on returned_code recalled_on receipt_on receipt_evidence"
    " advice_no advised_on confirmed_by",
    "bank_advice": "state decided_by decided_on",
    "fund_allocation": "closed_on",
    "fund_receipt": "voided_on void_reason",
    "gift": "voided_on void_reason",
    "visit": "voided_on void_reason",
    "donation": "voided_on void_reason",
    "activity": "voided_on void_reason",
    "pairing": "voided_on void_reason",
    "kinship": "confirmed_on confirmed_by ended_on end_reason",
    "confirmation": "state ended_on ended_by reason",
    "confirmation_hand": "confirmed_by confirmed_at",
    "unit": "name version",
    "role_grant": "revoked_on",
    "account": "disabled_at",
    "token": "revoked_at",
    "invitation": "ended_at",
    "credential": "ended_at",
    "passkey": "revoked_at",
    "recovery_code": "used_at",
    "session": "ended_at",
    "policy_set": "withdrawn_on withdrawn_reason",
    "calendar_day": "working name",
    "calendar_year": "source digest",
}
"""Columns whose value may change, or whose row may be deleted; all events of such a row are on one chain. Every other
column is written once, and an event keeps one digest over all of them."""

FIRST_VALUES: Mapping[str, Mapping[str, str]] = {
    "household": {"unit_id": "first_unit_id", "unit_path": "first_unit_path", "file_no": "first_file_no"},
    "case": {
        "unit_id": "first_unit_id",
        "unit_path": "first_unit_path",
        "item": "first_item",
        "requested_fen": "first_requested_fen",
        "answers": "first_answers",
    },
}
"""Columns that older events hold as written once and that may change now, each with the column that keeps its first value.

While the second is empty the first has never changed. The digest FIXED covers the first value, as it always did; the
present value is recorded beside it from the first change on (docs/decisions/0023, 0025)."""

UNRECORDED_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "case": dict.fromkeys(("version", "head_hash"), "the number and the hash of its last event, compared as its head")
    | dict.fromkeys(("recovering_fen", "written_off_fen"), "the sum of its entries, counted by itself"),
    "payment": {"recalled_fen": "the sum of the entries that recall it, counted by itself"},
    "person": {
        "search_index": "computed from the name and numbers, which are recorded; `songnuan search-keys check` compares"
    },
    "household": {"aid_version": "the number of events that gave the family something, counted from them by itself"},
    "fund": {f"{pot.value}_fen": "the sum of its entries, counted by itself" for pot in Pot}
    | dict.fromkeys(
        ("counted_in_transit_fen", "counted_paid_fen"), "the sum of its payments and gifts, counted by itself"
    ),
    "passkey": dict.fromkeys(("sign_count", "used_at"), "how often and when it was used; each sign-in is an event"),
    "session": dict.fromkeys(
        ("last_seen_at", "proved_at", "challenge"),
        "what the next request is judged by; each act of the session is an event",
    ),
    "notification": dict.fromkeys(
        ("state", "attempts", "not_before", "created_at", "delivered_at", "read_at", "last_error"),
        "how the delivery goes, which nobody decides; that the notification is owed, and to whom, is bound",
    ),
}
"""Columns the event log does not record, and why."""

UNRECORDED_TABLES: Mapping[str, str] = {
    "event": "the trail itself: its columns are held against its bodies, its bodies against its hashes",
    "chain_head": "the head of each chain, compared with the chain",
    "incompatible_duty": "written by the migrations; compared with the rules",
    "second_person_act": "written by the migrations; compared with the rules",
    "pot_move": "written by the migrations; compared with the rules",
    "payment_move": "written by the migrations; compared with the rules",
    "idempotency": "answers kept for a week so that a repeated request is answered again",
    "imported_file": "makes two imports of one file take turns; nothing reads it, what the file said is bound row by row",
    "workbook_import": "names the files of an import; its event keeps their digests, and one over its rows",
    "imported_row": "which records an import made; an undo asks the digest in its event, each record and void has its own",
    "uploaded_workbook": "a file between its dry run and its import; the rows that it becomes are bound row by row",
    "prepared_file": "a long export on its way to the person who asked for it; that they took it is an event",
    "prepared_part": "the content of such a file, for a day; what it shows is bound row by row",
    "sign_in_attempt": "a browser on its way to a session, for ten minutes; the sign-in, or its failure, is an event",
    "sign_in_count": "failures since the last sign-in; each failure before a lock is an event",
    "heartbeat": "written to see that the disk takes writes; it says nothing",
    "job_run": "spares the clock a second reminder on one day; what it did is bound row by row, and anchors ask the anchors",
}
"""Tables the event log does not record, and why."""

FIXED = "fixed"
"""The key of the digest over the columns written once, in a recorded row."""

LOG_TABLES: Mapping[str, str] = {}
"""Names of tables in the event log, where the schema's name is another: the log's name was there first and stays.

`{"ledger_entry": "ledger_entry"}`: the table was renamed, the events go on saying "ledger_entry".
"""

LOG_COLUMNS: Mapping[str, Mapping[str, str]] = {}
"""The same for columns, by the schema's names: `{"case": {"requested_fen": "requested_fen"}}`."""

_RECORDED_ONCE = ("gift", "visit", "donation", "activity", "pairing")

ABSENT: Mapping[str, Mapping[str, Any]] = {
    **{table: {"repeat_no": 0} for table in _RECORDED_ONCE},
    "gift": {"repeat_no": 0, "counts_as_aid": False},
}
"""Values that a migration gave to all older rows of a new column: left out of fingerprints, as nulls are.

`{"payment": {"attempt": 1}}`: the older events do not know the column, and all their rows hold 1.
"""

FILLED: Mapping[str, tuple[str, ...]] = dict.fromkeys(_RECORDED_ONCE, ("natural_key", "repeat_no"))
"""Write-once columns that a migration filled row by row. Each has a fingerprint of its own, "table.column" in the log:
the migration records those of the older rows (migrations/filled_columns.py), an event those of the rows it writes.
"""

_DEFAULTS: Mapping[str, Any] = {"0": 0, "1": 1, "{}": [], "false": False, "true": True}


@dataclass(frozen=True)
class Naming:
    """How the event log names tables and columns, and which columns are younger than some of its events."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    absent: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    filled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class RowFingerprint:
    """One table whose rows the event log records: its key, the columns written once, and those that may change."""

    table: sa.Table
    log_name: str
    key: tuple[str, ...]
    fixed: Mapping[str, str]
    """Columns written once, each with its name in the log."""

    changing: Mapping[str, str]
    first_values: Mapping[str, str]
    """Columns of `fixed` that may change, each with the column that keeps its first value."""

    filled: Mapping[str, str]
    personal: frozenset[str]
    defaults: Mapping[str, Any]
    absent: Mapping[str, Any]

    def key_of(self, row: Mapping[str, Any]) -> str:
        """Return the row's key as an event names it."""
        return "/".join(str(row[name]) for name in self.key)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns to read for `entries`."""
        names = (*self.fixed, *self.changing, *self.first_values, *self.first_values.values(), *self.filled)
        return tuple(dict.fromkeys(names))

    def entries(self, row: Mapping[str, Any]) -> Iterator[tuple[str, Plain]]:
        """Yield what the event log records of a whole row, by the log's table name: the row, then its filled columns."""
        fixed = self._present({**row, **self._first_values(row)}, self.fixed)
        digest = sha256(canonical_json([self.log_name, fixed]).encode()).hexdigest()
        yield self.log_name, {FIXED: digest, **self._changing(row)} if self.changing else digest
        for name, value in self._present(row, self.filled).items():
            yield f"{self.log_name}.{name}", sha256(canonical_json([self.log_name, name, value]).encode()).hexdigest()

    def changes(self, row: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the columns an event changes, by their names in the log. Raises KeyError for one written once."""
        unrecorded = {*UNRECORDED_COLUMNS.get(self.table.name, ()), *self.first_values.values()}
        allowed = {name: row[name] for name in row if name not in self.key and name not in unrecorded}
        changing = {**self.changing, **{name: self.fixed[name] for name in self.first_values}}
        wrong = allowed.keys() - changing.keys()
        if wrong:
            raise KeyError(f"{self.table.name}: {sorted(wrong)} are written once; add them to CHANGING if they are not")
        return {changing[name]: self._recorded(name, value) for name, value in allowed.items()}

    def _first_values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the first value of each column that has changed since."""
        kept = {name: row.get(first) for name, first in self.first_values.items()}
        return {name: value for name, value in kept.items() if value is not None}

    def _present(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of the columns that hold one, by their names in the log."""
        values = {name: row.get(name, self.defaults.get(name)) for name in columns}
        return {columns[name]: value for name, value in values.items() if not self._is_absent(name, value)}

    def _is_absent(self, name: str, value: Any) -> bool:
        return value is None or (name in self.absent and value == self.absent[name])

    def _changing(self, row: Mapping[str, Any]) -> dict[str, Plain]:
        values = {name: row.get(name, self.defaults.get(name)) for name in self.changing}
        changing = {
            self.changing[name]: self._recorded(name, value)
            for name, value in values.items()
            if not self._is_absent(name, value)
        }
        return changing | {self.fixed[name]: self._recorded(name, row[name]) for name in self._first_values(row)}

    def _recorded(self, name: str, value: Any) -> Plain:
        """Return a column's value as an event records it: personal data as a digest, an absent value as null."""
        if self._is_absent(name, value):
            return None
        if name in self.personal:
            return sha256(bytes(value)).hexdigest()
        return value if type(value) in {str, int, bool} else json.loads(canonical_json(value))  # type: ignore[no-any-return]


def _fingerprint(table: sa.Table, naming: Naming) -> RowFingerprint:
    name = table.name
    unrecorded, changing = UNRECORDED_COLUMNS.get(name, {}), CHANGING.get(name, "").split()
    filled, log_names = naming.filled.get(name, ()), naming.columns.get(name, {})
    first_values = FIRST_VALUES.get(name, {})
    left_out = {*unrecorded, *first_values.values()}
    columns = [each.name for each in table.columns if each.name not in left_out]
    log = {each: log_names.get(each, each) for each in columns}
    return RowFingerprint(
        table=table,
        log_name=naming.tables.get(name, name),
        key=tuple(each.name for each in table.primary_key.columns),
        fixed={each: log[each] for each in columns if each not in changing and each not in filled},
        changing={each: log[each] for each in changing},
        first_values=first_values,
        filled={each: log[each] for each in filled},
        personal=frozenset(each for each, data in CLASSIFICATION.get(name, {}).items() if Data.PERSONAL in data),
        defaults=_defaults(table, unrecorded),
        absent=naming.absent.get(name, {}),
    )


def _defaults(table: sa.Table, unrecorded: Mapping[str, str]) -> dict[str, Any]:
    return {
        each.name: _DEFAULTS[str(getattr(each.server_default, "arg", ""))]
        for each in table.columns
        if each.server_default is not None and each.name not in unrecorded
    }


def fingerprints_of(metadata: sa.MetaData, naming: Naming) -> Mapping[str, RowFingerprint]:
    """Return the fingerprint of every table that the event log records, by the schema's name."""
    tables = sorted(metadata.tables.items())
    return {name: _fingerprint(table, naming) for name, table in tables if name not in UNRECORDED_TABLES}


FINGERPRINTS = fingerprints_of(METADATA, Naming(LOG_TABLES, LOG_COLUMNS, ABSENT, FILLED))
"""Every table whose rows the event log records."""


def recorded_rows(
    added: Mapping[str, Iterable[Mapping[str, Any]]],
    changed: Iterable[tuple[str, Mapping[str, Any]]] = (),
    removed: Iterable[tuple[str, Mapping[str, Any]]] = (),
) -> dict[str, Plain]:
    """Return the `rows` of an event: by table and key a new row, the columns changed, or None for a deleted row."""
    rows: dict[str, dict[str, Plain]] = {}
    for table, row in removed:
        fingerprint = FINGERPRINTS[table]
        rows.setdefault(fingerprint.log_name, {})[fingerprint.key_of(row)] = None
    for table, added_rows in added.items():
        if table not in UNRECORDED_TABLES:
            fingerprint = FINGERPRINTS[table]
            for row in added_rows:
                for log_name, entry in fingerprint.entries(row):
                    rows.setdefault(log_name, {})[fingerprint.key_of(row)] = entry
    for table, row in changed:
        if table not in UNRECORDED_TABLES and (news := FINGERPRINTS[table].changes(row)):
            rows.setdefault(FINGERPRINTS[table].log_name, {})[FINGERPRINTS[table].key_of(row)] = news
    return dict(rows)
