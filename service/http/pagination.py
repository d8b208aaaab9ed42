"""Pagination reads the cursor of a list request, runs the query and writes the next cursor."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import request

from service.http.context import app_state
from service.http.errors import HttpProblem
from service.queries import pagination
from service.queries.page import COUNTED, Page
from workflows.vocabulary import Reason

Query = Callable[[Mapping[str, Any], list[str] | None, int], Page]


def most_counted(query: dict[str, Any]) -> int | None:
    """Take `count` out of a list request: how many rows it counts, None for all. Cursors do not depend on it."""
    return COUNTED if query.pop("count") == "capped" else None


def paged(query: dict[str, Any], run: Query) -> dict[str, Any]:
    """Return one page of a list. Raises HttpProblem 422 for a cursor that was altered or belongs to another filter."""
    size, given = query.pop("size"), query.pop("cursor")
    bound = {**query, "path": request.path}
    try:
        after = pagination.read_cursor(app_state().keyring, given, bound) if given else None
    except pagination.InvalidCursor:
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, Reason.of("cursor_bad", field="cursor")) from None
    page = run(query, after, size)
    following = pagination.sign_cursor(app_state().keyring, page.last, bound) if page.last else None
    return {"items": page.rows, "next_cursor": following, "count": page.count, "count_is_capped": page.count_is_capped}
