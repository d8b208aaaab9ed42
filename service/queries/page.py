"""One page of a list: rows, total count, key of the last row."""

from dataclasses import dataclass
from typing import Any


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
