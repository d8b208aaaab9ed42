"""One page of a list: the rows shown, the count of all, and where the next page begins."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, how many there are in all, and the key of the last one if there are more."""

    rows: list[dict[str, Any]]
    count: int
    last: list[str] | None


def cut(found: list[dict[str, Any]], size: int) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the first `size` rows, and the last of them if there are more; `found` was limited to `size` + 1."""
    shown = found[:size]
    return shown, shown[-1] if len(found) > size else None


def page_by_id(found: list[dict[str, Any]], size: int, count: int) -> Page:
    """Return a page of rows in the order of their ids; `found` was limited to `size` + 1."""
    shown, last = cut(found, size)
    return Page(shown, count, [str(last["id"])] if last else None)
