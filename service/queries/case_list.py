"""The list of cases for pages: sortable where an index bears it, with a count and a sum up to a limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries import cases, policies
from service.queries.page import CountedSum, cut, first_rows, total
from service.queries.scope import Caller
from service.tables.cases import case
from service.tables.persons import person
from service.tables.units import unit
from workflows import workdays

MOST = 10_000
"""Up to so many cases a list is counted and summed exactly."""


class Sort(StrEnum):
    """The orders of the list: each has an index (docs/decisions/0016)."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"
    """Due first; open cases only, because an ended one has no due date."""


@dataclass(frozen=True, slots=True)
class ListedCases:
    """Some rows of a list, the number and sum of all, and the key of the last row if there are more."""

    rows: list[dict[str, Any]]
    total: CountedSum
    last: list[str] | None


def page(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    sort: Sort,
    today: date,
    after: list[str] | None,
    size: int,
    most: int | None = MOST,
) -> ListedCases:
    """Return `size` cases after the key `after`, with what cases.matching() filters by, and their days.

    They are counted and summed up to `most`, or all with None. Two SELECTs, one more with a filter by unit, and one for
    the calendar.
    """
    rows = _sorted(cases.matching(conn, caller, filters, today), sort)
    counted_sum = _total(conn, rows, filters, most)
    shown = conn.execute(page_statement(rows, sort, after, size)).mappings()
    page_rows, last = cut([dict(row) for row in shown], size)
    key = "due_on" if sort is Sort.DUE else "opened_on"
    return ListedCases(
        with_days(conn, page_rows, today), counted_sum, [last[key].isoformat(), str(last["id"])] if last else None
    )


def listed(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    """Select `fen` of the cases that the list shows under filters: its count and sum begin so."""
    return _narrow(cases.matching(conn, caller, filters, today))


def _total(conn: sa.Connection, rows: sa.Select[Any], filters: Mapping[str, Any], most: int | None) -> CountedSum:
    """Return the count and sum of cases up to `most`, by one SELECT."""
    if most is None or any(each is not None for each in filters.values()):
        return total(conn, _narrow(rows), most)
    row = conn.execute(capped_total(rows, most)).one()
    return CountedSum.of(row.rows, row.fen, most)


def capped_total(rows: sa.Select[Any], most: int) -> sa.Select[int, int]:
    """Select the count of cases, at most `most` + 1, from an index, and their sum (`fen`) only where they are no more.

    For lists without filters: a long one shows no sum, so it reads no case for it.
    """
    first = first_rows(rows.with_only_columns(case.c.unit_path), most).subquery()
    number = sa.select(sa.func.count().label("rows")).select_from(first).subquery()
    summed = sa.select(sa.cast(sa.func.sum(_narrow(rows).subquery().c.fen), sa.BigInteger)).scalar_subquery()
    return sa.select(number.c.rows, sa.case((number.c.rows <= most, summed)).label("fen"))


def _narrow(rows: sa.Select[Any]) -> sa.Select[Any]:
    return rows.with_only_columns(cases.FEN.label("fen"))


def _sorted(rows: sa.Select[Any], sort: Sort) -> sa.Select[Any]:
    return rows.where(cases.IS_OPEN) if sort is Sort.DUE else rows


def page_statement(rows: sa.Select[Any], sort: Sort, after: list[str] | None, size: int) -> sa.Select[Any]:
    """Select one page of those cases in an order, and one row more if there is one."""
    key = (case.c.due_on if sort is Sort.DUE else case.c.opened_on, case.c.id)
    if after is not None:
        last = sa.tuple_(sa.literal(date.fromisoformat(after[0])), sa.literal(UUID(after[1])))
        rows = rows.where(sa.tuple_(*key) < last if sort is Sort.NEWEST else sa.tuple_(*key) > last)
    order = [each.desc() for each in key] if sort is Sort.NEWEST else key
    # Limited before the joins, so that the index of the order is read and nothing else.
    few = rows.with_only_columns(case.c.id).order_by(*order).limit(size + 1).subquery("few")
    return with_names(few.c.id).order_by(*order)


def with_names(ids: sa.ColumnElement[UUID]) -> sa.Select[Any]:
    """Select what lists show of the cases with these ids: also the unit, and the beneficiary's name, still encrypted."""
    return (
        sa.select(*cases.LISTED, unit.c.name.label("unit_name"), person.c.name_sealed)
        .join_from(ids.table, case, case.c.id == ids)
        .join(unit, unit.c.id == case.c.unit_id)
        .join(person, person.c.id == case.c.beneficiary_id)
    )


def total_of(listed: Any, most: int | None = MOST) -> sa.Select[int, int]:
    """Select the number (`all_count`) and sum (`all_fen`) of at most `most` + 1 rows of `listed`, which has `fen`."""
    counted = first_rows(sa.select(listed.c.fen), most).subquery()
    return sa.select(sa.func.count().label("all_count"), sa.func.sum(counted.c.fen).label("all_fen")).select_from(
        counted
    )


def exact_count(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], sort: Sort, today: date) -> int:
    """Return the exact number of cases, however many: for a page that asks for it."""
    rows = _sorted(cases.matching(conn, caller, filters, today), sort)
    return conn.scalar(cases.number(rows)) or 0


def with_days(conn: sa.Connection, rows: list[dict[str, Any]], today: date) -> list[dict[str, Any]]:
    """Add to rows of cases: `workdays_left` until due (below 0 once overdue) and `days_waiting` in the present state.

    `workdays_left` is None for an ended case, and where the calendar is not loaded.
    """
    if not rows:
        return rows
    calendar = policies.calendar_around(conn, today)
    left = {due: workdays.left(today, due, calendar) for due in {row["due_on"] for row in rows} if due}
    return [
        {
            **row,
            "workdays_left": left.get(row["due_on"]),
            "days_waiting": (today - row["entered_on"]).days,
        }
        for row in rows
    ]
