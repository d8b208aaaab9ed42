"""/imports/past: one import with every row that it made, and its undo."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.actions.import_undo.propose import propose_undo
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.web.layout import text
from service.web.past_import_page import past_import_page
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems, problems_of
from workflows.powers import UNDOERS
from workflows.vocabulary import Role

blueprint = Blueprint("past_imports", __name__)


@blueprint.get("/imports/past/<uuid:import_id>")
@requires_role(*UNDOERS, Role.AUDITOR)
@takes_query("after", "done")
def show_import(import_id: UUID) -> str:
    """Show the rows of an import, and what an undo would do with each."""
    return _page(import_id, NO_PROBLEMS)


def _page(import_id: UUID, problems: Problems, typed: str = "") -> str:
    return render_template("imports/past.html", page=past_import_page(import_id), problems=problems, typed=typed)


@blueprint.post("/imports/past/<uuid:import_id>/undo")
@requires_role(*UNDOERS)
@idempotent
def propose(import_id: UUID) -> ResponseReturnValue:
    """Propose to undo an import, for another person to confirm."""
    reason = request.form.get("reason", "")
    try:
        propose_undo(connection(), import_id, reason, action_context())
    except REFUSALS as refusal:
        problems = problems_of(refusal, {"reason": text("imports.undo_reason")})
        return _page(import_id, problems, reason), problems.status
    return redirect(f"/imports/past/{import_id}?done=yes", HTTPStatus.SEE_OTHER)
