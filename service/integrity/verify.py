"""The integrity check verifies events, stored rows, pots, counters and anchors."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from service.crypto.hash_chain import GENESIS, event_hash
from service.integrity.anchors import anchor_faults
from service.integrity.event_replay import EventReplay, RecordRow
from service.integrity.event_times import EventTimes, event_times
from service.integrity.faults import Fault
from service.integrity.row_checksums import ChecksumBuckets
from service.integrity.row_diff import differences
from service.integrity.stored_rows import (
    aid_counter_faults,
    case_sum_faults,
    guard_faults,
    pot_faults,
    stored_rows,
    streamed,
)
from service.tables.events import event
from service.tables.row_fingerprints import FINGERPRINTS, RowFingerprint

PROGRESS_STEP = 5000
"""The number of events between two reports of progress."""


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

    faults: list[Fault] = field(default_factory=list)


def verify(
    conn: sa.Connection,
    progress: Callable[[int], None] = lambda _count: None,
    tables: Mapping[str, RowFingerprint] = FINGERPRINTS,
) -> Verification:
    """Check the event log and every row it records, and return the counts and faults.

    Reads everything once, and buckets that differ a second time, in constant memory (row_checksums.py). Run it in a
    REPEATABLE READ transaction: a concurrent write looks like a fault. `progress` receives the count of events checked.
    """
    verified, buckets = Verification(), ChecksumBuckets()
    for faults_of_event in check_events(conn, buckets.add_recorded, verified, tables):
        verified.events += 1
        verified.faults += faults_of_event
        if verified.events % PROGRESS_STEP == 0:
            progress(verified.events)
    progress(verified.events)
    for table, key, content in stored_rows(conn, tables):
        buckets.subtract_stored(table, key, content)
    verified.rows = buckets.stored_rows
    unequal = buckets.unequal()
    if unequal:
        verified.faults += differences(
            conn, unequal, buckets.recorded_rows, lambda record_row: _replay(conn, record_row, tables), tables
        )
    verified.funds, faults = pot_faults(conn)
    verified.faults += [*faults, *case_sum_faults(conn), *guard_faults(conn), *aid_counter_faults(conn)]
    verified.anchors, verified.unanchored, faults = anchor_faults(conn)
    verified.faults += faults
    return verified


def check_events(
    conn: sa.Connection,
    record_row: RecordRow,
    verified: Verification,
    tables: Mapping[str, RowFingerprint] = FINGERPRINTS,
) -> Iterator[list[Fault]]:
    """Yield the faults of each event in the order of the chains; `record_row` receives each recorded row."""
    replay, times, previous = EventReplay(record_row, tables), event_times(conn), None
    for row in streamed(conn, sa.select(event).order_by(event.c.subject_id, event.c.seq)):
        if previous is not None and previous.subject_id != row.subject_id:
            replay.end_chain(previous.subject, previous.subject_id, previous.seq, bytes(previous.hash))
            previous = None
        verified.subjects += previous is None
        yield list(_event_faults(row, previous, replay, times))
        previous = row
    if previous is not None:
        replay.end_chain(previous.subject, previous.subject_id, previous.seq, bytes(previous.hash))
    verified.demo_events = times.demo_events
    verified.faults += times.last_faults()


def _replay(conn: sa.Connection, record_row: RecordRow, tables: Mapping[str, RowFingerprint]) -> None:
    for _faults in check_events(conn, record_row, Verification(), tables):
        pass


def _event_faults(
    row: sa.Row[Any], previous: sa.Row[Any] | None, replay: EventReplay, times: EventTimes
) -> Iterator[Fault]:
    expected_seq, expected_prev = (previous.seq + 1, previous.hash) if previous else (1, GENESIS)
    location = (row.subject, str(row.subject_id), row.seq)
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
        yield from times.faults(row, body)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Fault("event_unreadable", *location)
        return
    if intact and not agrees:
        yield Fault("event_columns_altered", *location)


def _columns_agree(row: sa.Row[Any], body: dict[str, Any]) -> bool:
    recorded = (body["subject"], body["id"], body["seq"], body["action"], body["actor"], body["on"])
    stored = (row.subject, str(row.subject_id), row.seq, row.action, str(row.actor_id), row.on.isoformat())
    states = (body.get("from"), body.get("to"), body.get("principal"))
    principal = str(row.principal_id) if row.principal_id else None
    at = datetime.fromisoformat(body["at"]).astimezone(UTC)
    return recorded == stored and states == (row.from_state, row.to_state, principal) and at == row.at
