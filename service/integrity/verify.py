"""Verify the record: every event as it was stored and linked, every row as the trail says, pots, guards and anchors."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from service.crypto.hash_chain import GENESIS, event_hash
from service.integrity.anchors import anchor_faults
from service.integrity.event_replay import EventReplay, RecordRow
from service.integrity.faults import Fault
from service.integrity.row_checksums import ChecksumBuckets
from service.integrity.row_diff import differences
from service.integrity.stored_rows import aid_counter_faults, guard_faults, pot_faults, stored_rows, streamed
from service.tables.events import event
from service.tables.row_fingerprints import FINGERPRINTS, RowFingerprint

PROGRESS_STEP = 5000
"""How many events are read between two words of progress."""


@dataclass(slots=True)
class Verification:
    """What was looked at, and every fault found: first those of the events, in the order of their chains."""

    events: int = 0
    subjects: int = 0
    rows: int = 0
    funds: int = 0
    anchors: int = 0
    unanchored: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(
    conn: sa.Connection,
    progress: Callable[[int], None] = lambda _done: None,
    tables: Mapping[str, RowFingerprint] = FINGERPRINTS,
) -> Verification:
    """Read the trail and all it binds once; a second time, in part, only when something differs.

    Run it in a REPEATABLE READ transaction, so that what is being written meanwhile is not called a fault. Memory does
    not grow with the record: see drawers.py. `progress` hears how many events are done.
    """
    verified, drawers = Verification(), ChecksumBuckets()
    for row in walk(conn, drawers.name, verified, tables):
        verified.events += 1
        verified.faults += row
        if verified.events % PROGRESS_STEP == 0:
            progress(verified.events)
    progress(verified.events)
    for table, key, stands in stored_rows(conn, tables):
        drawers.find(table, key, stands)
    verified.rows = drawers.rows
    unequal = drawers.unequal()
    if unequal:
        verified.faults += differences(
            conn, unequal, drawers.named, lambda naming: _read_again(conn, naming, tables), tables
        )
    verified.funds, faults = pot_faults(conn)
    verified.faults += [*faults, *guard_faults(conn), *aid_counter_faults(conn)]
    verified.anchors, verified.unanchored, faults = anchor_faults(conn)
    verified.faults += faults
    return verified


def walk(
    conn: sa.Connection, naming: RecordRow, verified: Verification, tables: Mapping[str, RowFingerprint] = FINGERPRINTS
) -> Iterator[list[Fault]]:
    """The faults of each event, one after the other; `naming` hears what the trail says of the rows."""
    told, before = EventReplay(naming, tables), None
    for row in streamed(conn, sa.select(event).order_by(event.c.subject_id, event.c.seq)):
        if before is not None and before.subject_id != row.subject_id:
            told.ends(before.subject, before.subject_id, before.seq, bytes(before.hash))
            before = None
        verified.subjects += before is None
        yield list(_event_faults(row, before, told))
        before = row
    if before is not None:
        told.ends(before.subject, before.subject_id, before.seq, bytes(before.hash))


def _read_again(conn: sa.Connection, naming: RecordRow, tables: Mapping[str, RowFingerprint]) -> None:
    for _faults in walk(conn, naming, Verification(), tables):
        pass


def _event_faults(row: sa.Row[Any], before: sa.Row[Any] | None, told: EventReplay) -> Iterator[Fault]:
    expected_seq, expected_prev = (before.seq + 1, before.hash) if before else (1, GENESIS)
    where = (row.subject, str(row.subject_id), row.seq)
    if row.seq != expected_seq:
        yield Fault("event_missing", *where)
    elif row.prev != expected_prev:
        yield Fault("event_out_of_chain", *where)
    whole = event_hash(row.prev, row.body) == row.hash
    if not whole:
        yield Fault("event_altered", *where)
    try:
        body = json.loads(row.body)
        agrees = _columns_agree(row, body)
        told.event(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Fault("event_unreadable", *where)
        return
    if whole and not agrees:
        yield Fault("event_columns_altered", *where)


def _columns_agree(row: sa.Row[Any], body: dict[str, Any]) -> bool:
    told = (body["subject"], body["id"], body["seq"], body["action"], body["actor"], body["on"])
    kept = (row.subject, str(row.subject_id), row.seq, row.action, str(row.actor_id), row.on.isoformat())
    states = (body.get("from"), body.get("to"), body.get("principal"))
    principal = str(row.principal_id) if row.principal_id else None
    at = datetime.fromisoformat(body["at"]).astimezone(UTC)
    return told == kept and states == (row.from_state, row.to_state, principal) and at == row.at
