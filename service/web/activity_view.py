"""An activity as pages show it: the filters of the list, its forms, and the lines of one activity."""

from collections.abc import Iterator
from typing import Any

from service.actions.activities import ACCOUNT, VOIDABLE
from service.http.context import caller, today
from service.schemas.activities import ActivityCorrectionIn, ActivityIn
from service.schemas.fields import VoidIn
from service.web import family_options as options
from service.web import list_filters as filters
from service.web.family_forms import OPTIONAL
from service.web.family_options import Pairs, worded
from service.web.formatting import day, term, yuan
from service.web.forms import PostedForm
from service.web.record_forms import Filled, one
from service.web.record_view import RecordView, ViewLine, change_acts, line, view_of
from workflows.code_lists import ActivityKind
from workflows.form_fields import FormField, Kind
from workflows.money_format import in_yuan

FILTERS = (
    *filters.of_days(),
    filters.of_unit(),
    filters.of_code("kind", "records.kind", ActivityKind, "activity_kind"),
    filters.of_state(),
    filters.of_text("title", "records.activity_title", is_free=True),
)


def _field(key: str, kind: Kind, required: bool = True) -> FormField:
    return FormField(key, "", kind, required)


_HELD = (
    _field("unit_id", Kind.ID),
    _field("on", Kind.DATE),
    _field("title", Kind.NAME),
    _field("kind", Kind.CODE),
    _field("amount", Kind.MONEY),
    _field("account_code", Kind.NAME),
    _field("participants", Kind.NUMBER, OPTIONAL),
    _field("confirmed_repeat", Kind.YES_NO, OPTIONAL),
)
_REASON = _field("reason", Kind.NAME)
NEW = one("activity", ActivityIn, *_HELD)
CORRECTION = one("activity_correction", ActivityCorrectionIn, *_HELD, _REASON, labels="activity")
VOID = one("activity_void", VoidIn, _REASON)


def choices() -> dict[str, Pairs]:
    """Return the units for which the caller may record activities, and the kinds of activity."""
    return {"unit_id": options.units_of(*VOIDABLE.roles), "kind": worded(ActivityKind, "activity_kind")}


def filled_new() -> PostedForm:
    """Return an empty form with the caller's unit, the day, and the account of activities."""
    filled = Filled()
    filled.add("", {"unit_id": caller().unit_id, "on": today(), "account_code": ACCOUNT})
    return filled.posted()


def filled_with(row: dict[str, Any]) -> PostedForm:
    """Return the form of an activity as it was recorded."""
    filled = Filled()
    filled.add("", {each.key: row[each.key] for each in _HELD if each.key in row} | {"amount": in_yuan(row["fen"])})
    return filled.posted()


def title_of(row: dict[str, Any]) -> str:
    """Return what names an activity: `读书会 · 2025年9月1日`."""
    return f"{row['title']} · {day(row['on'])}"


def activity_view(row: dict[str, Any]) -> RecordView:
    """Return the page of an activity."""
    return view_of(
        "activity", row, title_of(row), _lines(row), change_acts("activity", "/activities", row, VOIDABLE.roles)
    )


def _lines(row: dict[str, Any]) -> Iterator[ViewLine]:
    yield line("case.unit", row["unit_name"])
    yield line("records.kind", term(row["kind"], "activity_kind"))
    yield line("records.cost", yuan(row["fen"]))
    yield line("records.account_code", row["account_code"])
    yield line("records.participants", row["participants"])
    yield line("records.recorder", row["recorder"])
