"""The four lists of cases in an inbox: 待办, 已办, 我发起 and 抄送."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries import cases, notifications
from service.queries.awaited_steps import may_take, states_with, steps_of_caller, steps_table, visited_since_return
from service.queries.case_list import MOST, ListedCases, total_of, with_days
from service.queries.page import CountedSum, cut
from service.queries.scope import Caller
from service.tables.cases import case
from service.tables.events import event
from service.tables.notifications import notification
from service.tables.persons import person
from service.tables.units import unit
from service.tables.visits import visit, visit_confirmation, visit_visitor
from workflows.programme import Awaited
from workflows.vocabulary import Phase, Record


class InboxList(StrEnum):
    """The lists of an inbox."""

    TO_DO = "to_do"
    """待办: the case waits for a step that the caller may take, apart from what they would fill in."""

    DONE = "done"
    """已办: the caller took a step of the case, also for somebody else. The latest comes first."""

    MINE = "mine"
    """我发起: the caller opened the case, and it has not ended unless ended cases are asked for."""

    COPIED = "copied"
    """抄送: a notification about the case came to the caller, or somebody acted on it for them."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The cases before and after one in a list, and its position from 1; for a case not in the list, the first one."""

    previous: UUID | None
    following: UUID | None
    position: int | None


def _to_do(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    steps = steps_of_caller(caller)
    if not steps:
        return sa.select(case.c.id, case.c.due_on.label("key"), cases.FEN.label("fen")).where(sa.false())
    step = steps_table(steps, "step")
    in_unit = sa.func.starts_with(case.c.unit_path, step.c.path)
    mine: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(step)
    takes = sa.exists(mine.where(in_unit, may_take(steps, step.c, step.c.people, today)).correlate_except(step))
    # The states are named once more, so that the planner knows how few cases there are to look at.
    states = sorted({each["state"] for each in steps if each["awaited"] != Awaited.HOLD_OVER})
    open_cases = cases.matching(conn, caller, filters, today).where(case.c.phase != Phase.ENDED.value)
    rows = open_cases.where(sa.or_(case.c.state.in_(states), case.c.held_until < today))
    if filters.get("names_me"):
        rows = rows.where(_visit_names(caller))
    return rows.where(takes).with_only_columns(case.c.id, case.c.due_on.label("key"), cases.FEN.label("fen"))


def _visit_names(caller: Caller) -> sa.ColumnElement[bool]:
    """Return the condition that a survey visit that counts names the caller, who has not confirmed it."""
    me = visit_visitor.c.account_id == caller.account
    named: sa.Select[Any] = (
        sa.select(sa.literal_column("1")).select_from(visit).join(visit_visitor, visit_visitor.c.visit_id == visit.c.id)
    )
    mine = (visit_confirmation.c.visit_id == visit.c.id, visit_confirmation.c.account_id == caller.account)
    confirmed = sa.exists(sa.select(sa.literal_column("1")).where(*mine).correlate(visit))
    waits = sa.and_(case.c.state.in_(states_with(Record.VISIT_CONFIRMED)), visited_since_return(), me, ~confirmed)
    return sa.exists(named.where(waits).correlate(case))


def _done(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    acted = sa.select(event.c.subject_id.label("case_id"), sa.func.max(event.c.no).label("key"))
    acted = acted.where(event.c.actor_id == caller.account, event.c.subject == "case").group_by(event.c.subject_id)
    return _of_cases(conn, caller, filters, today, acted.subquery("acted"))


def _mine(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    opened = sa.exists().where(
        event.c.subject_id == case.c.id, event.c.seq == 1, event.c.actor_id == caller.account, event.c.subject == "case"
    )
    rows = cases.matching(conn, caller, filters, today).where(opened)
    if not filters.get("ended"):
        rows = rows.where(case.c.phase != Phase.ENDED.value)
    return rows.with_only_columns(case.c.id, case.c.opened_on.label("key"), cases.FEN.label("fen"))


def _copied(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    told = sa.select(notification.c.case_id, notification.c.on).where(notifications.in_inbox(caller.account))
    acted_for = sa.select(event.c.subject_id, event.c.on).where(
        event.c.principal_id == caller.account, event.c.subject == "case"
    )
    both = sa.union_all(told.where(notification.c.case_id.is_not(None)), acted_for).subquery("both")
    latest = sa.select(both.c.case_id, sa.func.max(both.c.on).label("key")).group_by(both.c.case_id)
    return _of_cases(conn, caller, filters, today, latest.subquery("told"))


def _of_cases(
    conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date, found: sa.Subquery
) -> sa.Select[Any]:
    rows = cases.matching(conn, caller, filters, today).join(found, found.c.case_id == case.c.id)
    return rows.with_only_columns(case.c.id, found.c.key.label("key"), cases.FEN.label("fen"))


_LISTS = {InboxList.TO_DO: _to_do, InboxList.DONE: _done, InboxList.MINE: _mine, InboxList.COPIED: _copied}


def page(
    conn: sa.Connection,
    caller: Caller,
    which: InboxList,
    filters: Mapping[str, Any],
    today: date,
    after: list[str] | None,
    size: int,
) -> ListedCases:
    """Return one page of a list with its number and sum, by one SELECT, and one for the calendar.

    Filters are those of cases.matching(), for 我发起 `ended`, which adds ended cases, and for 待办 `names_me`, which leaves
    the cases with a visit that the caller made and has to confirm; a row of 待办 says by `names_me` whether it is one. 待办 has the case that is due first on top, the other
    lists the latest.
    """
    listed = _LISTS[which](conn, caller, filters, today).cte("listed")
    statement = _page_statement(listed, which, after, size)
    if which is InboxList.TO_DO:
        statement = statement.add_columns(_visit_names(caller).label("names_me"))
    rows = conn.execute(statement).mappings().all()
    total = CountedSum.of(rows[0]["all_count"], rows[0]["all_fen"], MOST)
    found = [{name: row[name] for name in row if name not in {"all_count", "all_fen"}} for row in rows if row["id"]]
    shown, last = cut(found, size)
    return ListedCases(with_days(conn, shown, today), total, [str(last["key"]), str(last["id"])] if last else None)


def _page_statement(listed: sa.CTE, which: InboxList, after: list[str] | None, size: int) -> sa.Select[Any]:
    key = sa.tuple_(listed.c.key, listed.c.id)
    some = sa.select(listed.c.id, listed.c.key)
    if after is not None:
        last = sa.tuple_(sa.literal(_key(which, after[0])), sa.literal(UUID(after[1])))
        some = some.where(key > last if which is InboxList.TO_DO else key < last)
    shown = some.order_by(*_order(listed, which)).limit(size + 1).subquery("shown")
    total = total_of(listed).subquery("total")
    return (
        sa.select(total.c.all_count, total.c.all_fen, shown.c.key, *cases.LISTED, unit.c.name.label("unit_name"))
        .add_columns(person.c.name_sealed)
        .select_from(total)
        .outerjoin(shown, sa.true())
        .outerjoin(case, case.c.id == shown.c.id)
        .outerjoin(unit, unit.c.id == case.c.unit_id)
        .outerjoin(person, person.c.id == case.c.beneficiary_id)
        .order_by(*_order(shown, which))
    )


def _key(which: InboxList, text: str) -> date | int:
    return int(text) if which is InboxList.DONE else date.fromisoformat(text)


def _order(rows: Any, which: InboxList) -> tuple[sa.ColumnElement[Any], ...]:
    keys = (rows.c.key, rows.c.id)
    return keys if which is InboxList.TO_DO else tuple(key.desc() for key in keys)


def totals(conn: sa.Connection, caller: Caller, today: date) -> dict[InboxList, CountedSum]:
    """Return the number and sum of every list without filters, by one SELECT."""
    each = {which: total_of(make(conn, caller, {}, today).cte(f"{which}_cases")) for which, make in _LISTS.items()}
    parts = (sa.select(sa.literal(which.value).label("which"), total.subquery()) for which, total in each.items())
    rows = conn.execute(sa.union_all(*parts))
    return {InboxList(row.which): CountedSum.of(row.all_count, row.all_fen, MOST) for row in rows}


def neighbours(
    conn: sa.Connection, caller: Caller, which: InboxList, filters: Mapping[str, Any], today: date, case_id: UUID
) -> Neighbours:
    """Return the cases before and after one in a list under a filter, by one SELECT (two with a filter by unit)."""
    listed = _LISTS[which](conn, caller, filters, today).subquery("listed")
    order = _order(listed, which)
    numbered = sa.select(
        listed.c.id,
        sa.func.lag(listed.c.id).over(order_by=order).label("previous"),
        sa.func.lead(listed.c.id).over(order_by=order).label("following"),
        sa.func.row_number().over(order_by=order).label("position"),
    ).subquery("numbered")
    wanted = sa.or_(numbered.c.id == case_id, numbered.c.position == 1)
    rows = conn.execute(sa.select(numbered).where(wanted).order_by(numbered.c.id != case_id)).all()
    if not rows or rows[0].id != case_id:
        return Neighbours(None, rows[0].id if rows else None, None)
    return Neighbours(rows[0].previous, rows[0].following, rows[0].position)
