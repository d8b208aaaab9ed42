"""Event chains are followed event by event: number, hash, order, time, and the rows that each event records."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID

from service.bundles.verifier.findings import Findings
from service.bundles.verifier.log_tree import LONGEST_ACT, LogTree, instant

UNION_TIME = timezone(timedelta(hours=8))
"""The days of the union are those of China, which has had no summer time since 1991."""

LONGEST_LINE = 2**26
SYSTEM, DEMO = "system", "demo"
FIXED = "fixed"

Recorded = dict[str, dict[str, Any]]
"""By the log's name of a table and the row's key: what the events say of the row."""


class LineUnreadable(ValueError):
    """A line that holds no event."""


@dataclass(frozen=True)
class Event:
    """One line: number, hash, and the body as stored, where the bundle has it."""

    no: int
    hash: bytes
    body: str | None


@dataclass(frozen=True)
class Head:
    """The last event of a chain that was read."""

    seq: int
    hash: bytes
    at: float


def read_event(line: bytes) -> Event:
    """Return the event of a line. Raises LineUnreadable."""
    try:
        row = json.loads(line)
        event = Event(row["no"], bytes.fromhex(row["hash"]), row.get("body"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LineUnreadable from None
    if type(event.no) is not int or len(event.hash) != 32 or not isinstance(event.body, str | None):
        raise LineUnreadable
    return event


def read_lines(file: Any) -> Iterator[bytes]:
    """Yield the lines of a file. Raises LineUnreadable for one that is longer than any event."""
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise LineUnreadable
        yield line


def _kept(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says of a row with names and words that many rows share kept once in memory."""
    return {
        sys.intern(name): sys.intern(value) if isinstance(value, str) and name != FIXED else value
        for name, value in entry.items()
    }


class EventChains:
    """Follows the chain of every subject whose events the bundle has with their bodies."""

    def __init__(self, log: LogTree, bound: frozenset[str], record_clock: str | None, found: Findings) -> None:
        self._log, self._found, self._record_clock = log, found, record_clock
        self.recorded: Recorded = {name: {} for name in bound}
        self._heads: dict[bytes, Head] = {}
        self._last_no = 0

    @property
    def subjects(self) -> frozenset[str]:
        """Return the ids of the subjects whose events have bodies."""
        return frozenset(str(UUID(bytes=key)) for key in self._heads)

    def read(self, line: bytes, path: str) -> None:
        """Check the next event. Raises LineUnreadable."""
        event = read_event(line)
        if event.no <= self._last_no:
            self._found.log_fault("event_number_not_after", no=event.no, last=self._last_no, path=path)
        self._last_no = event.no
        self._log.add(event.no, event.hash)
        if event.body is not None:
            self._found.add("with_body")
            self._check(event, event.body)

    def _check(self, event: Event, text: str) -> None:
        try:
            body = json.loads(text)
            subject, key, seq = str(body["subject"]), UUID(body["id"]), int(body["seq"])
            at, on, clock = instant(body["at"]), str(body["on"]), body.get("clock")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._found.log_fault("event_unreadable", no=event.no)
            return
        head = self._heads.get(key.bytes)
        place = {"no": event.no, "subject": subject, "key": str(key), "seq": seq}
        self._check_link(event, text, head, place)
        self._check_time(at, on, clock, head, place)
        self._found.add("subjects", head is None)
        self._heads[key.bytes] = Head(seq, event.hash, at.timestamp() if clock == SYSTEM else 0.0)
        self._record(body.get("rows"), place)

    def _check_link(self, event: Event, text: str, head: Head | None, place: dict[str, Any]) -> None:
        expected, prev = (head.seq + 1, head.hash) if head else (1, bytes(32))
        if place["seq"] != expected:
            self._found.log_fault("event_missing", **place, expected=expected)
        elif sha256(prev + text.encode()).digest() != event.hash:
            self._found.log_fault("event_altered", **place)

    def _check_time(self, at: datetime, on: str, clock: object, head: Head | None, place: dict[str, Any]) -> None:
        if clock != SYSTEM:
            self._found.add("demo_events", clock == DEMO)
            if self._record_clock == SYSTEM:
                self._found.log_fault("event_of_another_clock", **place)
            return
        if head is not None and at.timestamp() < head.at - LONGEST_ACT.total_seconds():
            self._found.log_fault("event_back_in_time", **place)
        if on != at.astimezone(UNION_TIME).date().isoformat():
            self._found.log_fault("event_day_differs", **place)
        earliest, latest = self._log.around()
        if (earliest is not None and at < earliest) or (latest is not None and at > latest):
            self._found.log_fault("event_outside_its_anchors", **place)

    def _record(self, rows: Any, place: dict[str, Any]) -> None:
        """Note what the event says of the rows of the tables that are compared."""
        for table, entries in rows.items() if isinstance(rows, dict) else ():
            if table not in self.recorded:
                continue
            for key, entry in entries.items() if isinstance(entries, dict) else ():
                known = self.recorded[table].get(key)
                if isinstance(known, dict) and isinstance(entry, dict):
                    if FIXED in entry and entry[FIXED] != known.get(FIXED):
                        self._found.log_fault("row_fixed_twice", table=table, row=key, **place)
                    known.update(_kept(entry))
                elif known is None:
                    self.recorded[table][key] = _kept(entry) if isinstance(entry, dict) else entry
                else:
                    self._found.log_fault("row_fixed_twice", table=table, row=key, **place)
