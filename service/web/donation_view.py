"""A donation as pages show it: the filters of the list, its forms, and the lines of one donation."""

from collections.abc import Iterator
from typing import Any

from service.actions.donations import VOIDABLE
from service.http.context import caller, today
from service.schemas.donations import DonationCorrectionIn, DonationIn
from service.schemas.fields import VoidIn
from service.web import family_options as options
from service.web import list_filters as filters
from service.web.family_forms import OPTIONAL
from service.web.family_options import Pairs
from service.web.formatting import day, term, yuan
from service.web.forms import PostedForm
from service.web.record_forms import Filled, one
from service.web.record_view import RecordView, ViewLine, change_acts, line, view_of
from workflows.code_lists import DonationDirection
from workflows.form_fields import FormField, Kind
from workflows.money_format import in_yuan

FILTERS = (
    *filters.of_days(),
    filters.of_unit(),
    filters.of_code("direction", "records.direction", DonationDirection, "direction"),
    filters.of_state(),
    filters.of_text("campaign", "records.campaign", is_free=True),
)


def _field(key: str, kind: Kind, required: bool = True, *choices: str) -> FormField:
    return FormField(key, "", kind, required, choices)


_DONATED = (
    _field("unit_id", Kind.ID),
    _field("on", Kind.DATE),
    _field("direction", Kind.CODE, True, *map(str, DonationDirection)),
    _field("campaign", Kind.NAME),
    _field("organiser", Kind.NAME),
    _field("amount", Kind.MONEY),
    _field("handed_to", Kind.NAME),
    _field("donors", Kind.NUMBER, OPTIONAL),
    _field("receipt_no", Kind.NUMBER_TEXT, OPTIONAL),
    _field("confirmed_repeat", Kind.YES_NO, OPTIONAL),
)
_REASON = _field("reason", Kind.NAME)
NEW = one("donation", DonationIn, *_DONATED)
CORRECTION = one("donation_correction", DonationCorrectionIn, *_DONATED, _REASON, labels="donation")
VOID = one("donation_void", VoidIn, _REASON)


def choices() -> dict[str, Pairs]:
    """Return the units for which the caller may record donations."""
    return {"unit_id": options.units_of(*VOIDABLE.roles)}


def filled_new() -> PostedForm:
    """Return an empty form with the caller's unit and the day."""
    filled = Filled()
    filled.add("", {"unit_id": caller().unit_id, "on": today()})
    return filled.posted()


def filled_with(row: dict[str, Any]) -> PostedForm:
    """Return the form of a donation as it was recorded."""
    filled = Filled()
    filled.add("", {each.key: row[each.key] for each in _DONATED if each.key in row} | {"amount": in_yuan(row["fen"])})
    return filled.posted()


def title_of(row: dict[str, Any]) -> str:
    """Return what names a donation: `春风行动 · 2025年9月1日`."""
    return f"{row['campaign']} · {day(row['on'])}"


def donation_view(row: dict[str, Any]) -> RecordView:
    """Return the page of a donation."""
    return view_of(
        "donation", row, title_of(row), _lines(row), change_acts("donation", "/donations", row, VOIDABLE.roles)
    )


def _lines(row: dict[str, Any]) -> Iterator[ViewLine]:
    yield line("case.unit", row["unit_name"])
    yield line("records.direction", term(row["direction"], "direction"))
    yield line("family.fen", yuan(row["fen"]))
    yield line("records.organiser", row["organiser"])
    yield line("records.handed_to", row["handed_to"])
    yield line("records.donors", row["donors"])
    yield line("records.receipt_no", row["receipt_no"])
    yield line("records.recorder", row["recorder"])
