"""/letters: the list of letters about cases, one letter as it is written, and failed ones sent again."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from service.actions import notifications as actions
from service.actions.errors import NotFound
from service.http.auth import EVERYONE, READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import notification_list as read
from service.web import letter_view as view
from service.web.list_filters import names_of
from service.web.past_lists import past_list
from service.web.record_lists import list_values
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems, problems_of

blueprint = Blueprint("notifications", __name__)


@blueprint.get("/letters")
@requires_role(*EVERYONE)
@past_list
@takes_query("after", "done", *names_of(view.FILTERS))
def list_letters() -> str:
    """List the letters about the caller's cases, the newest first; an administrator sees those that failed."""
    listed = list_values("notifications", view.FILTERS, read.page_with_total, view.with_words)
    return render_template("letters/list.html", may_export=bool(set(READERS) & caller().roles), **listed)


@blueprint.get("/letters/<uuid:letter_id>")
@requires_role(*EVERYONE)
def show_letter(letter_id: UUID) -> str:
    """Show one letter: to whom, how its delivery went, and for those who read its case what it says."""
    return _page(_letter(letter_id), NO_PROBLEMS)


def _letter(letter_id: UUID) -> dict[str, Any]:
    """Return a letter that the caller sees. Raises NotFound."""
    row = read.one(connection(), letter_id, caller())
    if row is None:
        raise NotFound
    return row


def _page(row: dict[str, Any], problems: Problems) -> str:
    return render_template(
        "letters/show.html",
        row=row,
        view=view.letter_view(row),
        written=view.written(row),
        may_resend=view.may_resend(row),
        problems=problems,
    )


@blueprint.post("/letters/<uuid:dead_id>/resending")
@requires_role(*view.RESENDERS)
@idempotent
def resend(dead_id: UUID) -> ResponseReturnValue:
    """Queue a failed letter again; it keeps its number, so that a mail server knows it."""
    try:
        actions.resend(connection(), dead_id, action_context())
    except REFUSALS as refusal:
        row = read.one(connection(), dead_id, caller())
        if row is None:
            raise
        problems = problems_of(refusal, {})
        return _page(row, problems), problems.status
    # Not to the letter: an administrator sees it only while it has failed.
    return redirect("/letters?done=yes", HTTPStatus.SEE_OTHER)
