"""What is handed over outside cases: goods, whose quantity may be unknown, and money, which leaves a fund line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, ledger, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import accounts, funds, households, policies
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.visits import visit
from workflows.code_lists import GOODS_GIFT_ITEMS, MONEY_GIFT_ITEMS
from workflows.facts import Fund
from workflows.policy import NoPolicy
from workflows.rules.payment import short_of
from workflows.vocabulary import APPROVERS, Fen, Plain, Pot, Reason, Refused, Role

HANDERS = (Role.VISITOR, Role.CASHIER)


@dataclass(frozen=True, slots=True)
class NewGift:
    """Money (`fen` of `fund_id`, approved by somebody else) or goods; several with no quantity is `数套`."""

    unit_id: UUID
    household_id: UUID
    on: date
    item: str
    purpose: str
    account_code: str
    handed_by: UUID
    signed_by_family: bool
    visit_id: UUID | None = None
    fen: Fen | None = None
    fund_id: UUID | None = None
    approved_by: UUID | None = None
    goods: str | None = None
    goods_unit: str | None = None
    quantity: int | None = None


def record_gift(conn: sa.Connection, new: NewGift, context: ActionContext, *, from_paper: bool = False) -> UUID:
    """Record a gift; money moves from available to paid in the same transaction.

    Raises BadAnswers, Refused (fund_missing, fund_closed, item_not_permitted, fund_short, approver_hands_over,
    approver_not_entitled, hander_not_entitled, visit_of_others), Unknown.
    """
    path = unit_path_of(conn, new.unit_id)
    right = require_role(context, (Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER), path)
    validation.refuse_invalid(_problems(new, context.today))
    home = households.one(conn, new.household_id, context.caller, lock=True)
    if home is None:
        raise NotFound
    fund = _fund_locked(conn, new, path, context)
    spent_on = {new.on} if from_paper else {new.on, context.today}
    reasons = [*_check_people(conn, new, path, home), *_fund_says(new, fund, spent_on), *_other_visit(conn, new)]
    reasons += [*_recorded_by(conn, new, home, context, from_paper=from_paper)]
    if reasons:
        raise Refused(*reasons)
    row = new_id()
    columns = {name: getattr(new, name) for name in NewGift.__slots__}
    batch = WriteBatch()
    batch.add(gift, {"id": row, "unit_path": path, "created_at": context.at, **columns})
    batch.change(household, {"id": new.household_id, "aid_version": home["aid_version"] + 1})
    moved = []
    if new.fen is not None and new.fund_id is not None:
        moved.append(ledger.entry_row(Pot.AVAILABLE, Pot.PAID, new.fen, new.fund_id, new.on, context))
    facts: dict[str, Plain] = {**_told(new), "entries": ledger.summary(moved), **right}
    event_log.append_event(conn, "gift", row, "record_gift", facts, context, batch, moved)
    return row


def _problems(new: NewGift, today: date) -> Iterator[Reason]:
    yield from validation.not_ahead("on", new.on, today)
    yield from validation.text("purpose", new.purpose)
    yield from validation.shaped("account_code", new.account_code, validation.CODE, "not_code")
    if (new.fen is None) == (new.goods is None):
        yield Reason.of("goods_or_money", field="fen")
    yield from validation.choice("item", new.item, MONEY_GIFT_ITEMS if new.fen is not None else GOODS_GIFT_ITEMS)
    yield from validation.amount("fen", new.fen)
    for key in ("fund_id", "approved_by"):
        if new.fen is not None and getattr(new, key) is None:
            yield Reason.of("answer_missing", field=key)
    if new.fen is None and new.fund_id is not None:
        yield Reason.of("goods_without_fund", field="fund_id")
    if new.goods is not None:
        yield from validation.text("goods", new.goods, longest=60)
        yield from validation.text("goods_unit", new.goods_unit, longest=10)
    elif new.goods_unit is not None or new.quantity is not None:
        yield Reason.of("goods_missing", field="goods")
    yield from validation.whole("quantity", new.quantity)


def _fund_locked(conn: sa.Connection, new: NewGift, path: str, context: ActionContext) -> Fund | None:
    found = funds.lock_fund(conn, new.fund_id, path, context.caller, new.on) if new.fund_id is not None else None
    return found if found is not None and found.opened else None


def _fund_says(new: NewGift, fund: Fund | None, spent_on: set[date]) -> Iterator[Reason]:
    """The line permits the item and can bear it (domain/4 §4.3); the line is locked.

    It is open on the day of the gift, and still on the day it is recorded, unless a signed list on paper is brought in.
    """
    if new.fen is None:
        return
    if fund is None:
        yield Reason.of("fund_missing")
        return
    if not all(fund.opens_on <= on <= fund.expires_on for on in spent_on):
        yield Reason.of("fund_closed", opens_on=fund.opens_on.isoformat(), expires_on=fund.expires_on.isoformat())
    if new.item not in fund.items:
        yield Reason.of("item_not_permitted", item=new.item, permitted=sorted(fund.items))
    short = short_of(fund, new.fen)
    if short is not None:
        yield short


def _check_people(conn: sa.Connection, new: NewGift, path: str, home: dict[str, Any]) -> Iterator[Reason]:
    """Who hands over may do so, is not who approved, and neither is a relative; money has a tier that reaches it."""
    if not any(accounts.eligible_visitors(conn, frozenset((new.handed_by,)), role, path, new.on) for role in HANDERS):
        yield Reason.of("hander_not_entitled")
    people = {new.handed_by, new.approved_by} if new.fen is not None else {new.handed_by}
    if people & households.family_staff_of(conn, new.household_id):
        yield Reason.of("own_family")
    if new.fen is None or new.approved_by is None:
        return
    if new.approved_by == new.handed_by:
        yield Reason.of("approver_hands_over")
    needed = _tier(conn, new, home)
    reach = {each for tier in range(needed, len(APPROVERS) + 1) for each in _approvers(conn, path, new.on, tier)}
    if new.approved_by not in reach:
        yield Reason.of("approver_not_entitled", needed=needed, param="tiers")


def _recorded_by(
    conn: sa.Connection, new: NewGift, home: dict[str, Any], context: ActionContext, *, from_paper: bool
) -> Iterator[Reason]:
    """Money is recorded by who approved it, unless a signed list on paper is brought in; nobody records for his own.

    Nothing but goods of no price goes to a family that has left.
    """
    if context.caller.account in households.family_staff_of(conn, new.household_id):
        yield Reason.of("own_family")
    if new.fen is not None and not from_paper and context.caller.account != new.approved_by:
        yield Reason.of("approver_must_sign")
    if new.fen is not None and home["exited_on"] is not None and new.on > home["exited_on"]:
        yield Reason.of("household_not_filed")


def _approvers(conn: sa.Connection, path: str, on: date, tier: int) -> list[UUID]:
    return accounts.role_holders(conn, Role.APPROVER, path, on, tier=tier)


def _tier(conn: sa.Connection, new: NewGift, home: dict[str, Any]) -> int:
    """The tier that decides on what the household got by hand this year, with this; the highest without a policy."""
    year = sa.extract("year", gift.c.on) == new.on.year
    before = conn.scalar(sa.select(sa.func.sum(gift.c.fen)).where(gift.c.household_id == new.household_id, year)) or 0
    try:
        _, policy = policies.in_force_on(conn, home["division"], new.on)
    except NoPolicy:
        return len(APPROVERS)
    return min(policy.tier_for(Fen(int(before) + (new.fen or 0))), len(APPROVERS))


def _other_visit(conn: sa.Connection, new: NewGift) -> Iterator[Reason]:
    """The visit a gift was handed over at went to the same household."""
    if new.visit_id is None:
        return
    row = conn.execute(sa.select(visit.c.household_id, visit.c.on).where(visit.c.id == new.visit_id)).one_or_none()
    if row is None or (row.household_id, row.on) != (new.household_id, new.on):
        yield Reason.of("visit_of_others", field="visit_id")


def _told(new: NewGift) -> dict[str, Plain]:
    told: dict[str, Plain] = {"item": new.item, "on": new.on.isoformat(), "household": str(new.household_id)}
    told |= {"handed_by": str(new.handed_by), "account_code": new.account_code}
    if new.fen is not None:
        return told | {"fen": new.fen, "fund": str(new.fund_id), "approved_by": str(new.approved_by)}
    return told | {"goods": new.goods, "goods_unit": new.goods_unit, "quantity": new.quantity}
