"""The integrity check verifies events, stored rows, pots, counters and anchors."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.crypto.hash_chain import GENESIS, event_hash
from service.integrity.anchors import anchor_faults
from service.integrity.case_decisions import case_decisions
from service.integrity.event_order import EventOrder
from service.integrity.event_replay import EventReplay, RecordRow
from service.integrity.event_times import event_times
from service.integrity.faults import Fault
from service.integrity.row_checksums import ChecksumBuckets
from service.integrity.row_diff import differences
from service.integrity.step_rows import step_row_faults
from service.integrity.stored_rows import (
    aid_counter_faults,
    case_sum_faults,
    guard_faults,
    id_as_text,
    pot_faults,
    stored_rows,
    streamed,
)
from service.tables.events import event
from service.tables.row_fingerprints import FINGERPRINTS, RowFingerprint
from workflows.replay import Decided

PROGRESS_STEP = 5000
"""The number of events between two reports of progress."""

Progress = Callable[[int], None]
"""Receives the number of events checked so far."""

ALL_CHAINS = sa.true()
"""The condition for the events of every chain."""

EventCheck = Callable[[sa.Row[Any], dict[str, Any]], Iterator[Fault]]
"""Asks the next event of a chain, row and body, whether it may be so."""


def no_progress(_count: int) -> None:
    """Tell nobody how far it is."""


@dataclass(slots=True)
class Verification:
    """The counts of what was checked, and every fault; faults of events come first, in the order of their chains."""

    events: int = 0
    subjects: int = 0
    rows: int = 0
    funds: int = 0
    anchors: int = 0
    unanchored: int = 0
    demo_events: int = 0
    """Events dated by a demo clock."""

    decided: Decided = field(default_factory=Decided)
    """The steps of cases that were decided again."""

    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class LogPart:
    """What one part of the record came to: some chains, or the stored rows of some tables."""

    buckets: ChecksumBuckets
    counts: Verification = field(default_factory=Verification)
    dated: EventOrder = field(default_factory=EventOrder)
    ruled: EventOrder = field(default_factory=EventOrder)

    def merge(self, other: "LogPart") -> None:
        """Add another part."""
        self.buckets.merge(other.buckets)
        self.counts.events += other.counts.events
        self.counts.subjects += other.counts.subjects
        self.counts.demo_events += other.counts.demo_events
        self.counts.decided.add(other.counts.decided)
        self.counts.faults += other.counts.faults
        self.dated.merge(other.dated)
        self.ruled.merge(other.ruled)


def verify(
    conn: sa.Connection,
    progress: Progress = no_progress,
    tables: Mapping[str, RowFingerprint] = FINGERPRINTS,
    *,
    decide: bool = True,
) -> Verification:
    """Check the event log and every row it records, and return the counts and faults; `decide` every step again.

    Reads everything once, and buckets that differ a second time, in constant memory (row_checksums.py). Run it in a
    REPEATABLE READ transaction: a concurrent write looks like a fault. `progress` receives the count of events checked.
    """
    part = check_chains(conn, LogPart(ChecksumBuckets()), ALL_CHAINS, tables, progress, decide=decide)
    for table, key, content in stored_rows(conn, tables):
        part.buckets.subtract_stored(table, key, content)
    return conclude(conn, part, tables, decide=decide)


def conclude(
    conn: sa.Connection, part: LogPart, tables: Mapping[str, RowFingerprint] = FINGERPRINTS, *, decide: bool = True
) -> Verification:
    """Return what all parts together came to, after the checks that need the whole record."""
    verified, unequal = part.counts, part.buckets.unequal()
    verified.rows = part.buckets.stored_rows
    verified.faults += [*part.dated.faults(), *part.ruled.faults()]
    if unequal:
        recorded = part.buckets.recorded_rows
        verified.faults += differences(conn, unequal, recorded, lambda each: _replay(conn, each, tables), tables)
    verified.faults += step_row_faults(conn) if decide else ()
    verified.funds, faults = pot_faults(conn)
    verified.faults += [*faults, *case_sum_faults(conn), *guard_faults(conn), *aid_counter_faults(conn)]
    verified.anchors, verified.unanchored, faults = anchor_faults(conn)
    verified.faults += faults
    return verified


def check_chains(
    conn: sa.Connection,
    part: LogPart,
    chains: sa.ColumnElement[bool],
    tables: Mapping[str, RowFingerprint] = FINGERPRINTS,
    progress: Progress = no_progress,
    *,
    decide: bool = True,
) -> LogPart:
    """Check the events of some chains, add them to the part, and return it."""
    times, decisions = event_times(conn), case_decisions(conn) if decide else None
    checks = (times.faults, decisions.faults) if decisions is not None else (times.faults,)
    for row, faults in _checked_events(conn, part.buckets.add_recorded, chains, tables, checks):
        part.counts.events += 1
        part.counts.subjects += row.seq == 1
        part.counts.faults += faults
        if part.counts.events % PROGRESS_STEP == 0:
            progress(part.counts.events)
    progress(part.counts.events)
    part.counts.demo_events, part.dated = times.demo_events, times.order
    if decisions is not None:
        part.counts.decided, part.ruled = decisions.counts, decisions.order
    return part


def _checked_events(
    conn: sa.Connection,
    record_row: RecordRow,
    chains: sa.ColumnElement[bool],
    tables: Mapping[str, RowFingerprint],
    checks: Sequence[EventCheck] = (),
) -> Iterator[tuple[sa.Row[Any], list[Fault]]]:
    """Yield each event and its faults in the order of the chains; `record_row` receives each recorded row."""
    replay, previous = EventReplay(record_row, tables), None
    events = sa.select(*map(id_as_text, event.c)).where(chains).order_by(event.c.subject_id, event.c.seq)
    for row in streamed(conn, events):
        if previous is not None and previous.subject_id != row.subject_id:
            replay.end_chain(previous.subject, previous.subject_id, previous.seq, bytes(previous.hash))
            previous = None
        yield row, list(_event_faults(row, previous, replay, checks))
        previous = row
    if previous is not None:
        replay.end_chain(previous.subject, previous.subject_id, previous.seq, bytes(previous.hash))


def _replay(conn: sa.Connection, record_row: RecordRow, tables: Mapping[str, RowFingerprint]) -> None:
    for _event in _checked_events(conn, record_row, ALL_CHAINS, tables):
        pass


def _event_faults(
    row: sa.Row[Any], previous: sa.Row[Any] | None, replay: EventReplay, checks: Sequence[EventCheck]
) -> Iterator[Fault]:
    expected_seq, expected_prev = (previous.seq + 1, previous.hash) if previous else (1, GENESIS)
    location = (row.subject, row.subject_id, row.seq)
    if row.seq != expected_seq:
        yield Fault("event_missing", *location)
    elif row.prev != expected_prev:
        yield Fault("event_out_of_chain", *location)
    intact = event_hash(row.prev, row.body) == row.hash
    if not intact:
        yield Fault("event_altered", *location)
    try:
        body = json.loads(row.body)
        agrees = _columns_agree(row, body)
        yield from replay.apply(body)
        for check in checks:
            yield from check(row, body)
    except (ValueError, LookupError, TypeError, AttributeError):
        yield Fault("event_unreadable", *location)
        return
    if intact and not agrees:
        yield Fault("event_columns_altered", *location)


def _columns_agree(row: sa.Row[Any], body: dict[str, Any]) -> bool:
    recorded = (body["subject"], body["id"], body["seq"], body["action"], body["actor"], body["on"])
    stored = (row.subject, row.subject_id, row.seq, row.action, row.actor_id, row.on.isoformat())
    optional = (body.get("from"), body.get("to"), body.get("principal"), body.get("confirmation"))
    at = datetime.fromisoformat(body["at"])
    people = (row.principal_id, row.confirmation_id)
    return recorded == stored and optional == (row.from_state, row.to_state, *people) and at == row.at
