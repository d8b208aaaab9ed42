"""Cases as lists and pages show them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import Page, cut
from service.queries.scope import Caller, below, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.events import event
from service.tables.units import unit
from workflows.vocabulary import Phase


def not_held(today: date) -> sa.ColumnElement[bool]:
    """Cases that nobody holds, or whose hold has run out: a hold that ended is no excuse for a deadline."""
    return sa.or_(case.c.held_until.is_(None), case.c.held_until < today)


def matching(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    """The cases the caller may see under a filter: the page, the count and the export all start here.

    The path of the unit asked for is looked up first, so that the planner knows how much of the tree it covers.
    """
    rows = sa.select(case).where(visible_to(caller, case.c.unit_path))
    for name in ("programme", "state", "phase", "item", "household_id"):
        if name in filters:
            rows = rows.where(case.c[name] == filters[name])
    if "unit_id" in filters:
        path = conn.scalar(sa.select(unit.c.path).where(unit.c.id == filters["unit_id"]))
        rows = rows.where(below(case.c.unit_path, path) if path else sa.false())
    if "overdue" in filters:
        late = sa.and_(case.c.phase != Phase.ENDED.value, case.c.due_on < today, not_held(today))
        rows = rows.where(late if filters["overdue"] else sa.not_(sa.func.coalesce(late, sa.false())))
    return rows


def number(rows: sa.Select[Any]) -> sa.Select[Any]:
    """How many those rows are."""
    return sa.select(sa.func.count()).select_from(rows.with_only_columns(case.c.unit_path).subquery())


def newest(rows: sa.Select[Any], after: list[str] | None, size: int) -> sa.Select[Any]:
    """The newest `size` of those rows after the key `after`, and one more if there is one."""
    if after is not None:
        opened, last_id = date.fromisoformat(after[0]), UUID(after[1])
        rows = rows.where(sa.tuple_(case.c.opened_on, case.c.id) < sa.tuple_(sa.literal(opened), sa.literal(last_id)))
    return rows.order_by(case.c.opened_on.desc(), case.c.id.desc()).limit(size + 1)


def page(
    conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date, after: list[str] | None, size: int
) -> Page:
    """`size` cases, newest first, after the key `after`; paged by key, never by offset."""
    rows = matching(conn, caller, filters, today)
    count = conn.scalar(number(rows)) or 0
    found = [dict(row) for row in conn.execute(newest(rows, after, size)).mappings()]
    shown, last = cut(found, size)
    return Page(shown, count, [last["opened_on"].isoformat(), str(last["id"])] if last else None)


def one(conn: sa.Connection, case_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """One case, or None when the caller may not see it."""
    row = conn.execute(sa.select(case).where(case.c.id == case_id, visible_to(caller, case.c.unit_path)))
    found = row.mappings().one_or_none()
    return dict(found) if found is not None else None


def events(conn: sa.Connection, case_id: UUID) -> list[dict[str, Any]]:
    """The chain of a case the caller has already been shown, from its first event."""
    rows = (
        sa.select(event, account.c.display_name.label("actor"))
        .join(account, account.c.id == event.c.actor_id)
        .where(event.c.subject_id == case_id)
        .order_by(event.c.seq)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]
