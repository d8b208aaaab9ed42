"""The journal of a fund line: each entry with what it belongs to, and the pots as they were on a day."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import Page, page_by_id
from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.events import event
from service.tables.fund_receipts import fund_receipt
from service.tables.gifts import gift
from service.tables.ledger import ledger_entry
from workflows.vocabulary import Fen, Pot


def _signed(pot: str) -> sa.ColumnElement[int]:
    """Return what an entry adds to a pot (fen); less than zero when it takes from it."""
    entry = ledger_entry.c
    return sa.case((entry.target_pot == pot, entry.fen), (entry.source_pot == pot, -entry.fen), else_=0)


def _sum(of: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(of), 0), sa.BigInteger)


def pots_on(conn: sa.Connection, fund_id: UUID, on: date) -> Mapping[Pot, Fen]:
    """Return the pots of a fund line at the end of a day (fen), from the entries dated up to that day."""
    sums = (_sum(_signed(pot.value)).label(pot.value) for pot in Pot)
    row = conn.execute(sa.select(*sums).where(ledger_entry.c.fund_id == fund_id, ledger_entry.c.on <= on)).one()
    return {pot: Fen(getattr(row, pot.value)) for pot in Pot}


def entries(conn: sa.Connection, fund_id: UUID, caller: Caller, on: date, after: list[str] | None, size: int) -> Page:
    """Return `size` entries of a fund line dated up to a day, the one booked last first, after the key `after`.

    `balance_fen` is what was available after the entry. `case_id` and `case_no` are None for a case that the caller may
    not see; `document` is that of a receipt.
    """
    of_line = sa.and_(ledger_entry.c.fund_id == fund_id, ledger_entry.c.on <= on)
    count = conn.scalar(sa.select(sa.func.count()).select_from(ledger_entry).where(of_line)) or 0
    shown = _shown(caller).where(of_line)
    following = shown.where(ledger_entry.c.id < UUID(after[0])) if after is not None else shown
    rows = conn.execute(following.order_by(ledger_entry.c.id.desc()).limit(size + 1)).mappings().all()
    page = page_by_id([dict(row) for row in rows], size, count)
    if page.rows:
        newest = ledger_entry.c.id <= page.rows[0]["id"]
        balance = conn.scalar(sa.select(_sum(_signed(Pot.AVAILABLE.value))).where(of_line, newest)) or 0
        _add_balances(page.rows, balance)
    return page


def _add_balances(rows: list[dict[str, Any]], balance: int) -> None:
    """Add to each row, newest first, what was available after it; `balance` is that after the first."""
    for row in rows:
        row["balance_fen"] = Fen(balance)
        moved = {row["target_pot"]: row["fen"], row["source_pot"]: -row["fen"]}
        balance -= moved.get(Pot.AVAILABLE.value, 0)


def _shown(caller: Caller) -> sa.Select[Any]:
    entry = ledger_entry.c
    seen = visible_to(caller, case.c.unit_path)
    of_event = sa.and_(event.c.subject_id == entry.subject_id, event.c.seq == entry.seq)
    return (
        sa.select(entry.id, entry.on, entry.at, entry.source_pot, entry.target_pot, entry.fen)
        .add_columns(event.c.subject, event.c.action, account.c.display_name.label("actor"))
        .add_columns(sa.case((seen, case.c.id)).label("case_id"), sa.case((seen, case.c.case_no)).label("case_no"))
        .add_columns(fund_receipt.c.document, gift.c.item.label("gift_item"))
        .join(event, of_event)
        .join(account, account.c.id == event.c.actor_id)
        .outerjoin(case, case.c.id == entry.case_id)
        .outerjoin(gift, gift.c.id == entry.subject_id)
        .outerjoin(fund_receipt, fund_receipt.c.entry_id == entry.id)
    )
