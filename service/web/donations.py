"""/donations: the list of donations, one donation, and new ones; a correction or a void waits for a second person."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from service.actions import donations as actions
from service.actions.errors import NotFound
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import donations as read
from service.web import donation_view as view
from service.web import record_proposals as proposals
from service.web.forms import EMPTY, PostedForm
from service.web.layout import text
from service.web.list_filters import names_of
from service.web.past_lists import past_list
from service.web.record_forms import RecordForm
from service.web.record_lists import list_values
from service.web.record_page import page_of, sent
from service.web.record_view import shown

blueprint = Blueprint("donations", __name__)
RECORDERS = actions.VOIDABLE.roles


@blueprint.get("/donations")
@requires_role(*READERS)
@past_list
@takes_query("after", *names_of(view.FILTERS))
def list_donations() -> str:
    """List the donations of the caller's units, the newest entry first, with their count and sum."""
    may_record = bool(set(RECORDERS) & caller().roles)
    listed = list_values("donations", view.FILTERS, read.page_with_total)
    return render_template("donations/list.html", may_record=may_record, **listed)


@blueprint.get("/donations/<uuid:donation_id>")
@requires_role(*READERS)
@takes_query("proposed", "done")
def show_donation(donation_id: UUID) -> str:
    """Show one donation, and what can be done with it."""
    return shown(view.donation_view(_donation(donation_id)))


def _donation(donation_id: UUID) -> dict[str, Any]:
    """Return a donation that the caller sees. Raises NotFound."""
    row = read.one(connection(), donation_id, caller())
    if row is None:
        raise NotFound
    return row


@blueprint.get("/donations/new")
@requires_role(*RECORDERS)
def show_new() -> str:
    """Show the form for a donation."""
    return _new(view.filled_new())


def _new(posted: PostedForm) -> str:
    label = text("records.donations")
    return page_of(view.NEW, view.choices(), posted, back="/donations", back_label=label)


@blueprint.post("/donations/new")
@requires_role(*RECORDERS)
@idempotent
def record_donation() -> ResponseReturnValue:
    """Record a donation."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        made = actions.record_donation(connection(), actions.NewDonation(**body), action_context())
        return proposals.to_record("/donations", made)

    return sent(view.NEW, _new, act)


def _page(form: RecordForm, row: dict[str, Any], posted: PostedForm) -> str:
    back, label = f"/donations/{row['id']}", view.title_of(row)
    return page_of(form, view.choices(), posted, back=back, back_label=label, lead="second_person")


@blueprint.get("/donations/<uuid:donation_id>/correction")
@requires_role(*RECORDERS)
def show_correction(donation_id: UUID) -> str:
    """Show a donation as it was recorded, to be corrected."""
    row = _donation(donation_id)
    return _page(view.CORRECTION, row, view.filled_with(row))


@blueprint.post("/donations/<uuid:donation_id>/correction")
@requires_role(*RECORDERS)
@idempotent
def correct_donation(donation_id: UUID) -> ResponseReturnValue:
    """Propose a donation as it should have been; the original stays readable with the reason."""
    row = _donation(donation_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        reason = body.pop("reason")
        return proposals.correct("donation", "/donations", donation_id, actions.NewDonation(**body), reason)

    return sent(view.CORRECTION, lambda posted: _page(view.CORRECTION, row, posted), act)


@blueprint.get("/donations/<uuid:donation_id>/void")
@requires_role(*RECORDERS)
def show_void(donation_id: UUID) -> str:
    """Show the form that proposes to void a donation."""
    return _page(view.VOID, _donation(donation_id), EMPTY)


@blueprint.post("/donations/<uuid:donation_id>/void")
@requires_role(*RECORDERS)
@idempotent
def void_donation(donation_id: UUID) -> ResponseReturnValue:
    """Propose to void a donation that was never so; it stays readable with the reason."""
    row = _donation(donation_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        return proposals.void("donation", "/donations", donation_id, body["reason"])

    return sent(view.VOID, lambda posted: _page(view.VOID, row, posted), act)
