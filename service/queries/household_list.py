"""The list of families: filters, orders, pages and counts."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.cases import not_held
from service.queries.page import COUNTED, Page, counted, cut
from service.queries.scope import Caller, below, visible_to
from service.queries.search import is_family
from service.tables.cases import case
from service.tables.households import household
from service.tables.units import unit
from workflows.vocabulary import Phase

UNJUDGED = "unjudged"
"""The filter for families whose category no approval has judged yet."""

Condition = Callable[[Any, date], sa.ColumnElement[bool]]


def _case_of_family(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    is_open = case.c.phase != sa.literal_column(f"'{Phase.ENDED.value}'")
    return sa.exists().where(case.c.household_id == household.c.id, is_open, *conditions)


def _if(condition: sa.ColumnElement[bool], wanted: object) -> sa.ColumnElement[bool]:
    return condition if wanted else sa.not_(condition)


FILTERS: Mapping[str, Condition] = {
    "category": lambda value, _today: (
        household.c.category.is_(None) if value == UNJUDGED else household.c.category == value
    ),
    "division": lambda value, _today: household.c.division == value,
    "active": lambda value, _today: _if(household.c.exited_on.is_(None), value),
    "filed_from": lambda value, _today: household.c.filed_on >= value,
    "filed_to": lambda value, _today: household.c.filed_on <= value,
    "has_open_case": lambda value, _today: _if(_case_of_family(), value),
    "overdue": lambda value, today: _if(_case_of_family(case.c.due_on < today, not_held(today)), value),
    "sought": lambda value, _today: is_family(value),
}
"""The condition of each filter besides the unit. The next duty of a family is that of its open cases."""

ORDERS: Mapping[str, tuple[sa.Column[Any], bool]] = {
    "entered": (household.c.id, False),
    "newest": (household.c.filed_on, True),
    "file_no": (household.c.file_no, False),
}
"""The first column of each order, and whether it descends; an index bears each. `entered` is the order of entry."""

_READ: Mapping[str, Callable[[str], Any]] = {"id": UUID, "filed_on": date.fromisoformat, "file_no": str}


def matching(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    """Select the families the caller may see under filters (keys of FILTERS, `unit_id`): the page and the count begin so."""
    rows = sa.select(household).where(visible_to(caller, household.c.unit_path))
    if "unit_id" in filters:
        # Without a literal path the planner cannot estimate the rows (docs/decisions/0016).
        path = conn.scalar(sa.select(unit.c.path).where(unit.c.id == filters["unit_id"]))
        rows = rows.where(below(household.c.unit_path, path) if path else sa.false())
    return rows.where(*(FILTERS[name](value, today) for name, value in filters.items() if name in FILTERS))


def listed(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> sa.Select[Any]:
    """Select a narrow column of the families that the list shows under filters: its count begins so."""
    return _narrow(matching(conn, caller, filters, today))


def _narrow(rows: sa.Select[Any]) -> sa.Select[Any]:
    return rows.with_only_columns(household.c.unit_path)


def in_order(rows: sa.Select[Any], order: str, after: list[str] | None, size: int) -> sa.Select[Any]:
    """Select `size` of those rows after the key `after` in one of ORDERS, and one more if there is one."""
    column, descends = ORDERS[order]
    columns = tuple(dict.fromkeys((column, household.c.id)))
    if after is not None:
        last = [sa.literal(_READ[each.name](value), each.type) for each, value in zip(columns, after, strict=True)]
        key, last_key = sa.tuple_(*columns), sa.tuple_(*last)
        rows = rows.where(key < last_key if descends else key > last_key)
    return rows.order_by(*(each.desc() if descends else each for each in columns)).limit(size + 1)


def page(
    conn: sa.Connection,
    caller: Caller,
    filters: Mapping[str, Any],
    today: date,
    after: list[str] | None,
    size: int,
    *,
    most: int | None = COUNTED,
) -> Page:
    """Return `size` families after the key `after`, in the order `filters["sort"]` (keys of ORDERS, `entered` without).

    The count is at most `most`, or exact with None.
    """
    rows, order = matching(conn, caller, filters, today), filters.get("sort", "entered")
    total = counted(conn, _narrow(rows), most)
    page_rows, last_row = cut([dict(row) for row in conn.execute(in_order(rows, order, after, size)).mappings()], size)
    names = dict.fromkeys((ORDERS[order][0].name, "id"))
    last = [str(last_row[name]) for name in names] if last_row else None
    return Page(page_rows, total.value, last, total.is_capped)


def count(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], today: date) -> int:
    """Return the exact count of the families the caller may see under filters."""
    return counted(conn, listed(conn, caller, filters, today), None).value
