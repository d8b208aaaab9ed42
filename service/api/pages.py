"""A page of any list: the cursor is read, the query run, the next cursor written."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import request

from service.errors import Problem
from service.queries import cursor
from service.queries.page import Page
from service.request import house
from workflows.terms import Reason

Query = Callable[[Mapping[str, Any], list[str] | None, int], Page]


def paged(query: dict[str, Any], run: Query) -> dict[str, Any]:
    """Answer a list request; a cursor that was altered or belongs to another filter is 422."""
    size, given = query.pop("size"), query.pop("cursor")
    bound = {**query, "path": request.path}
    try:
        after = cursor.read(house().ring, given, bound) if given else None
    except cursor.BadCursor:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Reason.of("cursor_bad", field="cursor")) from None
    page = run(query, after, size)
    following = cursor.write(house().ring, page.last, bound) if page.last else None
    return {"items": page.rows, "next_cursor": following, "count": page.count}
