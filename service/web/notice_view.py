"""Notices and objections as their lists show them: filters, and the words of a row."""

from typing import Any

from service.http.context import app_state
from service.queries import masking
from service.web import list_filters as filters
from service.web.layout import text
from service.web.past_lists import list_day
from workflows.code_lists import ObjectionOutcome
from workflows.disclosure import Profile, shown
from workflows.programmes.forms import OBJECTION

SOURCES = next(each.choices for each in OBJECTION if each.key == "source")
FILTERS = (
    *filters.of_days(),
    filters.of_unit(),
    filters.of_answer("posted", "case.state", {"up": "case.notice_up", "over": "records.notice_over"}),
    filters.of_answer("objected", "records.objections", {"open": "objection.open", "any": "records.objected"}),
    filters.of_text("case_no", "records.case_no"),
)
OBJECTION_FILTERS = (
    *filters.of_days(),
    filters.of_unit(),
    filters.of_answer(
        "answer", "records.answer", {each: f"objection.{each}" for each in ("open", *map(str, ObjectionOutcome))}
    ),
    filters.of_choice("source", "records.source", SOURCES),
    filters.of_text("case_no", "records.case_no"),
)


def name_of(row: dict[str, Any]) -> str:
    """Return the name that a notice shows, masked: a list is no board."""
    return shown("name", masking.notice(app_state().keyring, row, list_day())["name"], Profile.LIST) or ""


def with_words(row: dict[str, Any]) -> dict[str, Any]:
    """Return a notice with the masked name that it shows."""
    return {**row, "beneficiary": name_of(row)}


def days_waiting(row: dict[str, Any]) -> int | None:
    """Return for how many days an objection has waited for its answer; None once it has one."""
    return None if row["outcome"] else (list_day() - row["raised_on"]).days


def answer_of(row: dict[str, Any]) -> str:
    """Return the answer to an objection in words."""
    return text(f"objection.{row['outcome'] or 'open'}")


def objection_with_words(row: dict[str, Any]) -> dict[str, Any]:
    """Return an objection with its answer and how long it has waited for one."""
    return {**row, "answer": answer_of(row), "days_waiting": days_waiting(row)}
