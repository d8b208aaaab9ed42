"""Filters of the list of families, as the address has them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import request

from service.http.errors import language
from service.i18n.catalogue import translate
from service.queries.household_list import ORDERS, UNJUDGED
from service.web.layout import text
from workflows.code_lists import Category

FILTERS = ("q", "unit_id", "category", "active", "has_open_case", "overdue", "sort")
CATEGORIES = (*map(str, Category), UNJUDGED)
"""The categories, and the filter for families that no approval has judged yet."""

MAX_TEXT = 64


def household_filters(asked: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the filters of the address, or of another one; one that cannot be read filters nothing."""
    asked, filters = request.args if asked is None else asked, dict[str, Any]()
    if words := asked.get("q", "").strip()[:MAX_TEXT]:
        filters["q"] = words
    with suppress(ValueError):
        filters["unit_id"] = UUID(asked.get("unit_id", ""))
    if asked.get("category") in CATEGORIES:
        filters["category"] = asked["category"]
    if asked.get("active") in {"yes", "no"}:
        filters["active"] = asked["active"] == "yes"
    filters |= {name: True for name in ("has_open_case", "overdue") if asked.get(name)}
    if asked.get("sort") in ORDERS:
        filters["sort"] = asked["sort"]
    return filters


def household_labels(filters: dict[str, Any], unit_names: dict[UUID, str]) -> dict[str, str]:
    """Return the words of the filters in force, by their names."""
    labels: dict[str, str] = {
        name: text(f"family.filter_{name}") for name in ("has_open_case", "overdue") if name in filters
    }
    if "q" in filters:
        labels["q"] = filters["q"]
    if "unit_id" in filters:
        labels["unit_id"] = unit_names.get(filters["unit_id"], "—")
    if "category" in filters:
        labels["category"] = translate(f"terms.category.{filters['category']}", language())
    if "active" in filters:
        labels["active"] = text("family.active") if filters["active"] else text("family.exited_short")
    return labels
