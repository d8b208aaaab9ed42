"""What the trail says of the rows, read event by event in the order of each chain."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from service.tables.row_fingerprints import FINGERPRINTS, VERSION, RowFingerprint
from workflows.vocabulary import Plain

HEAD, CASE_HEAD = "chain_head", "case/head"
"""Stand for tables of the heads of chains: the number and the hash of each chain's last event."""

RecordRow = Callable[[str, str, Plain], None]
"""Told of each row's last word: table, key, and how it must stand."""


class UnreadableEvent(ValueError):
    """An event that does not say which rows it names."""


class EventReplay:
    """Gathers what one chain says of its rows until the chain ends; what can never change is passed on at once."""

    def __init__(self, naming: RecordRow, tables: Mapping[str, RowFingerprint] = FINGERPRINTS) -> None:
        self._naming = naming
        self._changing = {each.log_name for each in tables.values() if each.changing}
        self._once = {each.log_name for each in tables.values() if not each.changing}
        self._once |= {f"{each.log_name}.{name}" for each in tables.values() for name in each.filled.values()}
        self._standing: dict[tuple[str, str], dict[str, Plain]] = {}

    def event(self, body: Mapping[str, Any]) -> None:
        """One more event of the chain. Raises Unreadable."""
        rows = body.get("rows")
        if body.get("v") != VERSION or not isinstance(rows, dict):
            raise UnreadableEvent
        for table, said in rows.items():
            if not isinstance(said, dict) or table not in self._changing | self._once:
                raise UnreadableEvent
            for key, row in said.items():
                self._row(table, key, row)

    def _row(self, table: str, key: str, said: Plain) -> None:
        if table in self._once:
            if not isinstance(said, str):
                raise UnreadableEvent
            self._naming(table, key, said)
        elif said is None:
            self._standing.pop((table, key), None)
        elif isinstance(said, Mapping):
            stands = self._standing.setdefault((table, key), {})
            stands.update(said)
            for name in [name for name, value in stands.items() if value is None]:
                del stands[name]
        else:
            raise UnreadableEvent

    def ends(self, subject: str, subject_id: UUID, seq: int, digest: bytes) -> None:
        """The chain has ended with this event."""
        for (table, key), stands in self._standing.items():
            self._naming(table, key, stands)
        self._standing.clear()
        self._naming(CASE_HEAD if subject == "case" else HEAD, str(subject_id), head_entry(seq, digest))


def head_entry(seq: int, digest: bytes) -> str:
    """How the head of a chain must stand."""
    return f"{seq}/{digest.hex()}"
