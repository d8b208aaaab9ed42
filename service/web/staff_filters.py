"""Filters of the list of staff, as the address has them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import request

from service.web.formatting import term
from service.web.layout import text
from workflows.vocabulary import Role

FILTERS = ("unit_id", "role", "ended")


def staff_filters(asked: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the filters of the address, or of another one; one that cannot be read filters nothing."""
    asked, filters = request.args if asked is None else asked, dict[str, Any]()
    with suppress(ValueError):
        filters["unit_id"] = UUID(asked.get("unit_id", ""))
    if asked.get("role") in set(Role):
        filters["role"] = asked["role"]
    if asked.get("ended"):
        filters["ended"] = True
    return filters


def staff_labels(filters: dict[str, Any], unit_names: dict[UUID, str]) -> dict[str, str]:
    """Return the words of the filters in force, by their names."""
    labels = {"unit_id": unit_names.get(filters["unit_id"], "—")} if "unit_id" in filters else {}
    labels |= {"role": term(filters["role"], "role")} if "role" in filters else {}
    return labels | ({"ended": text("staff.with_ended")} if "ended" in filters else {})
