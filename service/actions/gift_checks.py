"""Checks of a gift before it is recorded: fields, people, fund line, visit and policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import validation
from service.actions.context import ActionContext
from service.actions.natural_keys import natural_key
from service.queries import accounts, funds, households, policies
from service.tables.gifts import gift
from service.tables.persons import person
from service.tables.visits import visit
from workflows.code_lists import GOODS_GIFT_ITEMS, MONEY_GIFT_ITEMS
from workflows.facts import Fund
from workflows.policy import NoPolicy, PolicySet
from workflows.rules.gifts import Gift, Given
from workflows.rules.payment import short_of
from workflows.vocabulary import Fen, Reason, Role

HANDOVER_ROLES = (Role.VISITOR, Role.CASHIER)
TIER_WITHOUT_POLICY = 3
"""The highest tier of the time when money could be given without a policy set."""


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
    person_id: UUID | None = None
    """The member it is for; None for the household as a whole."""

    confirmed_repeat: bool = False
    """A person says that this is a second gift, and not the same one again."""


def key_of(new: NewGift) -> str:
    """Return what the gift is: giver, household, member, day, item, and its sum or its goods."""
    content = (new.fen, new.goods, new.goods_unit, new.quantity)
    parts = (new.unit_id, new.household_id, new.on, new.item, *content)
    return natural_key("gift", *parts, *((new.person_id,) if new.person_id else ()))


def field_problems(new: NewGift, today: date) -> Iterator[Reason]:
    """Yield every problem of a gift's own fields."""
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


def lock_usable_fund(
    conn: sa.Connection, new: NewGift, unit_path: str, spent_on: set[date], context: ActionContext
) -> Fund | None:
    """Return the fund line, locked, if the giving unit may use it on every day of `spent_on`; None for goods.

    What the unit may still draw is asked of the gift's own day, whose allocation it is counted under.
    """
    if new.fund_id is None:
        return None
    days = (new.on, *sorted(spent_on - {new.on}))
    found = [funds.lock_fund(conn, new.fund_id, unit_path, context.caller, day) for day in days]
    return found[0] if all(each is not None and each.opened for each in found) else None


def check_fund(new: NewGift, fund: Fund | None, spent_on: set[date]) -> Iterator[Reason]:
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


def refusals(
    conn: sa.Connection,
    new: NewGift,
    unit_path: str,
    policy: PolicySet | None,
    spent_on: set[date],
    context: ActionContext,
) -> Iterator[Reason]:
    """Yield every reason of the people, the fund line (locked here), the visit and the recipient against the gift."""
    fund_line = lock_usable_fund(conn, new, unit_path, spent_on, context)
    yield from check_people(conn, new, unit_path, policy, spent_on)
    yield from check_fund(new, fund_line, spent_on)
    yield from check_visit(conn, new)
    yield from check_recipient(conn, new)


def check_people(
    conn: sa.Connection, new: NewGift, unit_path: str, policy: PolicySet | None, spent_on: set[date]
) -> Iterator[Reason]:
    """Check the people of a gift: the person who hands it over has a role for it and did not approve it.

    None of them is a relative of the household. Money needs an approver of a tier that reaches the sum, on every day of
    `spent_on`: nobody approves what is recorded today with a role that has ended.
    """
    if not any(
        accounts.eligible_visitors(conn, frozenset((new.handed_by,)), role, unit_path, new.on)
        for role in HANDOVER_ROLES
    ):
        yield Reason.of("hander_not_entitled")
    # A stand-in counts as both persons (docs/design.md, "What always holds" 2).
    handing_over = accounts.acting_persons(conn, new.handed_by, HANDOVER_ROLES, unit_path, new.on)
    approving, tier = frozenset[UUID](), 0
    if new.fen is not None and new.approved_by is not None:
        tier = _tier_for_year(conn, new, policy)
        place = (unit_path, new.on)
        approving = accounts.acting_persons(conn, new.approved_by, (Role.APPROVER,), *place, min_tier=tier)
    if (handing_over | approving) & households.family_staff_of(conn, new.household_id):
        yield Reason.of("own_family")
    if not approving:
        return
    if approving & handing_over:
        yield Reason.of("approver_hands_over")
    if not all(new.approved_by in approvers_from(conn, unit_path, day, tier) for day in spent_on):
        yield Reason.of("approver_not_entitled", needed=tier, param="tiers")


def check_recorder(
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


def approvers_from(conn: sa.Connection, unit_path: str, on: date, tier: int) -> set[UUID]:
    """Return the approvers of this tier and those above it."""
    return set(accounts.role_holders(conn, Role.APPROVER, unit_path, on, min_tier=tier))


def required_tier(policy: PolicySet | None, fen: int) -> int:
    """Return the approval tier for a sum; without a policy, TIER_WITHOUT_POLICY."""
    return TIER_WITHOUT_POLICY if policy is None else policy.tier_for(Fen(fen))


def check_visit(conn: sa.Connection, new: NewGift) -> Iterator[Reason]:
    """Check that the visit of the gift went to the same household on the same day."""
    if new.visit_id is None:
        return
    visit_row = conn.execute(
        sa.select(visit.c.household_id, visit.c.on).where(visit.c.id == new.visit_id, visit.c.voided_on.is_(None))
    ).one_or_none()
    if visit_row is None or (visit_row.household_id, visit_row.on) != (new.household_id, new.on):
        yield Reason.of("visit_of_others", field="visit_id")


def _live_in_year(new: NewGift) -> sa.ColumnElement[bool]:
    """Return the condition for the gifts to the household in the gift's year that are not void."""
    same_year = sa.extract("year", gift.c.on) == new.on.year
    return sa.and_(gift.c.household_id == new.household_id, same_year, gift.c.voided_on.is_(None))


def _tier_for_year(conn: sa.Connection, new: NewGift, policy: PolicySet | None) -> int:
    """Return the tier that the household's gifts of the year need with this one, whatever the order of recording.

    Gifts of earlier days count in full. A later gift whose own approver does not reach the new sum counts too.
    """
    columns = (gift.c.on, gift.c.fen, gift.c.unit_path, gift.c.approved_by)
    money = sa.select(*columns).where(_live_in_year(new), gift.c.fen.is_not(None)).order_by(gift.c.on, gift.c.id)
    given = conn.execute(money).all()
    total = (new.fen or 0) + sum(row.fen for row in given if row.on <= new.on)
    needed = required_tier(policy, total)
    for row in (row for row in given if row.on > new.on):
        total += row.fen
        tier = required_tier(policy, total)
        if tier > needed and row.approved_by not in approvers_from(conn, row.unit_path, row.on, tier):
            needed = tier
    return needed


def policy_of(conn: sa.Connection, division: str, on: date) -> tuple[UUID | None, PolicySet | None]:
    """Return the policy set in force for the household on the gift's day, or None twice."""
    try:
        return policies.in_force_on(conn, division, on)
    except NoPolicy:
        return None, None


def as_rules_see(conn: sa.Connection, new: NewGift, household_row: dict[str, Any]) -> Gift:
    """Return the gift as the rules see it, with the earlier gifts of its item, household and year."""
    same_item = sa.and_(_live_in_year(new), gift.c.item == new.item, gift.c.fen.is_not(None))
    earlier = conn.execute(sa.select(gift.c.fen, gift.c.person_id).where(same_item))
    given = tuple(Given(Fen(row.fen), row.person_id) for row in earlier)
    return Gift(new.item, household_row["kind"], new.account_code, new.fen, new.person_id, given)


def check_recipient(conn: sa.Connection, new: NewGift) -> Iterator[Reason]:
    """Check that the member the gift is for belongs to the household."""
    if new.person_id is None:
        return
    member = sa.and_(person.c.id == new.person_id, person.c.household_id == new.household_id, person.c.active)
    if conn.scalar(sa.select(person.c.id).where(member)) is None:
        yield Reason.of("recipient_not_member", field="person_id")
