"""Gifts outside cases: goods, or money that leaves a fund line."""

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

HANDOVER_ROLES = (Role.VISITOR, Role.CASHIER)


@dataclass(frozen=True, slots=True)
class NewGift:
    """Money (`fen` of `fund_id`, approved by another person) or goods; goods without a quantity count as `数套`."""

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
    """Record a gift; its money moves from available to paid in the same transaction.

    Raises InvalidForm, Refused (fund_missing, fund_closed, item_not_permitted, fund_short, approver_hands_over,
    approver_not_entitled, hander_not_entitled, visit_of_others), NotFound.
    """
    unit_path = unit_path_of(conn, new.unit_id)
    right = require_role(context, (Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER), unit_path)
    validation.refuse_invalid(_problems(new, context.today))
    household_row = households.one(conn, new.household_id, context.caller, lock=True)
    if household_row is None:
        raise NotFound
    fund = _lock_usable_fund(conn, new, unit_path, context)
    spent_on = {new.on} if from_paper else {new.on, context.today}
    reasons = [*_check_people(conn, new, unit_path, household_row), *_check_fund(new, fund, spent_on)]
    reasons += [*_check_visit(conn, new), *_check_recorder(conn, new, household_row, context, from_paper=from_paper)]
    if reasons:
        raise Refused(*reasons)
    gift_id = new_id()
    columns = {name: getattr(new, name) for name in NewGift.__slots__}
    batch = WriteBatch()
    batch.add(gift, {"id": gift_id, "unit_path": unit_path, "created_at": context.at, **columns})
    batch.change(household, {"id": new.household_id, "aid_version": household_row["aid_version"] + 1})
    entries = []
    if new.fen is not None and new.fund_id is not None:
        entries.append(ledger.entry_row(Pot.AVAILABLE, Pot.PAID, new.fen, new.fund_id, new.on, context))
    facts: dict[str, Plain] = {**_gift_facts(new), "entries": ledger.summary(entries), **right}
    event_log.append_event(conn, "gift", gift_id, "record_gift", facts, context, batch, entries)
    return gift_id


def _problems(new: NewGift, today: date) -> Iterator[Reason]:
    yield from validation.not_in_future("on", new.on, today)
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
    yield from validation.whole_number("quantity", new.quantity)


def _lock_usable_fund(conn: sa.Connection, new: NewGift, unit_path: str, context: ActionContext) -> Fund | None:
    locked_fund = (
        funds.lock_fund(conn, new.fund_id, unit_path, context.caller, new.on) if new.fund_id is not None else None
    )
    return locked_fund if locked_fund is not None and locked_fund.opened else None


def _check_fund(new: NewGift, fund: Fund | None, spent_on: set[date]) -> Iterator[Reason]:
    """Check that the locked fund permits the item and can bear the sum (docs/domain/funds.md §4.3).

    It must be open on every day of `spent_on`: the gift's day, and today unless a signed paper list is imported.
    """
    if new.fen is None:
        return
    if fund is None:
        yield Reason.of("fund_missing")
        return
    if not all(fund.opens_on <= day <= fund.expires_on for day in spent_on):
        yield Reason.of("fund_closed", opens_on=fund.opens_on.isoformat(), expires_on=fund.expires_on.isoformat())
    if new.item not in fund.items:
        yield Reason.of("item_not_permitted", item=new.item, permitted=sorted(fund.items))
    shortage = short_of(fund, new.fen)
    if shortage is not None:
        yield shortage


def _check_people(conn: sa.Connection, new: NewGift, unit_path: str, household_row: dict[str, Any]) -> Iterator[Reason]:
    """Check the people of a gift: the person who hands it over has a role for it and did not approve it.

    None of them is a relative of the household. Money needs an approver of a tier that reaches the sum.
    """
    if not any(
        accounts.eligible_visitors(conn, frozenset((new.handed_by,)), role, unit_path, new.on)
        for role in HANDOVER_ROLES
    ):
        yield Reason.of("hander_not_entitled")
    # A stand-in counts as both persons (docs/design.md, "What always holds" 2).
    handing_over = accounts.acting_persons(conn, new.handed_by, HANDOVER_ROLES, unit_path, new.on)
    approving, required_tier = frozenset[UUID](), 0
    if new.fen is not None and new.approved_by is not None:
        required_tier = _required_tier(conn, new, household_row)
        place = (unit_path, new.on)
        approving = accounts.acting_persons(conn, new.approved_by, (Role.APPROVER,), *place, min_tier=required_tier)
    if (handing_over | approving) & households.family_staff_of(conn, new.household_id):
        yield Reason.of("own_family")
    if not approving:
        return
    if approving & handing_over:
        yield Reason.of("approver_hands_over")
    if new.approved_by not in _approvers_from(conn, unit_path, new.on, required_tier):
        yield Reason.of("approver_not_entitled", needed=required_tier, param="tiers")


def _check_recorder(
    conn: sa.Connection, new: NewGift, household_row: dict[str, Any], context: ActionContext, *, from_paper: bool
) -> Iterator[Reason]:
    """Check the recorder: no relative; for money, the approver, unless a signed paper list is imported.

    A household that has left receives goods only.
    """
    if context.caller.account in households.family_staff_of(conn, new.household_id):
        yield Reason.of("own_family")
    if new.fen is not None and not from_paper and context.caller.account != new.approved_by:
        yield Reason.of("approver_must_sign")
    if new.fen is not None and household_row["exited_on"] is not None and new.on > household_row["exited_on"]:
        yield Reason.of("household_not_filed")


def _approvers_from(conn: sa.Connection, unit_path: str, on: date, tier: int) -> set[UUID]:
    """Return the approvers of this tier and those above it."""
    tiers = range(tier, len(APPROVERS) + 1)
    return {each for tier in tiers for each in accounts.role_holders(conn, Role.APPROVER, unit_path, on, tier=tier)}


def _required_tier(conn: sa.Connection, new: NewGift, household_row: dict[str, Any]) -> int:
    """Return the approval tier for the household's gifts of this year with this one; without a policy, the highest."""
    same_year = sa.extract("year", gift.c.on) == new.on.year
    earlier_fen = (
        conn.scalar(sa.select(sa.func.sum(gift.c.fen)).where(gift.c.household_id == new.household_id, same_year)) or 0
    )
    try:
        _, policy = policies.in_force_on(conn, household_row["division"], new.on)
    except NoPolicy:
        return len(APPROVERS)
    return min(policy.tier_for(Fen(int(earlier_fen) + (new.fen or 0))), len(APPROVERS))


def _check_visit(conn: sa.Connection, new: NewGift) -> Iterator[Reason]:
    """Check that the visit of the gift went to the same household on the same day."""
    if new.visit_id is None:
        return
    visit_row = conn.execute(
        sa.select(visit.c.household_id, visit.c.on).where(visit.c.id == new.visit_id)
    ).one_or_none()
    if visit_row is None or (visit_row.household_id, visit_row.on) != (new.household_id, new.on):
        yield Reason.of("visit_of_others", field="visit_id")


def _gift_facts(new: NewGift) -> dict[str, Plain]:
    facts: dict[str, Plain] = {"item": new.item, "on": new.on.isoformat(), "household": str(new.household_id)}
    facts |= {"handed_by": str(new.handed_by), "account_code": new.account_code}
    if new.fen is not None:
        return facts | {"fen": new.fen, "fund": str(new.fund_id), "approved_by": str(new.approved_by)}
    return facts | {"goods": new.goods, "goods_unit": new.goods_unit, "quantity": new.quantity}
