"""/visits: the list of visits, one visit, and visits outside cases: new, and corrected or voided by two people."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from service.actions import visits as actions
from service.actions.errors import NotFound
from service.actions.visits import ROLES
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, caller
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.http.uploads import takes_files
from service.queries import documents
from service.queries import visits as read
from service.web import document_forms
from service.web import record_proposals as proposals
from service.web import visit_forms as forms
from service.web import visit_view as view
from service.web.forms import EMPTY, PostedForm, label_of
from service.web.layout import text
from service.web.list_filters import names_of
from service.web.past_lists import past_list
from service.web.record_forms import RecordForm
from service.web.record_lists import list_values
from service.web.record_page import page_of, sent
from workflows.vocabulary import InvalidForm, Reason

blueprint = Blueprint("visits", __name__)


@blueprint.get("/visits")
@requires_role(*READERS)
@past_list
@takes_query("after", *names_of(view.FILTERS))
def list_visits() -> str:
    """List the visits of the caller's units, the newest entry first, with their count."""
    may_record = bool(set(ROLES) & caller().roles)
    listed = list_values("visits", view.FILTERS, read.page_with_total, view.with_words)
    return render_template("visits/list.html", may_record=may_record, **listed)


@blueprint.get("/visits/<uuid:visit_id>")
@requires_role(*READERS)
@takes_query("proposed", "done")
def show_visit(visit_id: UUID) -> str:
    """Show one visit: who went where, its photos, and what can be done with it."""
    photos = documents.of_visit(connection(), visit_id, caller())
    return render_template("visits/show.html", view=view.visit_view(_visit(visit_id)), photos=photos)


def _visit(visit_id: UUID) -> dict[str, Any]:
    """Return a visit that the caller sees. Raises NotFound."""
    row = read.one(connection(), visit_id, caller())
    if row is None:
        raise NotFound
    return row


@blueprint.get("/visits/new")
@requires_role(*ROLES)
@takes_query("file_no")
def show_new() -> str:
    """Show the form for a visit outside cases."""
    return _new(forms.filled_new())


def _new(posted: PostedForm) -> str:
    label, choices = text("records.visits"), forms.choices_of(posted)
    extra = (document_forms.photos_input("visit", posted.problems),)
    more = {"back": view.PLACE, "back_label": label, "lead": "visit", "extra": extra, "takes_files": True}
    return page_of(forms.NEW, choices, posted, **more)


@blueprint.post("/visits/new")
@requires_role(*ROLES)
@takes_files
@idempotent
def record_visit() -> ResponseReturnValue:
    """Record a visit outside cases, with the photos that are sent with it."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        if body["unit_id"] is None:
            raise InvalidForm(Reason.of("answer_missing", field="unit_id"))
        photos = document_forms.received_photos()
        brought = actions.NewPhotos(app_state().files, photos) if photos else None
        made = actions.record_visit(connection(), _new_visit(body), action_context(), brought=brought)
        return proposals.to_record(view.PLACE, made)

    labels = {document_forms.PHOTO_FILES: label_of("visit", document_forms.PHOTO_FILES)}
    return sent(forms.NEW, _new, act, also=forms.family_typed, labels=labels)


def _new_visit(body: dict[str, Any]) -> actions.NewVisit:
    """Return the visit of a body; fields of a case's visit are left out."""
    known = {name: body[name] for name in actions.NewVisit.__slots__ if name in body}
    return actions.NewVisit(**known | {name: tuple(body[name]) for name in ("visitors", "photos")})


def _page(form: RecordForm, row: dict[str, Any], posted: PostedForm) -> str:
    back, label, choices = f"{view.PLACE}/{row['id']}", view.title_of(row), forms.choices_of(posted)
    lead = "visit_correction" if form is forms.CORRECTION else "second_person"
    return page_of(form, choices, posted, back=back, back_label=label, lead=lead)


@blueprint.get("/visits/<uuid:visit_id>/correction")
@requires_role(*ROLES)
def show_correction(visit_id: UUID) -> str:
    """Show a visit outside cases as it was recorded, to be corrected."""
    row = _visit(visit_id)
    return _page(forms.CORRECTION, row, forms.filled_with(row))


@blueprint.post("/visits/<uuid:visit_id>/correction")
@requires_role(*ROLES)
@idempotent
def correct_visit(visit_id: UUID) -> ResponseReturnValue:
    """Propose a visit outside cases as it should have been; the original stays readable with the reason."""
    row = _visit(visit_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        return proposals.correct("visit", view.PLACE, visit_id, _new_visit(body), body["reason"])

    return sent(forms.CORRECTION, lambda posted: _page(forms.CORRECTION, row, posted), act, also=forms.family_typed)


@blueprint.get("/visits/<uuid:visit_id>/void")
@requires_role(*ROLES)
def show_void(visit_id: UUID) -> str:
    """Show the form that proposes to void a visit outside cases."""
    return _page(forms.VOID, _visit(visit_id), EMPTY)


@blueprint.post("/visits/<uuid:visit_id>/void")
@requires_role(*ROLES)
@idempotent
def void_visit(visit_id: UUID) -> ResponseReturnValue:
    """Propose to void a visit outside cases that was never so; it stays readable with the reason."""
    row = _visit(visit_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        return proposals.void("visit", view.PLACE, visit_id, body["reason"])

    return sent(forms.VOID, lambda posted: _page(forms.VOID, row, posted), act)
