"""/exports: the long exports that a person has asked for, how far each is, and the files that are made."""

from contextlib import ExitStack
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, render_template

from service.actions import prepared_files as actions
from service.actions.errors import NotFound
from service.actions.exports import record_export
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, caller, real_time
from service.http.errors import HttpProblem
from service.http.idempotency import grant_texts, idempotent, release_key
from service.http.streaming import streamed
from service.http.transaction import connection
from service.queries import prepared_files as read
from service.report.figures import snapshot
from service.web.exported_file import TYPES, file_name
from workflows.vocabulary import Reason

blueprint = Blueprint("prepared_files", __name__)


@blueprint.get("/exports")
@requires_role(*READERS)
def list_files() -> str:
    """List the long exports that the caller has asked for."""
    keyring, rows = app_state().keyring, read.own(connection(), caller())
    return render_template(
        "exports/list.html",
        rows=[(row, actions.note_of(row, keyring)) for row in rows],
        is_waiting=any(row.state == "waiting" for row in rows),
    )


@blueprint.post("/exports/<uuid:made_id>")
@requires_role(*READERS)
@idempotent
def take_file(made_id: UUID) -> Response:
    """Return a file that is made; the event log keeps who took which list, as of an export that is sent at once.

    Raises NotFound, HttpProblem (403 file_permission_ended where a grant has ended under which it was made, 429).
    """
    row = read.ready(connection(), made_id, caller(), real_time() - actions.KEPT)
    if row is None:
        raise NotFound
    if not set(row.grants) <= set(grant_texts(caller())):
        raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("file_permission_ended"))
    state, account = app_state(), caller().account
    with ExitStack() as held:
        state.exports.start(account)
        held.callback(state.exports.end, account)
        seen = held.enter_context(snapshot(state.engine))
        record_export(connection(), row.list, row.kind, row.rows_in_all, row.filters, action_context())
        release_key()
        answer = streamed(actions.parts(seen, state.keyring, row.id), TYPES[row.kind], held.pop_all())
    answer.content_length = row.size
    answer.headers.set("Content-Disposition", "attachment", filename=file_name(row.list, row.kind, row.as_of))
    return answer
