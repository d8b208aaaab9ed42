"""The four lists of cases in an inbox, as selects: 待办, 已办, 我发起 and 抄送."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from service.queries import cases, notifications
from service.queries.awaited_steps import (
    Asked,
    asked_by,
    is_one_of,
    may_take,
    states_with,
    steps_of_caller,
    steps_table,
    visited_since_return,
)
from service.queries.scope import Caller, bounds
from service.tables.cases import case
from service.tables.events import event
from service.tables.notifications import notification
from service.tables.visits import visit, visit_confirmation, visit_visitor
from workflows.vocabulary import Record


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
class Reader:
    """Whose lists they are and on which day, with the steps the person may take, as JSON, and what those steps ask.

    In a statement that is built once, `account`, `today` and `steps` are parameters.
    """

    account: Any
    today: Any
    steps: Any
    asked: Asked


def reader_of(caller: Caller, today: date) -> Reader:
    """Return the caller as the reader of their lists."""
    steps = steps_of_caller(caller)
    return Reader(caller.account, today, json.dumps(steps), asked_by(steps))


def any_reader(asked: Asked) -> Reader:
    """Return a reader whose steps ask this, by the names of parameters that values_of() gives."""
    types: Mapping[str, Any] = {"account": sa.Uuid(), "today": sa.Date(), "steps": sa.Text()}
    return Reader(**{name: sa.bindparam(name, type_=kind) for name, kind in types.items()}, asked=asked)


def values_of(reader: Reader, caller: Caller) -> dict[str, Any]:
    """Return the parameters of any_reader() and scope.visible_between() for a reader."""
    return {"account": reader.account, "today": reader.today, "steps": reader.steps, **bounds(caller)}


def select_list(which: InboxList, rows: sa.Select[Any], reader: Reader, filters: Mapping[str, Any]) -> sa.Select[Any]:
    """Select `id`, `key` and `fen` of those of the cases `rows` that are in a list; the list is in the order of `key`."""
    return _LISTS[which](rows, reader, filters)


def _to_do(rows: sa.Select[Any], reader: Reader, filters: Mapping[str, Any]) -> sa.Select[Any]:
    step = steps_table(sa.type_coerce(reader.steps, sa.Text()), "step")
    in_unit = sa.func.starts_with(case.c.unit_path, step.c.path)
    mine: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(step)
    takes = sa.exists(
        mine.where(in_unit, may_take(reader.asked, step.c, step.c.people, reader.today)).correlate_except(step)
    )
    # The states are named once more, so that the planner knows how few cases there are to look at.
    waiting = sa.or_(is_one_of(case.c.state, reader.asked.states), case.c.held_until < reader.today)
    if filters.get("names_me"):
        rows = rows.where(visit_names(reader.account))
    return _columns(rows.where(cases.IS_OPEN, waiting, takes), case.c.due_on)


def visit_names(account: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a survey visit that counts names the account, who has not confirmed it."""
    me = visit_visitor.c.account_id == account
    named: sa.Select[Any] = (
        sa.select(sa.literal_column("1")).select_from(visit).join(visit_visitor, visit_visitor.c.visit_id == visit.c.id)
    )
    mine = (visit_confirmation.c.visit_id == visit.c.id, visit_confirmation.c.account_id == account)
    confirmed = sa.exists(sa.select(sa.literal_column("1")).where(*mine).correlate(visit))
    in_state = is_one_of(case.c.state, states_with(Record.VISIT_CONFIRMED))
    return sa.exists(named.where(in_state, visited_since_return(), me, ~confirmed).correlate(case))


def _done(rows: sa.Select[Any], reader: Reader, _filters: Mapping[str, Any]) -> sa.Select[Any]:
    acted = sa.select(event.c.subject_id.label("case_id"), sa.func.max(event.c.no).label("key"))
    mine = acted.where(event.c.actor_id == reader.account, _OF_A_CASE).group_by(event.c.subject_id).subquery("acted")
    return _columns(rows.join(mine, mine.c.case_id == case.c.id), mine.c.key)


def _mine(rows: sa.Select[Any], reader: Reader, filters: Mapping[str, Any]) -> sa.Select[Any]:
    first = sa.and_(event.c.subject_id == case.c.id, event.c.seq == sa.literal_column("1"))
    opened = sa.exists().where(first, event.c.actor_id == reader.account, _OF_A_CASE)
    wanted = rows.where(opened) if filters.get("ended") else rows.where(opened, cases.IS_OPEN)
    return _columns(wanted, case.c.opened_on)


def _copied(rows: sa.Select[Any], reader: Reader, _filters: Mapping[str, Any]) -> sa.Select[Any]:
    told = sa.select(notification.c.case_id, notification.c.on).where(notifications.in_inbox(reader.account))
    acted_for = sa.select(event.c.subject_id, event.c.on).where(event.c.principal_id == reader.account, _OF_A_CASE)
    both = sa.union_all(told.where(notification.c.case_id.is_not(None)), acted_for).subquery("both")
    # Grouped after the join: of groups of a union the planner guesses 200, and looks each of thousands of cases up by its id.
    joined = rows.join(both, both.c.case_id == case.c.id)
    return _columns(joined, sa.func.max(both.c.on)).group_by(case.c.id)


_OF_A_CASE = event.c.subject == sa.literal_column("'case'")


def _columns(rows: sa.Select[Any], key: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return rows.with_only_columns(case.c.id, key.label("key"), cases.FEN.label("fen"))


_LISTS: Mapping[InboxList, Callable[[sa.Select[Any], Reader, Mapping[str, Any]], sa.Select[Any]]] = {
    InboxList.TO_DO: _to_do,
    InboxList.DONE: _done,
    InboxList.MINE: _mine,
    InboxList.COPIED: _copied,
}
