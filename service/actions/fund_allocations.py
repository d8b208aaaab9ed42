"""Opening a fund line to a named unit below (下拨): who holds the purse says who may spend, for how long and how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries.scope import visible_to
from service.tables.fund_allocations import fund_allocation
from service.tables.funds import fund
from workflows.vocabulary import Fen, Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class NewFundAllocation:
    """A line is open to a unit (perhaps with those below it) from a day until a day, perhaps up to a sum (fen)."""

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
    """Open a line to a unit. An approver over the line's own unit decides it; it is not dated back, unless it is
    brought in from paper.

    Raises BadAnswers, Refused (role_missing, allocation_not_below, allocation_overlaps, allocation_outlives_line), Unknown.
    """
    line = _line(conn, new.fund_id, context)
    right = require_role(context, (Role.APPROVER,), line.unit_path)
    path = unit_path_of(conn, new.unit_id)
    validation.refuse_invalid(_problems(new, context.today, from_paper=from_paper))
    reasons = [*_misplaced(new, line, path), *_overlapping(conn, new)]
    if reasons:
        raise Refused(*reasons)
    row = new_id()
    columns = {name: getattr(new, name) for name in NewFundAllocation.__slots__ if name != "ceiling"}
    who = {"opened_by": context.caller.account, "created_at": context.at}
    batch = WriteBatch()
    batch.add(fund_allocation, {"id": row, "unit_path": path, "ceiling_fen": new.ceiling, **columns, **who})
    facts: dict[str, Plain] = {"opening": str(row), "unit": str(new.unit_id), "with_below": new.with_below}
    facts |= {"from": new.from_on.isoformat(), "until": new.until_on.isoformat(), "ceiling": new.ceiling}
    facts |= {"document": new.document.strip(), **right}
    event_log.append_event(conn, "fund", new.fund_id, "open_to_unit", facts, context, batch)
    return row


def close_allocation(conn: sa.Connection, allocation_id: UUID, context: ActionContext) -> None:
    """End an opening from today on; what was promised under it stands.

    Raises Refused (role_missing, allocation_closed), Unknown.
    """
    found = conn.execute(
        sa.select(fund_allocation).where(fund_allocation.c.id == allocation_id).with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    line = _line(conn, found.fund_id, context)
    right = require_role(context, (Role.APPROVER,), line.unit_path)
    if found.closed_on is not None or found.until_on < context.today:
        raise Refused(Reason.of("allocation_closed"))
    batch = WriteBatch()
    batch.change(fund_allocation, {"id": allocation_id, "closed_on": context.today})
    event_log.append_event(
        conn, "fund", found.fund_id, "close_allocation", {"opening": str(allocation_id), **right}, context, batch
    )


def _line(conn: sa.Connection, fund_id: UUID, context: ActionContext) -> sa.Row[Any]:
    """The line, locked: whoever counts what may be drawn from it waits."""
    seen = visible_to(context.caller, fund.c.unit_path, frozenset(Role))
    found = conn.execute(
        sa.select(fund).where(fund.c.id == fund_id, seen).with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def _problems(new: NewFundAllocation, today: date, *, from_paper: bool) -> Iterator[Reason]:
    yield from validation.number("document", new.document)
    yield from validation.in_order("until_on", new.from_on, new.until_on)
    yield from validation.amount("ceiling", new.ceiling)
    if not from_paper and new.from_on < today:
        yield Reason.of("in_the_past", field="from_on", given=new.from_on.isoformat(), today=today.isoformat())


def _misplaced(new: NewFundAllocation, line: sa.Row[Any], path: str) -> Iterator[Reason]:
    if not path.startswith(line.unit_path) or (path == line.unit_path and not new.with_below):
        yield Reason.of("allocation_not_below", field="unit_id")
    if new.from_on < line.opens_on or new.until_on > line.expires_on:
        days = {"opens_on": line.opens_on.isoformat(), "expires_on": line.expires_on.isoformat()}
        yield Reason.of("allocation_outlives_line", field="until_on", **days)


def _overlapping(conn: sa.Connection, new: NewFundAllocation) -> Iterator[Reason]:
    """One opening of a line to a unit at a time, so that ceilings do not add up by the way."""
    last = sa.func.coalesce(fund_allocation.c.closed_on - 1, fund_allocation.c.until_on)
    same = sa.and_(fund_allocation.c.fund_id == new.fund_id, fund_allocation.c.unit_id == new.unit_id)
    overlap = sa.and_(fund_allocation.c.from_on <= new.until_on, last >= new.from_on)
    if conn.scalar(sa.select(fund_allocation.c.id).where(same, overlap).limit(1)) is not None:
        yield Reason.of("allocation_overlaps", field="from_on")
