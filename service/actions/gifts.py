"""Gifts outside cases: goods, or money that leaves a fund line; corrected or voided with a reason."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, gift_checks, ledger, validation
from service.actions.context import ActionContext
from service.actions.corrections import lock_record, reason_problems, seen_in_unit, void_facts, void_row
from service.actions.gift_checks import NewGift
from service.actions.natural_keys import once_facts, repeat_columns
from service.actions.open_households import file_open_to_records
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import accounts, households
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from workflows.rules.gifts import gift_refusals, rule_for
from workflows.vocabulary import Plain, Pot, Reason, Refused, Role

RECORDERS = (Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
NOT_COLUMNS = {"confirmed_repeat"}


def record_gift(
    conn: sa.Connection, new: NewGift, context: ActionContext, *, from_paper: bool = False, corrects: UUID | None = None
) -> UUID:
    """Record a gift; its money moves from available to paid in the same transaction.

    Raises InvalidForm, Refused (recorded_already, relief_needs_case, gift_over_limit, fund_missing, fund_closed,
    item_not_permitted, fund_short, approver_hands_over, approver_not_entitled, hander_not_entitled, visit_of_others),
    NotFound.
    """
    unit_path = unit_path_of(conn, new.unit_id)
    right = require_role(context, RECORDERS, unit_path)
    validation.refuse_invalid(gift_checks.field_problems(new, context.today))
    household_row = file_open_to_records(households.one(conn, new.household_id, context.caller, lock=True))
    once = repeat_columns(conn, gift, gift_checks.key_of(new), confirmed=new.confirmed_repeat, corrects=corrects)
    policy_id, policy = gift_checks.policy_of(conn, household_row["division"], new.on)
    as_gift = gift_checks.as_rules_see(conn, new, household_row)
    spent_on = {new.on} if from_paper else {new.on, context.today}
    reasons = [
        *gift_refusals(policy, as_gift),
        *gift_checks.refusals(conn, new, unit_path, policy, spent_on, context),
        *gift_checks.check_recorder(conn, new, household_row, context, from_paper=from_paper),
    ]
    if reasons:
        raise Refused(*reasons)
    rule = rule_for(policy, as_gift)
    columns = {"policy_set_id": policy_id, "counts_as_aid": bool(rule and rule.counts_as_aid), "unit_path": unit_path}
    return _write(conn, new, context, household_row, once | columns, right)


def _write(
    conn: sa.Connection,
    new: NewGift,
    context: ActionContext,
    household_row: dict[str, Any],
    columns: dict[str, object],
    right: dict[str, Plain],
) -> UUID:
    gift_id = new_id()
    columns |= {name: getattr(new, name) for name in NewGift.__slots__ if name not in NOT_COLUMNS}
    batch = WriteBatch()
    batch.add(gift, {"id": gift_id, "created_at": context.at, **columns})
    batch.change(household, {"id": new.household_id, "aid_version": household_row["aid_version"] + 1})
    entries = []
    if new.fen is not None and new.fund_id is not None:
        entries.append(ledger.entry_row(Pot.AVAILABLE, Pot.PAID, new.fen, new.fund_id, new.on, context))
    facts: dict[str, Plain] = {**_gift_facts(new), "entries": ledger.summary(entries), **once_facts(columns), **right}
    event_log.append_event(conn, "gift", gift_id, "record_gift", facts, context, batch, entries)
    return gift_id


def void_gift(conn: sa.Connection, gift_id: UUID, reason: str, context: ActionContext) -> None:
    """Void a gift: its money is in the fund line again, and no figure counts it.

    An approver who did not hand it over decides on money. Raises InvalidForm, Refused (role_missing, voided_already,
    approver_hands_over, tier_too_low, own_family), NotFound.
    """
    _void(conn, gift_id, reason, context, {})


def correct_gift(conn: sa.Connection, gift_id: UUID, new: NewGift, reason: str, context: ActionContext) -> UUID:
    """Void a gift and record it with other values. Raises what voiding and recording raise."""
    _lock_households(conn, gift_id, new)
    _void(conn, gift_id, reason, context, {"corrected": True})
    return record_gift(conn, new, context, corrects=gift_id)


def _lock_households(conn: sa.Connection, gift_id: UUID, new: NewGift) -> None:
    """Lock the families of a gift and of its correction before the fund line, as the recording of a gift does."""
    before = sa.select(gift.c.household_id).where(gift.c.id == gift_id)
    both = sa.or_(household.c.id.in_(before), household.c.id == new.household_id)
    locked = sa.select(household.c.id).where(both).order_by(household.c.id)
    conn.execute(locked.with_for_update(key_share=True))


def _void(conn: sa.Connection, gift_id: UUID, reason: str, context: ActionContext, more: dict[str, Plain]) -> None:
    row = lock_record(conn, gift, gift_id, seen_in_unit(context, gift.c.unit_path))
    roles = RECORDERS if row["fen"] is None else (Role.APPROVER,)
    right = require_role(context, roles, row["unit_path"])
    validation.refuse_invalid(reason_problems(reason))
    reasons = _against_voiding(conn, row, context)
    if reasons:
        raise Refused(*reasons)
    batch, entries = WriteBatch(), []
    void_row(batch, gift, gift_id, reason, context.today)
    if row["fen"] is not None:
        conn.execute(sa.select(fund.c.id).where(fund.c.id == row["fund_id"]).with_for_update(key_share=True))
        # Dated like the gift, so that the balance of every day since then follows.
        # Nothing goes from paid straight to available (docs/decisions/0028).
        for source, target in ((Pot.PAID, Pot.RECOVERING), (Pot.RECOVERING, Pot.AVAILABLE)):
            entries.append(ledger.entry_row(source, target, row["fen"], row["fund_id"], row["on"], context))
    facts = {**void_facts(reason, row), "entries": ledger.summary(entries), **more, **right}
    event_log.append_event(conn, "gift", gift_id, "void_gift", facts, context, batch, entries)


def _against_voiding(conn: sa.Connection, row: dict[str, Any], context: ActionContext) -> list[Reason]:
    """Return the reasons against voiding: the people are apart as they are for giving, and the tier reaches the sum."""
    caller = context.caller.account
    reasons = []
    if caller in households.family_staff_of(conn, row["household_id"]):
        reasons.append(Reason.of("own_family"))
    if row["fen"] is None:
        return reasons
    place = (row["unit_path"], context.today)
    handing_over = accounts.acting_persons(conn, row["handed_by"], gift_checks.HANDOVER_ROLES, *place)
    if handing_over & accounts.acting_persons(conn, caller, (Role.APPROVER,), *place):
        reasons.append(Reason.of("approver_hands_over"))
    division = conn.scalar(sa.select(household.c.division).where(household.c.id == row["household_id"]))
    _, policy = gift_checks.policy_of(conn, str(division), row["on"])
    needed = gift_checks.required_tier(policy, row["fen"])
    if caller not in gift_checks.approvers_from(conn, *place, needed):
        reasons.append(Reason.of("approver_not_entitled", needed=needed, param="tiers"))
    return reasons


def _gift_facts(new: NewGift) -> dict[str, Plain]:
    facts: dict[str, Plain] = {"item": new.item, "on": new.on.isoformat(), "household": str(new.household_id)}
    facts |= {"handed_by": str(new.handed_by), "account_code": new.account_code}
    if new.fen is not None:
        return facts | {"fen": new.fen, "fund": str(new.fund_id), "approved_by": str(new.approved_by)}
    return facts | {"goods": new.goods, "goods_unit": new.goods_unit, "quantity": new.quantity}
