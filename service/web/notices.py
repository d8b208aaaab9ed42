"""/notices and /objections: the lists across the caller's cases, and a public notice as it hangs on the board."""

from uuid import UUID

from flask import Blueprint, render_template

from service.actions.errors import NotFound
from service.http.auth import READERS, requires_role
from service.http.context import app_state, caller, today
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import masking, notices
from service.web import notice_view as view
from service.web.case_record import notice_lines
from service.web.list_filters import names_of
from service.web.past_lists import past_list
from service.web.record_lists import list_values

blueprint = Blueprint("notices", __name__)


@blueprint.get("/notices")
@requires_role(*READERS)
@past_list
@takes_query("after", *names_of(view.FILTERS))
def list_notices() -> str:
    """List the notices of the caller's cases, the newest first, with the objections to them."""
    return render_template(
        "notices/list.html", **list_values("notices", view.FILTERS, notices.page_with_total, view.with_words)
    )


@blueprint.get("/objections")
@requires_role(*READERS)
@past_list
@takes_query("after", *names_of(view.OBJECTION_FILTERS))
def list_objections() -> str:
    """List the objections to awards of the caller's cases, the newest first; what they say is on the page of the case."""
    read, filters = notices.objections_with_total, view.OBJECTION_FILTERS
    return render_template(
        "notices/objections.html", **list_values("objections", filters, read, view.objection_with_words)
    )


@blueprint.get("/notices/<uuid:notice_id>/print")
@requires_role(*READERS)
def print_notice(notice_id: UUID) -> str:
    """Show a notice alone, to be printed and posted; its name is masked once the notice has ended."""
    row = notices.one(connection(), notice_id, caller())
    if row is None:
        raise NotFound
    shown = masking.notice(app_state().keyring, row, today())
    is_over = row["ended_on"] is not None or row["ends_on"] < today()
    return render_template("notices/print.html", notice=row, shown=shown, lines=notice_lines(shown), is_over=is_over)
