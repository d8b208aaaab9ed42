"""Pages, totals and neighbours of the four lists in an inbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries import cases
from service.queries.awaited_steps import Asked
from service.queries.case_list import MOST, ListedCases, total_of, with_days
from service.queries.inbox_lists import InboxList, any_reader, reader_of, select_list, values_of, visit_names
from service.queries.page import CountedSum, cut
from service.queries.scope import Caller, visible_between
from service.tables.cases import case
from service.tables.persons import person
from service.tables.units import unit


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The cases before and after one in a list, and its position from 1; for a case not in the list, the first one."""

    previous: UUID | None
    following: UUID | None
    position: int | None


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
    if filters or after is not None:
        rows = _later_page(conn, caller, which, filters, today, after, size)
    else:
        rows = _first_page(conn, caller, which, today, size)
    total = CountedSum.of(rows[0]["all_count"], rows[0]["all_fen"], MOST)
    found = [{name: row[name] for name in row if name not in {"all_count", "all_fen"}} for row in rows if row["id"]]
    shown, last = cut(found, size)
    return ListedCases(with_days(conn, shown, today), total, [str(last["key"]), str(last["id"])] if last else None)


def _later_page(
    conn: sa.Connection,
    caller: Caller,
    which: InboxList,
    filters: Mapping[str, Any],
    today: date,
    after: list[str] | None,
    size: int,
) -> list[dict[str, Any]]:
    rows = listed(conn, caller, which, filters, today).cte("listed")
    statement = _page_statement(rows, which, after, sa.literal(size + 1), caller.account)
    return [dict(row) for row in conn.execute(statement).mappings()]


def listed(
    conn: sa.Connection, caller: Caller, which: InboxList, filters: Mapping[str, Any], today: date
) -> sa.Select[Any]:
    """Select `id`, `key` and `fen` of the cases that a list shows under filters: its rows, count and sum begin so."""
    return select_list(which, cases.matching(conn, caller, filters, today), reader_of(caller, today), filters)


def _first_page(conn: sa.Connection, caller: Caller, which: InboxList, today: date, size: int) -> list[dict[str, Any]]:
    reader = reader_of(caller, today)
    values = values_of(reader, caller)
    return _first_pages(which, reader.asked, _ranges(values)).dicts(conn, {**values, "size": size + 1})


def _ranges(values: Mapping[str, Any]) -> int:
    """Return how many ranges of paths are among the parameters."""
    return sum(name.startswith("seen_from_") for name in values)


@lru_cache(maxsize=256)
def _first_pages(which: InboxList, asked: Asked, ranges: int) -> PreparedStatement:
    """Return the statement of the first page of a list, for everybody whose steps ask the same."""
    reader = any_reader(asked)
    listed = select_list(which, _visible(ranges), reader, {}).cte("listed")
    size = sa.bindparam("size", type_=sa.Integer())
    return PreparedStatement(_page_statement(listed, which, None, size, reader.account), prepare=False)


def _visible(ranges: int) -> sa.Select[Any]:
    return sa.select(case).where(visible_between(ranges, case.c.unit_path))


def _page_statement(
    listed: sa.CTE, which: InboxList, after: list[str] | None, limit: sa.ColumnElement[int], account: Any
) -> sa.Select[Any]:
    key = sa.tuple_(listed.c.key, listed.c.id)
    some = sa.select(listed.c.id, listed.c.key)
    if after is not None:
        last = sa.tuple_(sa.literal(_key(which, after[0])), sa.literal(UUID(after[1])))
        some = some.where(key > last if which is InboxList.TO_DO else key < last)
    shown = some.order_by(*_order(listed, which)).limit(limit).subquery("shown")
    total = total_of(listed).subquery("total")
    names_me = [visit_names(account).label("names_me")] if which is InboxList.TO_DO else []
    return (
        sa.select(total.c.all_count, total.c.all_fen, shown.c.key, *cases.LISTED, unit.c.name.label("unit_name"))
        .add_columns(person.c.name_sealed, *names_me)
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


def totals(
    conn: sa.Connection, caller: Caller, today: date, known: Mapping[InboxList, CountedSum] | None = None
) -> dict[InboxList, CountedSum]:
    """Return the number and sum of every list without filters, 待办 first, by one SELECT.

    What is `known` is not counted again.
    """
    reader = reader_of(caller, today)
    values = values_of(reader, caller)
    unknown = frozenset(InboxList) - frozenset(known or {})
    rows = _total_statement(unknown, reader.asked, _ranges(values)).rows(conn, values)
    counted = {InboxList(row.which): CountedSum.of(row.all_count, row.all_fen, MOST) for row in rows} | dict(
        known or {}
    )
    return {which: counted[which] for which in InboxList}


@lru_cache(maxsize=256)
def _total_statement(lists: frozenset[InboxList], asked: Asked, ranges: int) -> PreparedStatement:
    reader, visible = any_reader(asked), _visible(ranges)
    selects = {which: select_list(which, visible, reader, {}).cte(f"{which}_cases") for which in sorted(lists)}
    parts = (
        sa.select(sa.literal(which.value).label("which"), total_of(listed).subquery())
        for which, listed in selects.items()
    )
    return PreparedStatement(sa.union_all(*parts), prepare=False)


def neighbours(
    conn: sa.Connection, caller: Caller, which: InboxList, filters: Mapping[str, Any], today: date, case_id: UUID
) -> Neighbours:
    """Return the cases before and after one in a list under a filter, by one SELECT (two with a filter by unit)."""
    rows = cases.matching(conn, caller, filters, today)
    listed = select_list(which, rows, reader_of(caller, today), filters).subquery("listed")
    order = _order(listed, which)
    numbered = sa.select(
        listed.c.id,
        sa.func.lag(listed.c.id).over(order_by=order).label("previous"),
        sa.func.lead(listed.c.id).over(order_by=order).label("following"),
        sa.func.row_number().over(order_by=order).label("position"),
    ).subquery("numbered")
    wanted = sa.or_(numbered.c.id == case_id, numbered.c.position == 1)
    rows_around = conn.execute(sa.select(numbered).where(wanted).order_by(numbered.c.id != case_id)).all()
    if not rows_around or rows_around[0].id != case_id:
        return Neighbours(None, rows_around[0].id if rows_around else None, None)
    return Neighbours(rows_around[0].previous, rows_around[0].following, rows_around[0].position)


__all__ = ["InboxList", "Neighbours", "neighbours", "page", "totals"]
