"""/confirmations: what another person proposed, to be confirmed or refused."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import confirmations
from service.actions.errors import NotFound
from service.actions.proposals.imports import UNDO
from service.actions.proposals.write import Made
from service.http.auth import EVERYONE, READERS, requires_role
from service.http.context import action_context, app_state, caller
from service.http.idempotency import idempotent, release_key
from service.http.transaction import connection
from service.imports.proposed_import import ALL_WRITES
from service.queries import confirmations as read
from service.queries import named_rows
from service.web.calendar_preview import calendar_changes
from service.web.event_words import PLACES
from service.web.forms import PostedForm
from service.web.proofs import challenge, proof_input, proof_label, proved, shown_confirmation
from service.web.proposed_content import content_lines, ids_in, label_of_content, worded
from service.web.proposed_rules import rules_shown
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems, problems_of

blueprint = Blueprint("confirmations", __name__)
FILES_OF_RULES = ("policy_set", "calendar")
"""Acts whose `source` is a whole file; that of a fund line is where its money comes from."""

RECORDS: Mapping[str, str] = {
    f"{name}_{act}": PLACES[name]
    for name in ("gift", "donation", "activity", "visit")
    for act in ("void", "correction")
} | {UNDO: PLACES["import"]}
"""The pages of the records that proposals void or correct, and of the import that one undoes."""

PROPOSED = "proposed"


@blueprint.get("/confirmations/<uuid:confirmation_id>")
@requires_role(*EVERYONE)
def show_confirmation(confirmation_id: UUID) -> str:
    """Show what is proposed, by whom, until when, who must confirm it, and what it would change."""
    return _page(confirmation_id, NO_PROBLEMS)


def _page(confirmation_id: UUID, problems: Problems) -> str:
    conn = connection()
    row = read.one(conn, confirmation_id, caller())
    if row is None:
        raise NotFound
    content = read.content_of(row, app_state().keyring)
    confirmers = read.confirmers_of(conn, [confirmation_id])
    people = {each for confirmer in confirmers for each in (confirmer.account_id, confirmer.confirmed_by) if each}
    lines = [each for each in content_lines(content) if each[0] != "source" or row.act not in FILES_OF_RULES]
    ids = {*people, row.proposed_by, *ids_in([value for _, value in lines])}
    names = named_rows.names_of(conn, ids, caller())
    return render_template(
        "confirmations/show.html",
        row=row,
        lines=[
            (label_of_content(name), worded(name, value, names), _address(row.act, name, value))
            for name, value in lines
        ],
        confirmers=confirmers,
        names=names,
        rules=rules_shown(row.id, row.act, content),
        days=calendar_changes(content["source"], content["year"]) if row.act == "calendar" else None,
        may_read_cases=bool(caller().roles & set(READERS)),
        is_open=row.state == PROPOSED,
        is_own=row.proposed_by == caller().account,
        proof=proof_input(PostedForm(problems=problems)),
        problems=problems,
    )


def _address(act: str, name: str, value: Any) -> str:
    """Return where the record that a proposal voids or corrects is shown; nothing for any other line."""
    return f"/{RECORDS[act]}/{value}" if name == "record_id" and act in RECORDS else ""


@blueprint.post("/confirmations/<uuid:confirmation_id>/<any(confirm, refuse, withdraw):action>")
@requires_role(*EVERYONE)
@idempotent
def end_confirmation(confirmation_id: UUID, action: str) -> ResponseReturnValue:
    """Confirm, refuse or withdraw a proposal."""
    try:
        made = _end(confirmation_id, action)
    except REFUSALS as refusal:
        problems = problems_of(refusal, {"reason": label_of_content("reason"), **proof_label()})
        return _page(confirmation_id, problems), problems.status
    if made is not None and made.shown_once:
        release_key()
        return render_template("confirmations/shown_once.html", secrets=made.shown_once)
    return redirect(url_for("web.inbox.show_inbox", done=action), HTTPStatus.SEE_OTHER)


@blueprint.post("/confirmations/<uuid:confirmation_id>/confirm/challenge")
@requires_role(*EVERYONE)
def ask_proof(confirmation_id: UUID) -> Response:
    """Answer a browser with what a passkey must sign to confirm the content that is shown."""
    if read.one(connection(), confirmation_id, caller()) is None:
        raise NotFound
    return challenge(shown_confirmation(confirmation_id, request.form.get("digest", "")))


def _end(confirmation_id: UUID, action: str) -> Made | None:
    conn, context = connection(), action_context()
    if action == "confirm":
        digest = request.form.get("digest", "")
        context = proved(shown_confirmation(confirmation_id, digest), context)
        return confirmations.confirm(conn, confirmation_id, digest, context, ALL_WRITES)
    if action == "refuse":
        confirmations.refuse(conn, confirmation_id, request.form.get("reason", ""), context, ALL_WRITES)
    else:
        confirmations.withdraw(conn, confirmation_id, context)
    return None
