"""Event replay finds how each row should look, from the event log."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from service.crypto.hash_chain import EVENT_VERSION
from service.tables.row_fingerprints import FINGERPRINTS, FIXED, RowFingerprint
from workflows.vocabulary import Plain

HEAD, CASE_HEAD = "chain_head", "case/head"
"""Table names for the heads of chains: the number and the hash of each chain's last event."""

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
        self._expected_rows: dict[tuple[str, str], dict[str, Plain]] = {}

    def apply(self, body: Mapping[str, Any]) -> None:
        """Apply the next event of the chain. Raises UnreadableEvent when its body has no readable rows."""
        rows = body.get("rows")
        if body.get("v") != EVENT_VERSION or not isinstance(rows, dict):
            raise UnreadableEvent
        for table, entries in rows.items():
            if not isinstance(entries, dict) or table not in self._changing | self._written_once:
                raise UnreadableEvent
            for key, entry in entries.items():
                self._apply_row(table, key, entry)

    def _apply_row(self, table: str, key: str, entry: Plain) -> None:
        if table in self._written_once:
            if not isinstance(entry, str):
                raise UnreadableEvent
            self._record_row(table, key, entry)
        elif entry is None:
            self._expected_rows.pop((table, key), None)
        elif isinstance(entry, str | Mapping):
            # An event older than the table's first changing column records the digest alone.
            entry = {FIXED: entry} if isinstance(entry, str) else entry
            expected = self._expected_rows.setdefault((table, key), {})
            expected.update(entry)
            for name in [name for name, value in expected.items() if value is None]:
                del expected[name]
        else:
            raise UnreadableEvent

    def end_chain(self, subject: str, subject_id: UUID, seq: int, digest: bytes) -> None:
        """Pass on the rows of the chain and its head, which is this event."""
        for (table, key), expected in self._expected_rows.items():
            self._record_row(table, key, expected)
        self._expected_rows.clear()
        self._record_row(CASE_HEAD if subject == "case" else HEAD, str(subject_id), head_entry(seq, digest))


def head_entry(seq: int, digest: bytes) -> str:
    """Return the content of a chain's head: `12/9f86…`."""
    return f"{seq}/{digest.hex()}"
