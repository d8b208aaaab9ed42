"""/inbox: what waits for the caller, what they did, what they opened, and what they were told of."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.http.auth import EVERYONE, requires_role
from service.http.context import caller, today
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import confirmations, inbox
from service.queries.inbox import InboxList
from service.web import lists
from service.web.case_filters import NAMES, case_filters, filter_labels
from service.web.case_rows import case_rows
from service.web.layout import text
from workflows.programmes import PROGRAMMES

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def show_start() -> ResponseReturnValue:
    """Lead to the inbox."""
    return redirect(url_for("web.inbox.show_inbox"), HTTPStatus.SEE_OTHER)


@blueprint.get("/inbox")
@requires_role(*EVERYONE, signed_in_is_enough=True)
@takes_query("list", "after", "done", "ended", *NAMES)
def show_inbox() -> str:
    """Show one of the four lists, with the number and the sum of each, and the confirmations that wait."""
    which, conn, on = chosen_list(), connection(), today()
    filters = case_filters() | ({"ended": True} if request.args.get("ended") else {})
    bound = {**filters, "list": which.value}
    page = inbox.page(conn, caller(), which, filters, on, lists.cursor_key(bound), lists.PAGE_SIZE)
    labels = filter_labels(filters, {}) | ({"ended": text("filter.ended")} if "ended" in filters else {})
    return render_template(
        "inbox/show.html",
        which=which,
        totals=inbox.totals(conn, caller(), on, known={} if filters else {which: page.total}),
        total=page.total,
        rows=case_rows(page.rows),
        next_url=lists.next_url(page.last, bound),
        chosen=lists.chosen_filters(labels),
        filters=filters,
        programmes=PROGRAMMES,
        waiting=confirmations.waiting(conn, caller(), on) if which is InboxList.TO_DO else [],
        own=_own_proposals() if which is InboxList.MINE else [],
    )


def _own_proposals() -> list[dict[str, object]]:
    return confirmations.page(connection(), caller(), {"of": "mine"}, None, lists.PAGE_SIZE).rows


def chosen_list() -> InboxList:
    """Return the list that the address names; 待办 without one."""
    asked = request.args.get("list", "")
    return InboxList(asked) if asked in set(InboxList) else InboxList.TO_DO
