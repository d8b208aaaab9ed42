"""Proposed writes about money outside cases: receipts, fund lines, allocations, gifts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import fund_allocations, fund_receipts, funds, gifts
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.fund_allocations import NewFundAllocation
from service.actions.fund_receipts import NewReceipt
from service.actions.funds import NewFund
from service.actions.gift_checks import NewGift
from service.actions.permissions import unit_path_of
from service.actions.proposals.write import Made, ProposedWrite, VoidContent, correction_of
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.gifts import gift
from workflows.vocabulary import Role


@dataclass(frozen=True, slots=True)
class ReceiptContent:
    """A receipt on a fund line."""

    fund_id: UUID
    new: NewReceipt


ReceiptCorrection = correction_of(NewReceipt)
GiftCorrection = correction_of(NewGift)


def _correct_receipt(conn: sa.Connection, content: Any, context: ActionContext) -> Made:
    return Made(fund_receipts.correct_receipt(conn, content.record_id, content.new, content.reason, context))


def _void_receipt(conn: sa.Connection, content: VoidContent, context: ActionContext) -> Made:
    fund_receipts.void_receipt(conn, content.record_id, content.reason, context)
    return Made(content.record_id)


def _void_gift(conn: sa.Connection, content: VoidContent, context: ActionContext) -> Made:
    gifts.void_gift(conn, content.record_id, content.reason, context)
    return Made(content.record_id)


def _path(conn: sa.Connection, query: sa.Select[Any]) -> str:
    path: str | None = conn.scalar(query)
    if path is None:
        raise NotFound
    return path


def _of_fund(conn: sa.Connection, fund_id: UUID) -> str:
    return _path(conn, sa.select(fund.c.unit_path).where(fund.c.id == fund_id))


def _of_receipt(conn: sa.Connection, receipt_id: UUID) -> str:
    lines = sa.select(fund.c.unit_path).join(fund_receipt, fund_receipt.c.fund_id == fund.c.id)
    return _path(conn, lines.where(fund_receipt.c.id == receipt_id))


def _of_gift(conn: sa.Connection, gift_id: UUID) -> str:
    return _path(conn, sa.select(gift.c.unit_path).where(gift.c.id == gift_id))


def moves_money(conn: sa.Connection, gift_id: UUID) -> bool:
    """Return whether a gift is money. Goods are voided and corrected by one person."""
    return conn.scalar(sa.select(gift.c.fen).where(gift.c.id == gift_id)) is not None


MONEY_WRITES: Mapping[str, ProposedWrite] = {
    "receipt": ProposedWrite(
        power=("fund", "receive"),
        content=ReceiptContent,
        run=lambda conn, content, context: Made(
            fund_receipts.record_receipt(conn, content.fund_id, content.new, context)
        ),
        unit_path=lambda conn, content, _context: _of_fund(conn, content.fund_id),
    ),
    "receipt_correction": ProposedWrite(
        power=("fund", "correct_receipt"),
        content=ReceiptCorrection,
        run=_correct_receipt,
        unit_path=lambda conn, content, _context: _of_receipt(conn, content.record_id),
    ),
    "receipt_void": ProposedWrite(
        power=("fund", "void_receipt"),
        content=VoidContent,
        run=_void_receipt,
        unit_path=lambda conn, content, _context: _of_receipt(conn, content.record_id),
    ),
    "fund_line": ProposedWrite(
        power=("fund", "open_line"),
        content=NewFund,
        run=lambda conn, content, context: Made(funds.open_line(conn, content, context)),
        unit_path=lambda conn, content, _context: unit_path_of(conn, content.unit_id),
    ),
    "fund_allocation": ProposedWrite(
        power=("fund", "open_to_unit"),
        content=NewFundAllocation,
        run=lambda conn, content, context: Made(fund_allocations.allocate_to_unit(conn, content, context)),
        unit_path=lambda conn, content, _context: _of_fund(conn, content.fund_id),
    ),
    "gift": ProposedWrite(
        power=("gift", "record_gift"),
        acts_as=(Role.APPROVER,),
        content=NewGift,
        run=lambda conn, content, context: Made(gifts.record_gift(conn, content, context)),
        unit_path=lambda conn, content, _context: unit_path_of(conn, content.unit_id),
        named=lambda _conn, content: (content.handed_by,),
    ),
    "gift_correction": ProposedWrite(
        power=("gift", "record_gift"),
        acts_as=(Role.APPROVER,),
        content=GiftCorrection,
        run=lambda conn, content, context: Made(
            gifts.correct_gift(conn, content.record_id, content.new, content.reason, context)
        ),
        unit_path=lambda conn, content, _context: _of_gift(conn, content.record_id),
        named=lambda _conn, content: (content.new.handed_by,),
        voids=("gift", "void_gift"),
    ),
    "gift_void": ProposedWrite(
        power=("gift", "void_gift"),
        acts_as=(Role.APPROVER,),
        content=VoidContent,
        run=_void_gift,
        unit_path=lambda conn, content, _context: _of_gift(conn, content.record_id),
    ),
}
"""By the name their confirmations carry. A gift of money is confirmed by the person who hands it over."""
