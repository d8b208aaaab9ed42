"""Stored rows, chain heads, pots and counters, read for the integrity check."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.integrity.event_replay import CASE_HEAD, HEAD, head_entry
from service.integrity.faults import Fault
from service.tables.cases import case, incompatible_duty
from service.tables.confirmations import second_person_act
from service.tables.events import chain_head
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.ledger import ledger_entry, pot_move
from service.tables.payments import payment, payment_move
from service.tables.row_fingerprints import FINGERPRINTS, RowFingerprint
from workflows.payment_states import PAYMENT_MOVES
from workflows.powers import POWERS
from workflows.vocabulary import INCOMPATIBLE_DUTIES, LEGAL_MOVES, Plain, Pot

STREAM_BATCH_SIZE = 5000

StoredRow = tuple[str, str, Plain]
"""Table, key, and the row's content in the form of the event log."""


def streamed(conn: sa.Connection, rows: sa.Select[Any]) -> sa.Result[Any]:
    """Run a SELECT and fetch its rows in batches of 5,000, so that memory does not grow with the table."""
    return conn.execute(rows, execution_options={"stream_results": True, "yield_per": STREAM_BATCH_SIZE})


def stored_rows(conn: sa.Connection, tables: Mapping[str, RowFingerprint] = FINGERPRINTS) -> Iterator[StoredRow]:
    """Yield every row that the event log records, and the head of every chain."""
    for name in (*tables, CASE_HEAD, HEAD):
        yield from rows_of_table(conn, name, tables)


def rows_of_table(conn: sa.Connection, name: str, tables: Mapping[str, RowFingerprint]) -> Iterator[StoredRow]:
    """Yield the rows of one table, or the heads of the chains of cases (CASE_HEAD) or of the others (HEAD)."""
    if name == CASE_HEAD:
        for row in streamed(conn, sa.select(id_as_text(case.c.id), case.c.version, case.c.head_hash)):
            yield CASE_HEAD, row.id, head_entry(row.version, row.head_hash)
    elif name == HEAD:
        for row in streamed(conn, sa.select(id_as_text(chain_head.c.id), chain_head.c.seq, chain_head.c.hash)):
            yield HEAD, row.id, head_entry(row.seq, row.hash)
    else:
        yield from _rows_of(conn, tables[name])


def _rows_of(conn: sa.Connection, fingerprint: RowFingerprint) -> Iterator[StoredRow]:
    names, entries, key_of = fingerprint.columns, fingerprint.entries, fingerprint.key_of
    columns = [as_text(fingerprint.table.c[name]) for name in names]
    for row in streamed(conn, sa.select(*columns)):
        stored = dict(zip(names, row, strict=True))
        key = key_of(stored)
        for log_name, content in entries(stored):
            yield log_name, key, content


def as_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return an id or a day as the text that canonical JSON writes of it: the driver makes no objects of millions of ids."""
    if isinstance(column.type, sa.Date):
        return sa.func.to_char(column, "YYYY-MM-DD", type_=sa.Text()).label(column.key)
    return id_as_text(column)


def id_as_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return an id as text, any other column as it is."""
    return sa.cast(column, sa.Text()).label(column.key) if isinstance(column.type, sa.Uuid) else column


def pot_faults(conn: sa.Connection) -> tuple[int, list[Fault]]:
    """Return the number of fund lines, and a fault for each whose pots are not the sums of its entries and payments."""
    movements = _movements().subquery()
    sums = sa.select(movements.c.fund_id, movements.c.pot, _sum(movements.c.fen).label("fen"))
    totals: dict[tuple[UUID, str], int] = {
        (row.fund_id, row.pot): int(row.fen)
        for row in conn.execute(sums.group_by(movements.c.fund_id, movements.c.pot))
    }
    counted = _counted_payments(conn)
    funds = conn.execute(sa.select(fund).order_by(fund.c.id)).mappings().all()
    faults = [
        Fault("pot_differs", "fund", str(row["id"]))
        for row in funds
        if any(row[f"{pot.value}_fen"] != totals.get((row["id"], pot.value), 0) for pot in Pot)
    ]
    # The pots themselves, and the columns with which the database holds them equal to the payments.
    pairs = (("in_transit_fen", "paid_fen"), ("counted_in_transit_fen", "counted_paid_fen"))
    faults += [
        Fault("payments_differ", "fund", str(row["id"]))
        for row in funds
        if any(tuple(row[name] for name in pair) != counted.get(row["id"], (0, 0)) for pair in pairs)
    ]
    return len(funds), faults


def _sum(fen: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return a sum that is 0 where forged rows have no value to add: verify names them, and must not stop at them."""
    return sa.func.coalesce(sa.func.sum(fen), 0)


def _counted_payments(conn: sa.Connection) -> dict[UUID, tuple[int, int]]:
    """Return what the payments and gifts of each line say is in transit and paid, in fen."""
    transit = sa.case((payment.c.state.in_(("sent", "returning")), payment.c.fen), else_=0)
    live = sa.case((payment.c.state == "live", payment.c.fen - payment.c.recalled_fen), else_=0)
    of_payments = sa.select(payment.c.fund_id, transit.label("transit"), live.label("paid"))
    of_gifts = sa.select(gift.c.fund_id, sa.literal(0), gift.c.fen)
    of_gifts = of_gifts.where(gift.c.fund_id.is_not(None), gift.c.voided_on.is_(None))
    each = of_payments.union_all(of_gifts).subquery()
    sums = sa.select(each.c.fund_id, _sum(each.c.transit).label("transit"), _sum(each.c.paid).label("paid"))
    return {row.fund_id: (int(row.transit), int(row.paid)) for row in conn.execute(sums.group_by(each.c.fund_id))}


def case_sum_faults(conn: sa.Connection) -> Iterator[Fault]:
    """Yield a fault for each case or payment whose sums of recalled money are not those of its ledger entries."""
    sums = _recalled_sums().subquery()
    of_case = sa.select(case.c.id).outerjoin(sums, sums.c.case_id == case.c.id)
    of_case = of_case.where(
        sa.or_(
            case.c.recovering_fen != sa.func.coalesce(sums.c.recovering, 0),
            case.c.written_off_fen != sa.func.coalesce(sums.c.written_off, 0),
        )
    )
    of_payment = sa.select(payment.c.id).outerjoin(sums, sums.c.case_id == payment.c.case_id)
    recalled = sa.case((payment.c.state.in_(("failed", "returned")), 0), else_=sa.func.coalesce(sums.c.recalled, 0))
    for table, rows in (("case", of_case), ("payment", of_payment.where(payment.c.recalled_fen != recalled))):
        for row in streamed(conn, rows):
            yield Fault("sum_differs", table, str(row.id))


def _recalled_sums() -> sa.Select[Any]:
    """Select what was recalled of each case, what of it is still out, and what was written off, from its entries."""
    recovering = Pot.RECOVERING.value
    into, out_of = ledger_entry.c.target_pot == recovering, ledger_entry.c.source_pot == recovering
    fen, written_off = ledger_entry.c.fen, ledger_entry.c.target_pot == Pot.WRITTEN_OFF.value
    return (
        sa.select(ledger_entry.c.case_id)
        .add_columns(sa.func.sum(sa.case((into, fen), else_=0)).label("recalled"))
        .add_columns(sa.func.sum(sa.case((into, fen), else_=-fen)).label("recovering"))
        .add_columns(sa.func.sum(sa.case((written_off, fen), else_=0)).label("written_off"))
        .where(sa.or_(into, out_of))
        .group_by(ledger_entry.c.case_id)
    )


def _movements() -> sa.CompoundSelect[Any]:
    incoming = sa.select(ledger_entry.c.fund_id, ledger_entry.c.target_pot.label("pot"), ledger_entry.c.fen)
    outgoing = sa.select(
        ledger_entry.c.fund_id, ledger_entry.c.source_pot.label("pot"), (-ledger_entry.c.fen).label("fen")
    )
    return incoming.union_all(outgoing)


def guard_faults(conn: sa.Connection) -> Iterator[Fault]:
    """Yield a fault for each pair of duties, and each move, that only the database or only the rules have."""
    stored = {frozenset(row) for row in conn.execute(sa.select(incompatible_duty.c.one, incompatible_duty.c.other))}
    for pair in sorted(
        "/".join(sorted(each)) for each in stored ^ {frozenset(map(str, each)) for each in INCOMPATIBLE_DUTIES}
    ):
        yield Fault("guard_differs", "incompatible_duty", pair)
    for table, moves in ((pot_move, LEGAL_MOVES), (payment_move, PAYMENT_MOVES)):
        known = {tuple(row) for row in conn.execute(sa.select(table))}
        for move in sorted(known ^ {(source.value, target.value) for source, target in moves}):
            yield Fault("guard_differs", table.name, "/".join(move))
    acts = {tuple(map(str, row)) for row in conn.execute(sa.select(second_person_act))}
    needed = {(*act, str(power.only_money)) for act, power in POWERS.items() if power.confirms}
    for act in sorted(acts ^ needed):
        yield Fault("guard_differs", "second_person_act", "/".join(act))


def aid_counter_faults(conn: sa.Connection) -> Iterator[Fault]:
    """Yield a fault for each household whose `aid_version` is not its count of gifts and steps with ledger entries."""
    steps = sa.select(case.c.household_id, ledger_entry.c.subject_id, ledger_entry.c.seq).join(
        case, case.c.id == ledger_entry.c.case_id
    )
    gifts = sa.select(gift.c.household_id, gift.c.id, sa.literal(0))
    events = sa.union(steps, gifts).subquery()
    counts = sa.select(events.c.household_id, sa.func.count().label("events")).group_by(events.c.household_id)
    count = counts.subquery()
    differ = sa.select(household.c.id).outerjoin(count, count.c.household_id == household.c.id)
    differ = differ.where(household.c.aid_version != sa.func.coalesce(count.c.events, 0)).order_by(household.c.id)
    for row in streamed(conn, differ):
        yield Fault("aid_counter_differs", "household", str(row.id))
