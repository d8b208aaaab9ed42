"""The integrity check verifies events, stored rows, pots, counters and anchors."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from service.crypto.hash_chain import GENESIS, event_hash
from service.integrity.anchors import anchor_faults
from service.integrity.case_decisions import CaseDecisions, case_decisions
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
    pot_faults,
    stored_rows,
    streamed,
)
from service.tables.events import event
from service.tables.row_fingerprints import FINGERPRINTS, RowFingerprint
from workflows.replay import Decided

PROGRESS_STEP = 5000
"""The number of events between two reports of progress."""

EventCheck = Callable[[sa.Row[Any], dict[str, Any]], Iterator[Fault]]
"""Asks the next event of a chain, row and body, whether it may be so."""


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


def verify(
    conn: sa.Connection,
    progress: Callable[[int], None] = lambda _count: None,
    tables: Mapping[str, RowFingerprint] = FINGERPRINTS,
    *,
    decide: bool = True,
) -> Verification:
    """Check the event log and every row it records, and return the counts and faults; `decide` every step again.

    Reads everything once, and buckets that differ a second time, in constant memory (row_checksums.py). Run it in a
    REPEATABLE READ transaction: a concurrent write looks like a fault. `progress` receives the count of events checked.
    """
    verified, buckets = Verification(), ChecksumBuckets()
    decisions = case_decisions(conn) if decide else None
    for faults_of_event in check_events(conn, buckets.add_recorded, verified, tables, decisions):
        verified.events += 1
        verified.faults += faults_of_event
        if verified.events % PROGRESS_STEP == 0:
            progress(verified.events)
    progress(verified.events)
    verified.faults += _row_faults(conn, buckets, tables)
    verified.rows = buckets.stored_rows
    if decisions is not None:
        verified.decided = decisions.counts
        verified.faults += [*decisions.last_faults(), *step_row_faults(conn)]
    _check_sums_and_anchors(conn, verified)
    return verified


def _row_faults(conn: sa.Connection, buckets: ChecksumBuckets, tables: Mapping[str, RowFingerprint]) -> Iterator[Fault]:
    """Yield a fault for each stored row that is not as the event log records it."""
    for table, key, content in stored_rows(conn, tables):
        buckets.subtract_stored(table, key, content)
    unequal = buckets.unequal()
    if unequal:
        yield from differences(
            conn, unequal, buckets.recorded_rows, lambda record_row: _replay(conn, record_row, tables), tables
        )


def _check_sums_and_anchors(conn: sa.Connection, verified: Verification) -> None:
    verified.funds, faults = pot_faults(conn)
    verified.faults += [*faults, *case_sum_faults(conn), *guard_faults(conn), *aid_counter_faults(conn)]
    verified.anchors, verified.unanchored, faults = anchor_faults(conn)
    verified.faults += faults


def check_events(
    conn: sa.Connection,
    record_row: RecordRow,
    verified: Verification,
    tables: Mapping[str, RowFingerprint] = FINGERPRINTS,
    decisions: CaseDecisions | None = None,
) -> Iterator[list[Fault]]:
    """Yield the faults of each event in the order of the chains; `record_row` receives each recorded row."""
    replay, previous = EventReplay(record_row, tables), None
    times = event_times(conn)
    checks = (times.faults, decisions.faults) if decisions is not None else (times.faults,)
    for row in streamed(conn, sa.select(event).order_by(event.c.subject_id, event.c.seq)):
        if previous is not None and previous.subject_id != row.subject_id:
            replay.end_chain(previous.subject, previous.subject_id, previous.seq, bytes(previous.hash))
            previous = None
        verified.subjects += previous is None
        yield list(_event_faults(row, previous, replay, checks))
        previous = row
    if previous is not None:
        replay.end_chain(previous.subject, previous.subject_id, previous.seq, bytes(previous.hash))
    verified.demo_events = times.demo_events
    verified.faults += times.last_faults()


def _replay(conn: sa.Connection, record_row: RecordRow, tables: Mapping[str, RowFingerprint]) -> None:
    for _faults in check_events(conn, record_row, Verification(), tables):
        pass


def _event_faults(
    row: sa.Row[Any], previous: sa.Row[Any] | None, replay: EventReplay, checks: Sequence[EventCheck]
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
        for check in checks:
            yield from check(row, body)
    except (ValueError, LookupError, TypeError, AttributeError):
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
