"""One page of a list: rows, total count, key of the last row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, the count of all, and the key of the last row if there are more."""

    rows: list[dict[str, Any]]
    count: int
    last: list[str] | None


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
