"""Filters of the list of documents, as the address has them."""

from contextlib import suppress
from datetime import date
from typing import Any

from flask import request

from service.web.document_forms import kinds
from service.web.formatting import day, document_kind
from service.web.layout import text

FILTERS = ("kind", "state", "received_from", "received_to", "twice")
STATES = ("in_force", "ended")
PAGE_SIZE = 24


def document_filters() -> dict[str, Any]:
    """Return the filters of the address; one that cannot be read filters nothing."""
    asked, filters = request.args, dict[str, Any]()
    for name, known in (("kind", {code for code, _ in kinds()}), ("state", set(STATES))):
        if asked.get(name) in known:
            filters[name] = asked[name]
    for name in ("received_from", "received_to"):
        with suppress(ValueError):
            filters[name] = date.fromisoformat(asked.get(name, ""))
    return filters | ({"twice": True} if asked.get("twice") else {})


def document_labels(filters: dict[str, Any]) -> dict[str, str]:
    """Return the words of the filters in force, by their names."""
    return {name: _words(name, value) for name, value in filters.items()}


def _words(name: str, value: Any) -> str:
    if name == "kind":
        return document_kind(value)
    if name == "state":
        return text(f"documents.{value}")
    return text(f"documents.{name}", on=day(value)) if isinstance(value, date) else text(f"documents.{name}")
