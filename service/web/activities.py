"""/activities: the list of activities, one activity, and new ones; a correction or a void waits for a second person."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from service.actions import activities as actions
from service.actions.errors import NotFound
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import activities as read
from service.web import activity_view as view
from service.web import record_proposals as proposals
from service.web.forms import EMPTY, PostedForm
from service.web.layout import text
from service.web.list_filters import names_of
from service.web.past_lists import past_list
from service.web.record_forms import RecordForm
from service.web.record_lists import list_values
from service.web.record_page import page_of, sent
from service.web.record_view import shown

blueprint = Blueprint("activities", __name__)
RECORDERS = actions.VOIDABLE.roles


@blueprint.get("/activities")
@requires_role(*READERS)
@past_list
@takes_query("after", *names_of(view.FILTERS))
def list_activities() -> str:
    """List the activities of the caller's units, the newest entry first, with their count and sum."""
    may_record = bool(set(RECORDERS) & caller().roles)
    listed = list_values("activities", view.FILTERS, read.page_with_total)
    return render_template("activities/list.html", may_record=may_record, **listed)


@blueprint.get("/activities/<uuid:activity_id>")
@requires_role(*READERS)
@takes_query("proposed", "done")
def show_activity(activity_id: UUID) -> str:
    """Show one activity, and what can be done with it."""
    return shown(view.activity_view(_activity(activity_id)))


def _activity(activity_id: UUID) -> dict[str, Any]:
    """Return an activity that the caller sees. Raises NotFound."""
    row = read.one(connection(), activity_id, caller())
    if row is None:
        raise NotFound
    return row


@blueprint.get("/activities/new")
@requires_role(*RECORDERS)
def show_new() -> str:
    """Show the form for an activity."""
    return _new(view.filled_new())


def _new(posted: PostedForm) -> str:
    label = text("records.activities")
    return page_of(view.NEW, view.choices(), posted, back="/activities", back_label=label)


@blueprint.post("/activities/new")
@requires_role(*RECORDERS)
@idempotent
def record_activity() -> ResponseReturnValue:
    """Record an activity."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        made = actions.record_activity(connection(), actions.NewActivity(**body), action_context())
        return proposals.to_record("/activities", made)

    return sent(view.NEW, _new, act)


def _page(form: RecordForm, row: dict[str, Any], posted: PostedForm) -> str:
    back, label = f"/activities/{row['id']}", view.title_of(row)
    return page_of(form, view.choices(), posted, back=back, back_label=label, lead="second_person")


@blueprint.get("/activities/<uuid:activity_id>/correction")
@requires_role(*RECORDERS)
def show_correction(activity_id: UUID) -> str:
    """Show an activity as it was recorded, to be corrected."""
    row = _activity(activity_id)
    return _page(view.CORRECTION, row, view.filled_with(row))


@blueprint.post("/activities/<uuid:activity_id>/correction")
@requires_role(*RECORDERS)
@idempotent
def correct_activity(activity_id: UUID) -> ResponseReturnValue:
    """Propose an activity as it should have been; the original stays readable with the reason."""
    row = _activity(activity_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        reason = body.pop("reason")
        return proposals.correct("activity", "/activities", activity_id, actions.NewActivity(**body), reason)

    return sent(view.CORRECTION, lambda posted: _page(view.CORRECTION, row, posted), act)


@blueprint.get("/activities/<uuid:activity_id>/void")
@requires_role(*RECORDERS)
def show_void(activity_id: UUID) -> str:
    """Show the form that proposes to void an activity."""
    return _page(view.VOID, _activity(activity_id), EMPTY)


@blueprint.post("/activities/<uuid:activity_id>/void")
@requires_role(*RECORDERS)
@idempotent
def void_activity(activity_id: UUID) -> ResponseReturnValue:
    """Propose to void an activity that was never so; it stays readable with the reason."""
    row = _activity(activity_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        return proposals.void("activity", "/activities", activity_id, body["reason"])

    return sent(view.VOID, lambda posted: _page(view.VOID, row, posted), act)
