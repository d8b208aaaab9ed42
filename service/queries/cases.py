"""The list of cases, one case, and its events."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import Page, counted, cut
from service.queries.scope import Caller, below, visible_to
from service.queries.sealed_remarks import sealed_words
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.events import event
from service.tables.units import unit
from workflows.vocabulary import Phase

FEN = sa.func.coalesce(case.c.award_fen, case.c.requested_fen)
"""What a case is about: the award, or the sum requested before there is one."""

IS_OPEN = case.c.phase != sa.literal_column(f"'{Phase.ENDED.value}'")
"""The condition for cases that have not ended; with a parameter PostgreSQL could not use the indexes of open cases."""

LISTED = (
    *(case.c[name] for name in ("id", "case_no", "programme", "item", "state", "phase", "version")),
    *(case.c[name] for name in ("unit_id", "unit_path", "household_id", "beneficiary_id")),
    *(case.c[name] for name in ("requested_fen", "award_fen", "opened_on", "entered_on", "due_on")),
    *(case.c[name] for name in ("due_is_provisional", "held_until")),
    FEN.label("fen"),
)
"""What the lists of pages show of a case."""


def not_held(today: date) -> sa.ColumnElement[bool]:
    """Return the condition for cases without a hold, or whose hold has run out: an ended hold excuses no deadline."""
    return sa.or_(case.c.held_until.is_(None), case.c.held_until < today)


def matching(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    """Select the cases the caller may see under a filter; the page, the count and the export all start with it."""
    rows = sa.select(case).where(visible_to(caller, case.c.unit_path))
    for name in ("programme", "state", "phase", "item", "household_id", "year"):
        if filters.get(name) is not None:
            rows = rows.where(case.c[name] == filters[name])
    if "unit_id" in filters:
        # Without a literal path the planner cannot estimate the rows and picks a wrong index (docs/decisions/0016).
        path = conn.scalar(sa.select(unit.c.path).where(unit.c.id == filters["unit_id"]))
        rows = rows.where(below(case.c.unit_path, path) if path else sa.false())
    if "overdue" in filters:
        overdue = sa.and_(IS_OPEN, case.c.due_on < today, not_held(today))
        rows = rows.where(overdue if filters["overdue"] else sa.not_(sa.func.coalesce(overdue, sa.false())))
    return rows.where(*_between(filters, today))


def _between(filters: Mapping[str, Any], today: date) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions for days and sums; both ends count. `waiting` is days in the state, more than so many."""
    ends: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
        "opened_from": lambda day: case.c.opened_on >= day,
        "opened_to": lambda day: case.c.opened_on <= day,
        "fen_from": lambda fen: fen <= FEN,
        "fen_to": lambda fen: fen >= FEN,
        "waiting": lambda days: case.c.entered_on < today - timedelta(days=days),
    }
    yield from (condition(filters[name]) for name, condition in ends.items() if filters.get(name) is not None)


def number(rows: sa.Select[Any]) -> sa.Select[Any]:
    """Select the count of those rows."""
    return sa.select(sa.func.count()).select_from(rows.with_only_columns(case.c.unit_path).subquery())


def newest(rows: sa.Select[Any], after: list[str] | None, size: int) -> sa.Select[Any]:
    """Select the newest `size` of those rows after the key `after`, and one more if there is one."""
    if after is not None:
        opened, last_id = date.fromisoformat(after[0]), UUID(after[1])
        rows = rows.where(sa.tuple_(case.c.opened_on, case.c.id) < sa.tuple_(sa.literal(opened), sa.literal(last_id)))
    return rows.order_by(case.c.opened_on.desc(), case.c.id.desc()).limit(size + 1)


def page(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    today: date,
    after: list[str] | None,
    size: int,
    *,
    most: int | None = None,
) -> Page:
    """Return `size` cases, newest first, after the key `after`: keyset pagination, never OFFSET.

    The count is exact, or with `most` (page.COUNTED) at most that.
    """
    rows = matching(conn, caller, filters, today)
    count = counted(conn, rows.with_only_columns(case.c.unit_path), most)
    page_rows = [dict(row) for row in conn.execute(newest(rows, after, size)).mappings()]
    visible_rows, last_row = cut(page_rows, size)
    last = [last_row["opened_on"].isoformat(), str(last_row["id"])] if last_row else None
    return Page(visible_rows, count.value, last, count.is_capped)


def count(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> int:
    """Return the exact count of the cases the caller may see under a filter."""
    return conn.scalar(number(matching(conn, caller, filters, today))) or 0


def one(conn: sa.Connection, case_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return one case, or None when the caller may not see it."""
    rows = conn.execute(sa.select(case).where(case.c.id == case_id, visible_to(caller, case.c.unit_path)))
    case_row = rows.mappings().one_or_none()
    return dict(case_row) if case_row is not None else None


def stored_assessments(conn: sa.Connection, case_id: UUID) -> list[dict[str, Any]]:
    """Return the assessments that the steps of a case stored, first step first, each with the step and its award."""
    body = sa.cast(event.c.body, sa.JSON)
    rows = (
        sa.select(event.c.seq, event.c.action, body["award"].label("award"), body["assessment"].label("assessment"))
        .where(event.c.subject_id == case_id, body["assessment"].as_string().is_not(None))
        .order_by(event.c.seq)
    )
    return [{**row.assessment, "seq": row.seq, "action": row.action, "award": row.award} for row in conn.execute(rows)]


def events(conn: sa.Connection, case_id: UUID) -> list[dict[str, Any]]:
    """Return the event chain of a case, first event first; the caller has been allowed to see the case already.

    `sealed` are the words people wrote, still encrypted, as sealed_remarks.words_of() reads them.
    """
    rows = (
        sa.select(event, account.c.display_name.label("actor"), sealed_words().label("sealed"))
        .join(account, account.c.id == event.c.actor_id)
        .where(event.c.subject_id == case_id)
        .order_by(event.c.seq)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]
