"""Receipts: money received on a fund line, recorded once for each document, corrected or voided."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, ledger, validation
from service.actions.context import ActionContext
from service.actions.corrections import lock_record, reason_problems, void_facts, void_row
from service.actions.errors import NotFound
from service.actions.natural_keys import natural_key, once_facts, repeat_columns
from service.actions.permissions import require_role
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries.scope import visible_to
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from workflows.vocabulary import Fen, Plain, Pot, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """Money received (到账): the sum in fen, the document that proves it, and the day the bank says."""

    fen: Fen
    document: str
    on: date
    confirmed_repeat: bool = False
    """A person says that a second receipt has the same document."""


def record_receipt(conn: sa.Connection, fund_id: UUID, new: NewReceipt, context: ActionContext) -> UUID:
    """Record money received: a ledger entry from outside to available.

    Raises InvalidForm, Refused (role_missing, recorded_already, recorded_and_voided), NotFound.
    """
    fund_row = _lock_fund(conn, fund_id, context)
    right = require_role(context, (Role.CASHIER,), fund_row.unit_path)
    validation.refuse_invalid(_problems(new, context.today))
    batch = WriteBatch()
    entry, facts = _add_receipt(conn, batch, fund_id, new, context)
    event_log.append_event(conn, "fund", fund_id, "receive", {**facts, **right}, context, batch, [entry])
    return UUID(str(facts["receipt"]))


def void_receipt(conn: sa.Connection, receipt_id: UUID, reason: str, context: ActionContext) -> None:
    """Void a receipt: its money leaves the line again.

    Raises InvalidForm, Refused (role_missing, voided_already, receipt_in_use), NotFound.
    """
    row, fund_row = _lock_receipt(conn, receipt_id, context)
    right = _may_void(fund_row.unit_path, context)
    validation.refuse_invalid(reason_problems(reason))
    _refuse_in_use(fund_row, row["fen"])
    batch, entry = _void(row, reason, context)
    facts = {**void_facts(reason, row), "receipt": str(receipt_id), "entries": ledger.summary([entry]), **right}
    event_log.append_event(conn, "fund", row["fund_id"], "void_receipt", facts, context, batch, [entry])


def correct_receipt(
    conn: sa.Connection, receipt_id: UUID, new: NewReceipt, reason: str, context: ActionContext
) -> UUID:
    """Void a receipt and record it with other values, in one event. Raises what voiding and recording raise."""
    row, fund_row = _lock_receipt(conn, receipt_id, context)
    right = _may_void(fund_row.unit_path, context)
    validation.refuse_invalid(reason_problems(reason), _problems(new, context.today))
    _refuse_in_use(fund_row, row["fen"] - new.fen)
    batch, back = _void(row, reason, context)
    entry, facts = _add_receipt(conn, batch, row["fund_id"], new, context, corrects=receipt_id)
    facts |= {"reason": reason.strip(), "entries": ledger.summary([entry, back])}
    event_log.append_event(
        conn, "fund", row["fund_id"], "correct_receipt", {**facts, **right}, context, batch, [entry, back]
    )
    return UUID(str(facts["receipt"]))


def _lock_fund(conn: sa.Connection, fund_id: UUID, context: ActionContext) -> sa.Row[Any]:
    visible = visible_to(context.caller, fund.c.unit_path, frozenset(Role))
    query = sa.select(fund.c.unit_path, fund.c.available_fen).where(fund.c.id == fund_id, visible)
    row = conn.execute(query.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFound
    return row  # type: ignore[return-value]


def _lock_receipt(conn: sa.Connection, receipt_id: UUID, context: ActionContext) -> tuple[dict[str, Any], sa.Row[Any]]:
    """Return the receipt and its fund line, both locked: the line first, as every other writer does."""
    fund_id = conn.scalar(sa.select(fund_receipt.c.fund_id).where(fund_receipt.c.id == receipt_id))
    if fund_id is None:
        raise NotFound
    fund_row = _lock_fund(conn, fund_id, context)
    return lock_record(conn, fund_receipt, receipt_id, sa.true()), fund_row


def _may_void(unit_path: str, context: ActionContext) -> dict[str, Plain]:
    """Return the right under which the caller voids; another person confirms it (docs/powers.md)."""
    return require_role(context, (Role.CASHIER, Role.APPROVER), unit_path)


def _refuse_in_use(fund_row: sa.Row[Any], taken: int) -> None:
    """Refuse to take away money that is committed or spent already."""
    if taken > fund_row.available_fen:
        raise Refused(Reason.of("receipt_in_use", available=fund_row.available_fen, amount=taken))


def _problems(new: NewReceipt, today: date) -> Iterator[Reason]:
    yield from validation.amount("fen", new.fen)
    yield from validation.document_number("document", new.document)
    yield from validation.not_in_future("on", new.on, today)


def _add_receipt(
    conn: sa.Connection,
    batch: WriteBatch,
    fund_id: UUID,
    new: NewReceipt,
    context: ActionContext,
    corrects: UUID | None = None,
) -> tuple[dict[str, object], dict[str, Plain]]:
    """Add the receipt to the batch; return its ledger entry and what its event says."""
    key = natural_key("fund_receipt", fund_id, new.document)
    once = repeat_columns(conn, fund_receipt, key, confirmed=new.confirmed_repeat, corrects=corrects)
    entry = ledger.entry_row(Pot.OUTSIDE, Pot.AVAILABLE, new.fen, fund_id, new.on, context)
    receipt_id = new_id()
    columns = {"id": receipt_id, "fund_id": fund_id, "entry_id": entry["id"], "fen": new.fen, "on": new.on}
    columns |= {"document": new.document.strip(), "recorded_by": context.caller.account, "created_at": context.at}
    batch.add(fund_receipt, {**columns, **once})
    facts: dict[str, Plain] = {"receipt": str(receipt_id), "document": new.document.strip(), "on": new.on.isoformat()}
    facts |= {"entries": ledger.summary([entry])}
    return entry, facts | once_facts(once)


def _void(row: Mapping[str, Any], reason: str, context: ActionContext) -> tuple[WriteBatch, dict[str, object]]:
    """Return the void of a receipt, and the ledger entry that takes its money back on the day it was booked for."""
    batch = WriteBatch()
    void_row(batch, fund_receipt, row["id"], reason, context.today)
    # Dated like the receipt, so that the balance of every day since then follows.
    return batch, ledger.entry_row(Pot.AVAILABLE, Pot.OUTSIDE, row["fen"], row["fund_id"], row["on"], context)
