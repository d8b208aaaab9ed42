"""Event replay finds how each row should look, from the event log."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from service.crypto.hash_chain import EVENT_VERSION
from service.integrity.faults import Fault
from service.tables.row_fingerprints import FINGERPRINTS, FIXED, RowFingerprint
from workflows.vocabulary import Plain

HEAD, CASE_HEAD = "chain_head", "case/head"
"""Table names for the heads of chains: the number and the hash of each chain's last event."""

REMOVED: Mapping[str, str] = {"finance_line": "replace_finances", "calendar_day": "load_calendar"}
"""Tables whose rows an event may remove, and its action. Finance lines ended up removed in older records only."""

RecordRow = Callable[[str, str, Plain], None]
"""Called once per recorded row, with its table, its key and its expected content."""


class UnreadableEvent(ValueError):
    """An event whose body has no readable `rows`."""


class EventReplay:
    """Collects the changing rows of one chain until the chain ends; passes rows written once on at once."""

    def __init__(self, record_row: RecordRow, tables: Mapping[str, RowFingerprint] = FINGERPRINTS) -> None:
        self._record_row = record_row
        self._changing = {each.log_name for each in tables.values() if each.changing}
        self._written_once = {each.log_name for each in tables.values() if not each.changing}
        self._written_once |= {f"{each.log_name}.{name}" for each in tables.values() for name in each.filled.values()}
        self._known = self._changing | self._written_once
        self._expected_rows: dict[tuple[str, str], dict[str, Plain]] = {}

    def apply(self, body: Mapping[str, Any]) -> list[Fault]:
        """Apply the next event of the chain, and return what it may not say of a row.

        Raises UnreadableEvent when its body has no readable rows.
        """
        rows = body.get("rows")
        if body.get("v") != EVENT_VERSION or not isinstance(rows, dict):
            raise UnreadableEvent
        faults: list[Fault] = []
        for table, entries in rows.items():
            if not isinstance(entries, dict) or table not in self._known:
                raise UnreadableEvent
            for key, entry in entries.items():
                code = self._apply_row(table, key, entry, body.get("action"))
                if code is not None:
                    source = f"{body.get('subject')} {body.get('id')}"
                    faults.append(Fault(code, table, key, body.get("seq"), source))
        return faults

    def _apply_row(self, table: str, key: str, entry: Plain, action: object) -> str | None:
        """Apply what an event says of a row; return the code of the fault when it may not say it."""
        if table in self._written_once:
            if not isinstance(entry, str):
                raise UnreadableEvent
            self._record_row(table, key, entry)
            return None
        if entry is None:
            known = self._expected_rows.pop((table, key), None) is not None
            return None if known and REMOVED.get(table) == action else "row_removed"
        if not isinstance(entry, str | Mapping):
            raise UnreadableEvent
        # An event older than the table's first changing column records the digest alone.
        entry = {FIXED: entry} if isinstance(entry, str) else entry
        expected = self._expected_rows.setdefault((table, key), {})
        # A year's calendar is recorded whole each time it is loaded; its fixed columns are its key.
        renamed = FIXED in entry and FIXED in expected and entry[FIXED] != expected[FIXED]
        expected.update(entry)
        for name in [name for name, value in expected.items() if value is None]:
            del expected[name]
        return "row_fixed_twice" if renamed else None

    def end_chain(self, subject: str, subject_id: UUID, seq: int, digest: bytes) -> None:
        """Pass on the rows of the chain and its head, which is this event."""
        for (table, key), expected in self._expected_rows.items():
            self._record_row(table, key, expected)
        self._expected_rows.clear()
        self._record_row(CASE_HEAD if subject == "case" else HEAD, str(subject_id), head_entry(seq, digest))


def head_entry(seq: int, digest: bytes) -> str:
    """Return the content of a chain's head: `12/9f86…`."""
    return f"{seq}/{digest.hex()}"
