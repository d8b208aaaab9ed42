"""Verify the trail: every event hashed as stored and linked to the one before, heads, columns and entries in step."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.chain import GENESIS, link
from service.tables.cases import case
from service.tables.events import event
from service.tables.funds import entry, fund
from workflows.terms import Pot

BATCH = 5000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written: a stable code and where it stands."""

    code: str
    subject: str
    subject_id: UUID
    seq: int | None = None


@dataclass(slots=True)
class Verified:
    """What was looked at, and every fault found, in the order of the chain."""

    events: int
    subjects: int
    entries: int
    funds: int
    faults: list[Fault]


def verify(tx: sa.Connection, progress: Callable[[int], None] = lambda _done: None) -> Verified:
    """Read the whole trail once, in the order of its keys. `progress` hears how many events are done.

    Run it in a REPEATABLE READ transaction, so that what is being written meanwhile is not called a fault.
    """
    found = Verified(0, 0, 0, 0, [])
    heads: dict[UUID, tuple[int, bytes]] = {}
    posted: dict[UUID, int] = {}
    before: sa.Row[Any] | None = None
    for row in _streamed(tx, sa.select(event).order_by(event.c.subject_id, event.c.seq)):
        same = before is not None and before.subject_id == row.subject_id
        found.faults += _link_faults(row, before if same else None)
        found.subjects += not same
        found.events += 1
        posted |= {UUID(each["id"]): each["fen"] for each in _entries(row)}
        if row.subject == "case":
            heads[row.subject_id] = (row.seq, bytes(row.hash))
        before = row
        if found.events % BATCH == 0:
            progress(found.events)
    progress(found.events)
    found.faults += _head_faults(tx, heads)
    found.faults += _entry_faults(tx, posted, found)
    found.faults += _pot_faults(tx, found)
    return found


def _streamed(tx: sa.Connection, rows: sa.Select[Any]) -> sa.Result[Any]:
    """Rows as they come, a batch at a time, so that a million events need no memory."""
    return tx.execute(rows, execution_options={"stream_results": True, "yield_per": BATCH})


def _entries(row: sa.Row[Any]) -> list[dict[str, Any]]:
    if '"entries":[{' not in row.body:
        return []
    try:
        body = json.loads(row.body)
    except ValueError:
        return []
    return list(body.get("entries") or body.get("facts", {}).get("entries") or [])


def _link_faults(row: sa.Row[Any], before: sa.Row[Any] | None) -> Iterator[Fault]:
    expected_seq, expected_prev = (before.seq + 1, bytes(before.hash)) if before else (1, GENESIS)
    where = (row.subject, row.subject_id, row.seq)
    if row.seq != expected_seq:
        yield Fault("event_missing", *where)
    elif bytes(row.prev) != expected_prev:
        yield Fault("event_out_of_chain", *where)
    if link(bytes(row.prev), row.body) != bytes(row.hash):
        yield Fault("event_altered", *where)
    elif not _columns_agree(row):
        yield Fault("event_columns_altered", *where)


def _columns_agree(row: sa.Row[Any]) -> bool:
    try:
        body = json.loads(row.body)
        at = datetime.fromisoformat(body["at"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError):
        return False
    told = (body.get("subject"), body.get("id"), body.get("seq"), body.get("action"), body.get("actor"), body.get("on"))
    kept = (row.subject, str(row.subject_id), row.seq, row.action, str(row.actor_id), row.on.isoformat())
    states = (body.get("from"), body.get("to"), body.get("principal"))
    principal = str(row.principal_id) if row.principal_id else None
    return told == kept and states == (row.from_state, row.to_state, principal) and at == row.at


def _head_faults(tx: sa.Connection, heads: dict[UUID, tuple[int, bytes]]) -> Iterator[Fault]:
    """A cut tail shows in the case's own row: its version and head are those of its last event."""
    seen: set[UUID] = set()
    for row in _streamed(tx, sa.select(case.c.id, case.c.version, case.c.head_hash, case.c.state).order_by(case.c.id)):
        seen.add(row.id)
        head = heads.get(row.id)
        if head is None or head[0] < row.version:
            yield Fault("trail_cut", "case", row.id, head[0] if head else 0)
        elif head != (row.version, bytes(row.head_hash)):
            yield Fault("head_differs", "case", row.id, head[0])
    for case_id in sorted(heads.keys() - seen, key=str):
        yield Fault("case_missing", "case", case_id, heads[case_id][0])


def _entry_faults(tx: sa.Connection, posted: dict[UUID, int], found: Verified) -> Iterator[Fault]:
    """Every entry stands in an event's body with the same fen, and every entry named there exists."""
    left = dict(posted)
    for row in _streamed(tx, sa.select(entry.c.id, entry.c.fen, entry.c.subject_id, entry.c.seq).order_by(entry.c.id)):
        found.entries += 1
        if left.pop(row.id, None) != row.fen:
            yield Fault("entry_not_in_trail", "entry", row.id, row.seq)
    for entry_id in sorted(left, key=str):
        yield Fault("entry_missing", "entry", entry_id)


def _pot_faults(tx: sa.Connection, found: Verified) -> Iterator[Fault]:
    """Each pot of each fund is the sum of its entries."""
    moved = _moves().subquery()
    sums = (
        sa.select(moved.c.fund_id, moved.c.pot, sa.func.sum(moved.c.fen).label("fen"))
        .group_by(moved.c.fund_id, moved.c.pot)
        .order_by(moved.c.fund_id)
    )
    counted: dict[tuple[UUID, str], int] = {(row.fund_id, row.pot): int(row.fen) for row in tx.execute(sums)}
    for row in tx.execute(sa.select(fund).order_by(fund.c.id)).mappings():
        found.funds += 1
        if any(row[f"{pot.value}_fen"] != counted.get((row["id"], pot.value), 0) for pot in Pot):
            yield Fault("pot_differs", "fund", row["id"])


def _moves() -> sa.CompoundSelect[Any]:
    came = sa.select(entry.c.fund_id, entry.c.target_pot.label("pot"), entry.c.fen)
    went = sa.select(entry.c.fund_id, entry.c.source_pot.label("pot"), (-entry.c.fen).label("fen"))
    return came.union_all(went)
