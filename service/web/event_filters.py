"""Filters of the events, as the address has them."""

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from flask import request

from service.http.context import caller
from service.http.transaction import connection
from service.queries import named_rows
from service.queries.events import LISTS
from service.tables.events import SUBJECTS
from service.web.event_words import event_words
from service.web.formatting import day, term
from service.web.layout import text

FILTERS = ("list", "subject", "subject_id", "actor_id", "action", "family", "from", "to")


def event_filters() -> dict[str, Any]:
    """Return the filters of the address; one that cannot be read filters nothing."""
    asked, filters = request.args, dict[str, Any]()
    for name, known in (("list", set(LISTS)), ("subject", set(SUBJECTS))):
        if asked.get(name) in known:
            filters[name] = asked[name]
    for name in ("subject_id", "actor_id", "family"):
        with suppress(ValueError):
            filters[name] = UUID(asked.get(name, ""))
    if asked.get("action", "").isidentifier() and len(asked["action"]) <= 60:
        filters["action"] = asked["action"]
    for name, column in (("from", "first"), ("to", "last")):
        with suppress(ValueError):
            filters[column] = date.fromisoformat(asked.get(name, ""))
    return filters


def event_labels(filters: dict[str, Any], staff: dict[UUID, str]) -> dict[str, str]:
    """Return the words of the filters in force, by their names in the address."""
    labels = dict[str, str]()
    if "list" in filters:
        labels["list"] = term(filters["list"], "event_list")
    if "subject" in filters:
        labels["subject"] = term(filters["subject"], "subject")
    if "subject_id" in filters:
        labels["subject_id"] = _named("audit.one_subject", filters["subject_id"])
    if "family" in filters:
        labels["family"] = _named("audit.one_family", filters["family"])
    if "actor_id" in filters:
        labels["actor_id"] = staff.get(filters["actor_id"], "—")
    if "action" in filters:
        labels["action"] = event_words(filters.get("subject", ""), filters["action"])
    labels |= {"from": text("audit.from_day", on=day(filters["first"]))} if "first" in filters else {}
    return labels | ({"to": text("audit.to_day", on=day(filters["last"]))} if "last" in filters else {})


def _named(key: str, row_id: UUID) -> str:
    """Return a text with the name of a row, where the caller may know it: 只看一户 LL-0001."""
    return f"{text(key)} {named_rows.names_of(connection(), [row_id], caller()).get(row_id, '')}".rstrip()
