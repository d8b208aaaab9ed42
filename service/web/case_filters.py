"""Filters of lists of cases, as the address has them: programme, state, phase, unit, year, overdue."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request

from service.http.errors import language
from service.http.transaction import connection
from service.i18n.catalogue import translate
from service.queries import units
from service.queries.scope import Caller
from service.web.layout import text
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase

NAMES = ("programme", "state", "phase", "unit_id", "year", "overdue")
_YEAR = re.compile(r"(?!0000)[0-9]{4}")
STATES = tuple(dict.fromkeys(state.key for programme in PROGRAMMES.values() for state in programme.states))


def case_filters(asked: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the filters of the address, or of another one; one that cannot be read filters nothing."""
    asked, filters = request.args if asked is None else asked, dict[str, Any]()
    for name, known in (("programme", PROGRAMMES), ("state", STATES), ("phase", tuple(Phase))):
        if asked.get(name) in known:
            filters[name] = asked[name]
    filters |= year_filter(asked)
    if unit_id := _id(asked.get("unit_id")):
        filters["unit_id"] = unit_id
    if asked.get("overdue"):
        filters["overdue"] = True
    return filters


def year_filter(asked: Mapping[str, str]) -> dict[str, int]:
    """Return the filter by a year of four digits; one that is no year of the calendar (`0000`, `²²²²`) filters nothing."""
    return {"year": int(asked["year"])} if _YEAR.fullmatch(asked.get("year", "")) else {}


def _id(text_of: str | None) -> UUID | None:
    try:
        return UUID(text_of or "")
    except ValueError:
        return None


def filter_labels(filters: dict[str, Any], unit_names: dict[UUID, str]) -> dict[str, str]:
    """Return the words of the filters in force, by their names."""
    lang, labels = language(), dict[str, str]()
    if "programme" in filters:
        labels["programme"] = translate(f"forms.programme.{filters['programme']}", lang)
    if "state" in filters:
        labels["state"] = translate(f"terms.state.{filters['state']}", lang)
    if "phase" in filters:
        labels["phase"] = text(f"phase.{filters['phase']}")
    if "unit_id" in filters:
        labels["unit_id"] = unit_names.get(filters["unit_id"], "—")
    if "year" in filters:
        labels["year"] = str(filters["year"])
    if "overdue" in filters:
        labels["overdue"] = text("filter.overdue")
    return labels


def unit_names(caller: Caller) -> dict[UUID, str]:
    """Return the names of the caller's units by their ids, as the tree has them."""
    return {each["id"]: each["name"] for each in units.visible_units(connection(), caller)}
