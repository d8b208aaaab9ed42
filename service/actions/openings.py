"""Opening a fund line to a named unit below (下拨): who holds the purse says who may spend, for how long and how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.authority import need, path_of
from service.actions.rows import Rows
from service.actions.trail import Asked, Unknown
from service.db import new_id
from service.queries.scope import visible_to
from service.tables.funds import fund, fund_opening
from workflows.terms import Fen, Plain, Reason, Refused, Role


@dataclass(frozen=True, slots=True)
class NewOpening:
    """A line is open to a unit (perhaps with those below it) from a day until a day, perhaps up to a sum (fen)."""

    fund_id: UUID
    unit_id: UUID
    from_on: date
    until_on: date
    document: str
    with_below: bool = False
    ceiling: Fen | None = None


def open_to_unit(tx: sa.Connection, new: NewOpening, asked: Asked, *, from_paper: bool = False) -> UUID:
    """Open a line to a unit. An approver over the line's own unit decides it; it is not dated back, unless it is
    brought in from paper.

    Raises BadAnswers, Refused (role_missing, opening_not_below, opening_overlaps, opening_outlives_line), Unknown.
    """
    line = _line(tx, new.fund_id, asked)
    right = need(asked, (Role.APPROVER,), line.unit_path)
    path = path_of(tx, new.unit_id)
    fields.refuse(_problems(new, asked.today, from_paper=from_paper))
    reasons = [*_misplaced(new, line, path), *_overlapping(tx, new)]
    if reasons:
        raise Refused(*reasons)
    row = new_id()
    columns = {name: getattr(new, name) for name in NewOpening.__slots__ if name != "ceiling"}
    who = {"opened_by": asked.caller.account, "created_at": asked.at}
    rows = Rows()
    rows.add(fund_opening, {"id": row, "unit_path": path, "ceiling_fen": new.ceiling, **columns, **who})
    facts: dict[str, Plain] = {"opening": str(row), "unit": str(new.unit_id), "with_below": new.with_below}
    facts |= {"from": new.from_on.isoformat(), "until": new.until_on.isoformat(), "ceiling": new.ceiling}
    facts |= {"document": new.document.strip(), **right}
    trail.append(tx, "fund", new.fund_id, "open_to_unit", facts, asked, rows)
    return row


def close(tx: sa.Connection, opening_id: UUID, asked: Asked) -> None:
    """End an opening from today on; what was promised under it stands.

    Raises Refused (role_missing, opening_closed), Unknown.
    """
    found = tx.execute(
        sa.select(fund_opening).where(fund_opening.c.id == opening_id).with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise Unknown
    line = _line(tx, found.fund_id, asked)
    right = need(asked, (Role.APPROVER,), line.unit_path)
    if found.closed_on is not None or found.until_on < asked.today:
        raise Refused(Reason.of("opening_closed"))
    rows = Rows()
    rows.change(fund_opening, {"id": opening_id, "closed_on": asked.today})
    trail.append(tx, "fund", found.fund_id, "close_opening", {"opening": str(opening_id), **right}, asked, rows)


def _line(tx: sa.Connection, fund_id: UUID, asked: Asked) -> sa.Row[Any]:
    """The line, locked: whoever counts what may be drawn from it waits."""
    seen = visible_to(asked.caller, fund.c.unit_path, frozenset(Role))
    found = tx.execute(sa.select(fund).where(fund.c.id == fund_id, seen).with_for_update(key_share=True)).one_or_none()
    if found is None:
        raise Unknown
    return found


def _problems(new: NewOpening, today: date, *, from_paper: bool) -> Iterator[Reason]:
    yield from fields.number("document", new.document)
    yield from fields.in_order("until_on", new.from_on, new.until_on)
    yield from fields.amount("ceiling", new.ceiling)
    if not from_paper and new.from_on < today:
        yield Reason.of("in_the_past", field="from_on", given=new.from_on.isoformat(), today=today.isoformat())


def _misplaced(new: NewOpening, line: sa.Row[Any], path: str) -> Iterator[Reason]:
    if not path.startswith(line.unit_path) or (path == line.unit_path and not new.with_below):
        yield Reason.of("opening_not_below", field="unit_id")
    if new.from_on < line.opens_on or new.until_on > line.expires_on:
        days = {"opens_on": line.opens_on.isoformat(), "expires_on": line.expires_on.isoformat()}
        yield Reason.of("opening_outlives_line", field="until_on", **days)


def _overlapping(tx: sa.Connection, new: NewOpening) -> Iterator[Reason]:
    """One opening of a line to a unit at a time, so that ceilings do not add up by the way."""
    last = sa.func.coalesce(fund_opening.c.closed_on - 1, fund_opening.c.until_on)
    same = sa.and_(fund_opening.c.fund_id == new.fund_id, fund_opening.c.unit_id == new.unit_id)
    overlap = sa.and_(fund_opening.c.from_on <= new.until_on, last >= new.from_on)
    if tx.scalar(sa.select(fund_opening.c.id).where(same, overlap).limit(1)) is not None:
        yield Reason.of("opening_overlaps", field="from_on")
