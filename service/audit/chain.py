"""Verify the record: every event as it was stored and linked, every row as the trail says, pots, guards and anchors."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from service.audit.anchors import anchor_faults
from service.audit.drawers import Drawers
from service.audit.faults import Fault
from service.audit.opened import differences
from service.audit.standing import aid_counter_faults, found_rows, guard_faults, pot_faults, streamed
from service.audit.told import Naming, Told
from service.chain import GENESIS, link
from service.tables.events import event
from service.tables.row_fingerprints import FINGERPRINTS, RowFingerprint

STEP = 5000
"""How many events are read between two words of progress."""


@dataclass(slots=True)
class Verified:
    """What was looked at, and every fault found: first those of the events, in the order of their chains."""

    events: int = 0
    subjects: int = 0
    rows: int = 0
    funds: int = 0
    anchors: int = 0
    unanchored: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(
    tx: sa.Connection,
    progress: Callable[[int], None] = lambda _done: None,
    tables: Mapping[str, RowFingerprint] = FINGERPRINTS,
) -> Verified:
    """Read the trail and all it binds once; a second time, in part, only when something differs.

    Run it in a REPEATABLE READ transaction, so that what is being written meanwhile is not called a fault. Memory does
    not grow with the record: see drawers.py. `progress` hears how many events are done.
    """
    verified, drawers = Verified(), Drawers()
    for row in walk(tx, drawers.name, verified, tables):
        verified.events += 1
        verified.faults += row
        if verified.events % STEP == 0:
            progress(verified.events)
    progress(verified.events)
    for table, key, stands in found_rows(tx, tables):
        drawers.find(table, key, stands)
    verified.rows = drawers.rows
    unequal = drawers.unequal()
    if unequal:
        verified.faults += differences(
            tx, unequal, drawers.named, lambda naming: _read_again(tx, naming, tables), tables
        )
    verified.funds, faults = pot_faults(tx)
    verified.faults += [*faults, *guard_faults(tx), *aid_counter_faults(tx)]
    verified.anchors, verified.unanchored, faults = anchor_faults(tx)
    verified.faults += faults
    return verified


def walk(
    tx: sa.Connection, naming: Naming, verified: Verified, tables: Mapping[str, RowFingerprint] = FINGERPRINTS
) -> Iterator[list[Fault]]:
    """The faults of each event, one after the other; `naming` hears what the trail says of the rows."""
    told, before = Told(naming, tables), None
    for row in streamed(tx, sa.select(event).order_by(event.c.subject_id, event.c.seq)):
        if before is not None and before.subject_id != row.subject_id:
            told.ends(before.subject, before.subject_id, before.seq, bytes(before.hash))
            before = None
        verified.subjects += before is None
        yield list(_event_faults(row, before, told))
        before = row
    if before is not None:
        told.ends(before.subject, before.subject_id, before.seq, bytes(before.hash))


def _read_again(tx: sa.Connection, naming: Naming, tables: Mapping[str, RowFingerprint]) -> None:
    for _faults in walk(tx, naming, Verified(), tables):
        pass


def _event_faults(row: sa.Row[Any], before: sa.Row[Any] | None, told: Told) -> Iterator[Fault]:
    expected_seq, expected_prev = (before.seq + 1, before.hash) if before else (1, GENESIS)
    where = (row.subject, str(row.subject_id), row.seq)
    if row.seq != expected_seq:
        yield Fault("event_missing", *where)
    elif row.prev != expected_prev:
        yield Fault("event_out_of_chain", *where)
    whole = link(row.prev, row.body) == row.hash
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
