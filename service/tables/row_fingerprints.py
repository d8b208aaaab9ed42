"""Row fingerprints are what an event records of each row written with it (docs/decisions/0012, 0019)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from service.db.columns import METADATA
from service.tables.column_classification import CLASSIFICATION, Data
from service.tables.recorded_columns import CHANGING, FIRST_VALUES, UNRECORDED_COLUMNS, UNRECORDED_TABLES
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain

FIXED = "fixed"
"""The key of the digest over the columns written once, in a recorded row."""

LOG_TABLES: Mapping[str, str] = {"confirmer": "confirmation_hand"}
"""Names of tables in the event log, where the schema's name is another: the log's name was there first and stays.

`{"confirmer": "confirmation_hand"}`: migration 0027 renamed the table, the events go on saying "confirmation_hand".
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
        """Yield what the event log records of a whole row, by the log's table name: the row, then its filled columns.

        An id or a day may be given as its text: canonical JSON writes both alike.
        """
        whole = {**self.defaults, **row} if self.defaults else row
        first_values = self._first_values(whole) if self.first_values else {}
        fixed = self._present({**whole, **first_values} if first_values else whole, self.fixed)
        digest = sha256(canonical_json([self.log_name, fixed]).encode()).hexdigest()
        yield self.log_name, {FIXED: digest, **self._changing(whole, first_values)} if self.changing else digest
        for name, value in self._present(whole, self.filled).items() if self.filled else ():
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
        return {name: row[first] for name, first in self.first_values.items() if row.get(first) is not None}

    def _present(self, whole: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of the columns that hold one, by their names in the log."""
        present = {log_name: value for name, log_name in columns.items() if (value := whole.get(name)) is not None}
        for name, absent in self.absent.items():
            if name in columns and whole.get(name) == absent:
                del present[columns[name]]
        return present

    def _is_absent(self, name: str, value: Any) -> bool:
        return value is None or (name in self.absent and value == self.absent[name])

    def _changing(self, whole: Mapping[str, Any], first_values: Mapping[str, Any]) -> dict[str, Plain]:
        changing = {
            log_name: self._recorded(name, value)
            for name, log_name in self.changing.items()
            if not self._is_absent(name, value := whole.get(name))
        }
        return changing | {self.fixed[name]: self._recorded(name, whole[name]) for name in first_values}

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
