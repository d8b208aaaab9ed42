"""The rows as they stand: streamed table by table in any order, beside the heads of the chains, the pots, the guards."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.audit.faults import Fault
from service.audit.told import CASE_HEAD, HEAD, head_stands
from service.tables.cases import case, clashing_duty
from service.tables.events import chain_head
from service.tables.funds import entry, fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.row_fingerprints import FINGERPRINTS, RowFingerprint
from workflows.terms import CLASHING, Plain, Pot

BATCH = 5000

Found = tuple[str, str, Plain]
"""Table, key, and how the row stands."""


def streamed(tx: sa.Connection, rows: sa.Select[Any]) -> sa.Result[Any]:
    """Rows as they come, a batch at a time, so that a million need no memory."""
    return tx.execute(rows, execution_options={"stream_results": True, "yield_per": BATCH})


def found_rows(tx: sa.Connection, tables: Mapping[str, RowFingerprint] = FINGERPRINTS) -> Iterator[Found]:
    """Yield every row that the event log records, and the head of every chain."""
    for fingerprint in tables.values():
        yield from _rows_of(tx, fingerprint)
    for row in streamed(tx, sa.select(case.c.id, case.c.version, case.c.head_hash)):
        yield CASE_HEAD, str(row.id), head_stands(row.version, row.head_hash)
    for row in streamed(tx, sa.select(chain_head)):
        yield HEAD, str(row.id), head_stands(row.seq, row.hash)


def _rows_of(tx: sa.Connection, fingerprint: RowFingerprint) -> Iterator[Found]:
    names = (*fingerprint.fixed, *fingerprint.changing, *fingerprint.filled)
    for row in streamed(tx, sa.select(*(fingerprint.table.c[name] for name in names))):
        stored = dict(zip(names, row, strict=True))
        key = fingerprint.key_of(stored)
        for log_name, entry_of_row in fingerprint.entries(stored):
            yield log_name, key, entry_of_row


def pot_faults(tx: sa.Connection) -> tuple[int, list[Fault]]:
    """How many fund lines there are, and those of which a pot is not the sum of its entries."""
    moved = _moves().subquery()
    sums = sa.select(moved.c.fund_id, moved.c.pot, sa.func.sum(moved.c.fen).label("fen"))
    counted: dict[tuple[UUID, str], int] = {
        (row.fund_id, row.pot): int(row.fen) for row in tx.execute(sums.group_by(moved.c.fund_id, moved.c.pot))
    }
    lines = tx.execute(sa.select(fund).order_by(fund.c.id)).mappings().all()
    differ = [
        Fault("pot_differs", "fund", str(row["id"]))
        for row in lines
        if any(row[f"{pot.value}_fen"] != counted.get((row["id"], pot.value), 0) for pot in Pot)
    ]
    return len(lines), differ


def _moves() -> sa.CompoundSelect[Any]:
    came = sa.select(entry.c.fund_id, entry.c.target_pot.label("pot"), entry.c.fen)
    went = sa.select(entry.c.fund_id, entry.c.source_pot.label("pot"), (-entry.c.fen).label("fen"))
    return came.union_all(went)


def guard_faults(tx: sa.Connection) -> Iterator[Fault]:
    """The duties the database keeps apart are those the rules keep apart."""
    kept = {frozenset(row) for row in tx.execute(sa.select(clashing_duty.c.one, clashing_duty.c.other))}
    for pair in sorted("/".join(sorted(each)) for each in kept ^ {frozenset(map(str, each)) for each in CLASHING}):
        yield Fault("guard_differs", "clashing_duty", pair)


def aid_counter_faults(tx: sa.Connection) -> Iterator[Fault]:
    """Yield the households whose counter `given` is not the number of steps and gifts that moved something for them."""
    steps = sa.select(case.c.household_id, entry.c.subject_id, entry.c.seq).join(case, case.c.id == entry.c.case_id)
    gifts = sa.select(gift.c.household_id, gift.c.id, sa.literal(0))
    events = sa.union(steps, gifts).subquery()
    counted = sa.select(events.c.household_id, sa.func.count().label("events")).group_by(events.c.household_id)
    count = counted.subquery()
    differ = sa.select(household.c.id).outerjoin(count, count.c.household_id == household.c.id)
    differ = differ.where(household.c.given != sa.func.coalesce(count.c.events, 0)).order_by(household.c.id)
    for row in streamed(tx, differ):
        yield Fault("aid_counter_differs", "household", str(row.id))
