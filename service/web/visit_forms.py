"""The forms of visits outside cases, as rows of fields, and the choices they offer."""

from typing import Any
from uuid import UUID

from flask import request

from service.actions.visits import ROLES
from service.http.context import caller, today
from service.http.transaction import connection
from service.queries import accounts, documents, household_pages, units
from service.schemas.fields import VoidIn
from service.schemas.visits import VisitCorrectionIn, VisitIn
from service.web import family_options as options
from service.web.document_forms import choice
from service.web.family_forms import OPTIONAL
from service.web.family_options import Pairs, worded
from service.web.forms import NO, YES, PostedForm
from service.web.record_forms import Filled, one
from workflows.code_lists import OTHER_VISIT_KINDS, Place
from workflows.condolence_codes import Deceased, Occasion
from workflows.form_fields import FormField, Kind
from workflows.vocabulary import InvalidForm, Reason, Role


def _field(key: str, kind: Kind, required: bool = True) -> FormField:
    return FormField(key, "", kind, required)


_VISITED = (
    _field("unit_id", Kind.ID),
    _field("kind", Kind.CODE),
    _field("occasion", Kind.CODE, OPTIONAL),
    _field("on", Kind.DATE),
    _field("place", Kind.CODE),
    _field("household_id", Kind.NAME, OPTIONAL),
    _field("relation_of_deceased", Kind.CODE, OPTIONAL),
    _field("companions", Kind.NUMBER, OPTIONAL),
    _field("visitors", Kind.ACCOUNTS),
    _field("with_employer", Kind.YES_NO, OPTIONAL),
    _field("story", Kind.TEXT, OPTIONAL),
    _field("photos", Kind.DOCUMENTS, OPTIONAL),
    _field("confirmed_repeat", Kind.YES_NO, OPTIONAL),
)
_REASON = _field("reason", Kind.NAME)
NEW = one("visit", VisitIn, *_VISITED)
CORRECTION = one("visit_correction", VisitCorrectionIn, *_VISITED, _REASON, labels="visit")
VOID = one("visit_void", VoidIn, _REASON)


def filled_new() -> PostedForm:
    """Return an empty form with the caller's unit, the day, and the file that the address names."""
    filled = Filled()
    filled.add("", {"unit_id": caller().unit_id, "on": today(), "household_id": request.args.get("file_no") or None})
    return filled.posted()


def filled_with(row: dict[str, Any]) -> PostedForm:
    """Return the form of a visit as it was recorded; what was seen stays sealed and is typed again."""
    names = {"unit_id", "kind", "occasion", "on", "place", "relation_of_deceased", "companions"}
    values = {name: row[name] for name in names}
    values |= {"household_id": row["file_no"], "visitors": row["visitor_ids"]}
    filled = Filled()
    filled.add("", values | {"with_employer": YES if row["with_employer"] else NO})
    return filled.posted()


def choices_of(posted: PostedForm) -> dict[str, Pairs]:
    """Return the choices of a visit's form: the visitors are those of the unit that is chosen."""
    return {
        "unit_id": options.units_of(*ROLES),
        "kind": worded(OTHER_VISIT_KINDS, "visit_kind"),
        "occasion": worded(Occasion, "occasion"),
        "place": worded(Place, "place"),
        "relation_of_deceased": worded(Deceased, "kin"),
        "visitors": _visitors(posted),
        "photos": _photos(posted),
    }


def _photos(posted: PostedForm) -> Pairs:
    """Return the visit photos on file of the family whose number was typed."""
    found = household_pages.file_by_number(connection(), posted.typed.get("household_id", "").strip(), caller())
    return [choice(each) for each in documents.photos_on_file(connection(), found, caller())] if found else []


def _visitors(posted: PostedForm) -> Pairs:
    """Return the visitors over the chosen unit, and those that are chosen already."""
    ids = {each for each in map(_id, posted.typed.getlist("visitors")) if each}
    chosen = _id(posted.typed.get("unit_id", ""))
    row = units.one(connection(), chosen, caller()) if chosen else None
    ids |= set(accounts.role_holders(connection(), Role.VISITOR, row["path"], today())) if row else set()
    names = accounts.display_names(connection(), ids)
    return sorted(((str(each), name) for each, name in names.items()), key=lambda pair: pair[1])


def _id(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def family_typed() -> dict[str, Any]:
    """Return the family of the file number that was typed, or none. Raises InvalidForm."""
    file_no = request.form.get("household_id", "").strip()
    if not file_no:
        return {}
    found = household_pages.file_by_number(connection(), file_no, caller())
    if found is None:
        raise InvalidForm(Reason.of("file_no_unknown", field="household_id"))
    return {"household_id": str(found)}
