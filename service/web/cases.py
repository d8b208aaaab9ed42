"""/cases: the list, one case on one screen, and its actions as forms."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import cases as case_actions
from service.actions.errors import NotFound
from service.http.auth import CASE_WRITERS, READERS, requires_role
from service.http.context import action_context, caller, today
from service.http.etags import version_read
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import case_list, inbox
from service.queries import cases as case_queries
from service.queries.case_list import Sort
from service.queries.inbox import InboxList, Neighbours
from service.web import forms, lists
from service.web.application import without_unchanged_words
from service.web.case_filters import NAMES, case_filters, filter_labels, unit_names
from service.web.case_page import case_page, present_words
from service.web.case_rows import case_rows
from service.web.forms import PostedForm
from service.web.past_lists import past_list
from service.web.proofs import challenge, proof_label, proved, shown_case
from service.web.refusals import REFUSALS, problems_of
from workflows.programme import Step
from workflows.programmes import PROGRAMMES

blueprint = Blueprint("cases", __name__)


@blueprint.get("/cases")
@requires_role(*READERS)
@past_list
@takes_query("after", "sort", "count", *NAMES)
def list_cases() -> str:
    """List the cases of the caller's units."""
    conn, filters, on = connection(), case_filters(), today()
    asked = request.args.get("sort", "")
    sort = Sort(asked) if asked in set(Sort) else Sort.NEWEST
    bound = {**filters, "sort": sort.value}
    page = case_list.page(conn, caller(), filters, sort, on, lists.cursor_key(bound), lists.PAGE_SIZE)
    names = unit_names(caller())
    is_asked = request.args.get("count") == "exact"
    return render_template(
        "cases/list.html",
        rows=case_rows(page.rows),
        total=page.total,
        exact=case_list.exact_count(conn, caller(), filters, sort, on) if is_asked else None,
        exact_url=lists.own_url({**request.args, "count": "exact"}),
        next_url=lists.next_url(page.last, bound),
        chosen=lists.chosen_filters(filter_labels(filters, names)),
        filters=filters,
        programmes=PROGRAMMES,
        units=names,
        sort=sort,
        sorts=tuple(Sort),
    )


@blueprint.get("/cases/<uuid:case_id>")
@requires_role(*READERS)
@takes_query("done", "list")
def show_case(case_id: UUID) -> str:
    """Show one case and the actions available to the caller, and the cases beside it in the list it was opened from."""
    return render_template(
        "cases/show.html", page=case_page(case_id), beside=_beside(case_id), list=request.args.get("list")
    )


def _beside(case_id: UUID) -> Neighbours | None:
    asked = request.args.get("list", "")
    if asked not in set(InboxList):
        return None
    return inbox.neighbours(connection(), caller(), InboxList(asked), {}, today(), case_id)


@blueprint.get("/cases/<uuid:case_id>/actions/<action>")
@requires_role(*READERS)
def show_action(case_id: UUID, action: str) -> ResponseReturnValue:
    """Lead back to the case: the address of a form that was sent and refused, opened again."""
    return redirect(url_for("web.cases.show_case", case_id=case_id, _anchor=f"action-{action}"), HTTPStatus.SEE_OTHER)


@blueprint.post("/cases/<uuid:case_id>/actions/<action>")
@requires_role(*CASE_WRITERS)
@idempotent
def take_action(case_id: UUID, action: str) -> ResponseReturnValue:
    """Take one action. A refusal shows the same page with every reason in its place."""
    step = _step(case_id, action)
    answers = forms.read(step.form) if step else {}
    if step is not None and step.kind.corrects:
        answers = without_unchanged_words(answers, present_words(case_id))
    context = action_context(version_read(required=False))
    try:
        if step is not None and step.proof is not None:
            context = proved(shown_case(case_id, action, answers, context.version), context)
        taken = case_actions.take_action(connection(), case_id, action, answers, context)
    except REFUSALS as refusal:
        labels = forms.labels_of(action, step.form if step else ())
        problems = problems_of(refusal, labels | proof_label())
        page = case_page(case_id, action, PostedForm(request.form, problems))
        return render_template("cases/show.html", page=page, beside=None, list=None), problems.status
    target = url_for("web.cases.show_case", case_id=case_id, done=taken.version)
    return redirect(target, HTTPStatus.SEE_OTHER)


@blueprint.post("/cases/<uuid:case_id>/actions/<action>/challenge")
@requires_role(*CASE_WRITERS)
def ask_proof(case_id: UUID, action: str) -> Response:
    """Answer a browser with what a passkey must sign for the form as it is filled in."""
    step = _step(case_id, action)
    answers = forms.read(step.form) if step else {}
    return challenge(shown_case(case_id, action, answers, version_read(required=False)))


def _step(case_id: UUID, action: str) -> Step | None:
    """Return the step that the form belongs to, also where the case has moved on meanwhile. Raises NotFound."""
    row = case_queries.one(connection(), case_id, caller())
    if row is None:
        raise NotFound
    programme = PROGRAMMES[row["programme"]]
    present = programme.step(action, row["state"])
    return present or next((step for step in programme.steps if step.action == action), None)
