"""Allocation of a fund line to a unit below its own (下拨)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.gift_checks import policy_of, required_tier
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import units
from service.queries.scope import visible_to
from service.tables.fund_allocations import fund_allocation
from service.tables.funds import fund
from workflows.vocabulary import Fen, Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class NewFundAllocation:
    """A fund line allocated to a unit for a period: perhaps with the units below it, up to a ceiling (fen)."""

    fund_id: UUID
    unit_id: UUID
    from_on: date
    until_on: date
    document: str
    with_below: bool = False
    ceiling: Fen | None = None


def allocate_to_unit(
    conn: sa.Connection, new: NewFundAllocation, context: ActionContext, *, from_paper: bool = False
) -> UUID:
    """Allocate a fund line to a unit; an approver over the line's own unit decides it.

    It starts today or later, except when it is imported `from_paper`. Raises InvalidForm, Refused (role_missing,
    allocation_not_below, allocation_overlaps, allocation_outlives_line, tier_too_low), NotFound.
    """
    fund_row = _lock_fund_row(conn, new.fund_id, context)
    right = require_role(context, (Role.APPROVER,), fund_row.unit_path)
    unit_path = unit_path_of(conn, new.unit_id)
    validation.refuse_invalid(_problems(new, context.today, from_paper=from_paper))
    reasons = [*_unit_and_period_problems(new, fund_row, unit_path), *_overlapping(conn, new)]
    reasons += _tier_below(conn, new, fund_row, context)
    if reasons:
        raise Refused(*reasons)
    allocation_id = new_id()
    columns = {name: getattr(new, name) for name in NewFundAllocation.__slots__ if name != "ceiling"}
    creation = {"opened_by": context.caller.account, "created_at": context.at}
    batch = WriteBatch()
    batch.add(
        fund_allocation,
        {"id": allocation_id, "unit_path": unit_path, "ceiling_fen": new.ceiling, **columns, **creation},
    )
    facts: dict[str, Plain] = {"opening": str(allocation_id), "unit": str(new.unit_id), "with_below": new.with_below}
    facts |= {"from": new.from_on.isoformat(), "until": new.until_on.isoformat(), "ceiling": new.ceiling}
    facts |= {"document": new.document.strip(), **right}
    event_log.append_event(conn, "fund", new.fund_id, "open_to_unit", facts, context, batch)
    return allocation_id


def close_allocation(conn: sa.Connection, allocation_id: UUID, context: ActionContext) -> None:
    """End an allocation from today on; money committed under it stays committed.

    Raises Refused (role_missing, allocation_closed), NotFound.
    """
    allocation_row = conn.execute(
        sa.select(fund_allocation).where(fund_allocation.c.id == allocation_id).with_for_update(key_share=True)
    ).one_or_none()
    if allocation_row is None:
        raise NotFound
    fund_row = _lock_fund_row(conn, allocation_row.fund_id, context)
    right = require_role(context, (Role.APPROVER,), fund_row.unit_path)
    if allocation_row.closed_on is not None or allocation_row.until_on < context.today:
        raise Refused(Reason.of("allocation_closed"))
    batch = WriteBatch()
    batch.change(fund_allocation, {"id": allocation_id, "closed_on": context.today})
    event_log.append_event(
        conn,
        "fund",
        allocation_row.fund_id,
        "close_allocation",
        {"opening": str(allocation_id), **right},
        context,
        batch,
    )


def _lock_fund_row(conn: sa.Connection, fund_id: UUID, context: ActionContext) -> sa.Row[Any]:
    """Return the fund line's row, locked, so that two writers do not count the same balance. Raises NotFound."""
    visible = visible_to(context.caller, fund.c.unit_path, frozenset(Role))
    fund_row = conn.execute(
        sa.select(fund).where(fund.c.id == fund_id, visible).with_for_update(key_share=True)
    ).one_or_none()
    if fund_row is None:
        raise NotFound
    return fund_row


def _problems(new: NewFundAllocation, today: date, *, from_paper: bool) -> Iterator[Reason]:
    yield from validation.document_number("document", new.document)
    yield from validation.dates_in_order("until_on", new.from_on, new.until_on)
    if new.ceiling is None:
        yield Reason.of("answer_missing", field="ceiling")
    yield from validation.amount("ceiling", new.ceiling)
    if not from_paper and new.from_on < today:
        yield Reason.of("in_the_past", field="from_on", given=new.from_on.isoformat(), today=today.isoformat())


def _unit_and_period_problems(new: NewFundAllocation, fund_row: sa.Row[Any], unit_path: str) -> Iterator[Reason]:
    if not unit_path.startswith(fund_row.unit_path) or (unit_path == fund_row.unit_path and not new.with_below):
        yield Reason.of("allocation_not_below", field="unit_id")
    if new.from_on < fund_row.opens_on or new.until_on > fund_row.expires_on:
        period = {"opens_on": fund_row.opens_on.isoformat(), "expires_on": fund_row.expires_on.isoformat()}
        yield Reason.of("allocation_outlives_line", field="until_on", **period)


def _tier_below(
    conn: sa.Connection, new: NewFundAllocation, fund_row: sa.Row[Any], context: ActionContext
) -> Iterator[Reason]:
    """Refuse an allocation beyond the approver's tier: it lets others spend up to its ceiling."""
    _, policy = policy_of(conn, units.division_of(conn, fund_row.unit_id), context.today)
    needed = required_tier(policy, new.ceiling or 0)
    over_line = (held for held in context.caller.held if fund_row.unit_path.startswith(held.unit_path))
    tier = max((held.tier for held in over_line if held.role is Role.APPROVER), default=0)
    if tier < needed:
        yield Reason.of("tier_too_low", tier=tier, needed=needed)


def _overlapping(conn: sa.Connection, new: NewFundAllocation) -> Iterator[Reason]:
    """Refuse a second allocation of a line to a unit in one period: their ceilings would add up."""
    last_day = sa.func.coalesce(fund_allocation.c.closed_on - 1, fund_allocation.c.until_on)
    same_pair = sa.and_(fund_allocation.c.fund_id == new.fund_id, fund_allocation.c.unit_id == new.unit_id)
    overlap = sa.and_(fund_allocation.c.from_on <= new.until_on, last_day >= new.from_on)
    if conn.scalar(sa.select(fund_allocation.c.id).where(same_pair, overlap).limit(1)) is not None:
        yield Reason.of("allocation_overlaps", field="from_on")
