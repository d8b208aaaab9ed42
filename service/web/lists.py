"""Pages of lists: the rows shown, filters as the address has them, and the address of the next page."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import request

from service.http.context import app_state
from service.http.errors import HttpProblem
from service.queries import pagination
from workflows.vocabulary import Reason

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class ChosenFilter:
    """A filter in force: its words, and the address of the list without it."""

    label: str
    url: str


def cursor_key(filters: Mapping[str, object]) -> list[str] | None:
    """Return the key of the last row of the page before; None on the first page. Raises HttpProblem 422."""
    given = request.args.get("after")
    try:
        return pagination.read_cursor(app_state().keyring, given, _bound(filters)) if given else None
    except pagination.InvalidCursor:
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, Reason.of("cursor_bad", field="after")) from None


def next_url(last: list[str] | None, filters: Mapping[str, object]) -> str | None:
    """Return the address of the next page; None on the last one."""
    if last is None:
        return None
    return own_url({**_asked(), "after": pagination.sign_cursor(app_state().keyring, last, _bound(filters))})


def own_url(values: Mapping[str, str]) -> str:
    """Return the address of this list with these parameters; empty ones are left out."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{request.path}?{query}" if query else request.path


def chosen_filters(labels: Mapping[str, str]) -> list[ChosenFilter]:
    """Return each filter in force with the address of the list without it; `labels` gives their words by name."""
    asked = _asked()
    return [
        ChosenFilter(label, own_url({each: value for each, value in asked.items() if each != name}))
        for name, label in labels.items()
        if asked.get(name)
    ]


def _asked() -> dict[str, str]:
    return {name: value for name, value in request.args.items() if name != "after"}


def _bound(filters: Mapping[str, object]) -> dict[str, Any]:
    return {**filters, "path": request.path, "as_of": request.args.get("as_of", "")}
