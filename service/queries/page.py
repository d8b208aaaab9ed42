"""One page of a list: rows, total count, key of the last row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from workflows.vocabulary import Fen

COUNTED = 10_000
"""Rows that a list on a page counts exactly; beyond, it says "10,000 以上", so that it costs the same however long it is."""


@dataclass(frozen=True, slots=True)
class CountedSum:
    """How many rows a list has, and their sum in fen; beyond the limit only that there are more.

    A list without money has no sum.
    """

    count: int
    fen: Fen | None
    has_more: bool = False

    @classmethod
    def of(cls, count: int, fen: object, most: int | None) -> "CountedSum":
        """Return what a SELECT of at most `most` + 1 rows counted; None is all of them.

        A sum of some of the rows is not a sum of the list.
        """
        if most is not None and count > most:
            return cls(most, None, has_more=True)
        return cls(count, Fen(int(str(fen or 0))))


@dataclass(frozen=True, slots=True)
class CappedCount:
    """A count of rows, or the most that was counted: `is_capped` says that there are more."""

    value: int
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, the count of all, and the key of the last row if there are more."""

    rows: list[dict[str, Any]]
    count: int
    last: list[str] | None
    count_is_capped: bool = False
    """Whether `count` is only the most that was counted."""


def first_rows(rows: sa.Select[Any], most: int | None) -> sa.Select[Any]:
    """Limit rows that are counted to one more than `most`; None leaves them all."""
    return rows.limit(most + 1) if most is not None else rows


def counted(conn: sa.Connection, rows: sa.Select[Any], most: int | None = COUNTED) -> CappedCount:
    """Return the count of rows, at most `most`; None counts them all. Select a narrow column: an index may bear it."""
    value = conn.scalar(sa.select(sa.func.count()).select_from(first_rows(rows, most).subquery())) or 0
    return CappedCount(value) if most is None or value <= most else CappedCount(most, is_capped=True)


def total(conn: sa.Connection, rows: sa.Select[Any], most: int | None = COUNTED) -> CountedSum:
    """Return the count and sum of a list, as totals() does for several."""
    return totals(conn, {"": rows}, most)[""]


def totals(
    conn: sa.Connection, lists: Mapping[str, sa.Select[Any]], most: int | None = COUNTED
) -> dict[str, CountedSum]:
    """Return the count and sum of each list, up to `most` rows (None: all), by one SELECT.

    Each selects a narrow column, and `fen` where the list has money: the sum is that of the rows that are listed.
    """
    if not lists:
        return {}
    rows = conn.execute(sa.union_all(*(_total_of(name, listed, most) for name, listed in lists.items())))
    return {row.name: _counted_sum(row.rows, row.fen, most, "fen" in lists[row.name].selected_columns) for row in rows}


def _total_of(name: str, rows: sa.Select[Any], most: int | None) -> sa.Select[str, int, int]:
    first = first_rows(rows, most).subquery()
    fen = sa.func.sum(first.c.fen) if "fen" in first.c else sa.null()
    counted_rows = sa.func.count().label("rows")
    return sa.select(
        sa.literal(name).label("name"), counted_rows, sa.cast(fen, sa.BigInteger).label("fen")
    ).select_from(first)


def _counted_sum(count: int, fen: int | None, most: int | None, has_money: bool) -> CountedSum:
    if has_money:
        return CountedSum.of(count, fen, most)
    has_more = most is not None and count > most
    return CountedSum(most if has_more and most is not None else count, None, has_more=has_more)


def cut(rows: list[dict[str, Any]], size: int) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the first `size` rows, and the last of them if there are more; `rows` was limited to `size` + 1."""
    page_rows = rows[:size]
    return page_rows, page_rows[-1] if len(rows) > size else None


def page_by_id(rows: list[dict[str, Any]], size: int, count: int) -> Page:
    """Return a page of rows in the order of their ids; `rows` was limited to `size` + 1."""
    page_rows, last = cut(rows, size)
    return Page(page_rows, count, [str(last["id"])] if last else None)


def newest_page(
    conn: sa.Connection,
    rows: sa.Select[Any],
    key: sa.Column[UUID],
    filters: Mapping[sa.Column[Any], object],
    after: list[str] | None,
    size: int,
) -> Page:
    """Return the page after the id in `after`, newest first, of the rows whose columns equal the filters."""
    chosen = rows.where(*(column == value for column, value in filters.items()))
    count = conn.scalar(sa.select(sa.func.count()).select_from(chosen.subquery())) or 0
    following = chosen.where(key < UUID(after[0])) if after is not None else chosen
    newest = following.order_by(key.desc()).limit(size + 1)
    return page_by_id([dict(row) for row in conn.execute(newest).mappings()], size, count)


Named = Callable[[sa.ColumnElement[UUID]], sa.Select[Any]]
"""Selects what a list shows of the rows with these ids."""


def newest_with_total(
    conn: sa.Connection,
    rows: sa.Select[Any],
    key: sa.Column[UUID],
    named: Named,
    after: list[str] | None,
    size: int,
    most: int | None = COUNTED,
) -> tuple[Page, CountedSum]:
    """Return `size` rows after the id in `after`, newest first, and the count and sum of all rows, up to `most`.

    `rows` selects the key and, where the list has money, `fen`: the sum is that of the rows that are listed.
    """
    counted_sum = total(conn, rows, most)
    following = rows.where(key < UUID(after[0])) if after is not None else rows
    # Limited before the joins, so that names are read for the rows of the page alone.
    few = following.with_only_columns(key).order_by(key.desc()).limit(size + 1).subquery("few")
    found = conn.execute(named(few.c.id).order_by(key.desc())).mappings()
    return page_by_id([dict(row) for row in found], size, counted_sum.count), counted_sum
