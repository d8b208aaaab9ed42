"""/account/keys/passkeys and /sign-in/passkey: passkeys are made, removed, and used to sign in."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import passkeys, proofs
from service.actions.errors import RecordedRefusal
from service.actions.sessions import note_proof
from service.crypto.passkeys import RelyingParty
from service.http import auth
from service.http.auth import EVERYONE, requires_role, signing_in
from service.http.context import action_context, browser_request, moment, real_time
from service.http.errors import HttpProblem
from service.http.relying_party import relying_party
from service.http.request_state import request_state
from service.http.transaction import connection
from service.web.accounts import keys_page
from service.web.layout import text
from service.web.proofs import ANSWER, proof_label, proved_own_keys, session_is_proved
from service.web.refusals import REFUSALS, messages_of, problems_of
from service.web.sessions import attempt_of_request, refused_sign_in, session_id, sign_in_form, signed_in
from workflows.vocabulary import Reason

blueprint = Blueprint("passkeys", __name__)


@blueprint.post("/account/keys/passkeys/challenge")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def begin_passkey() -> ResponseReturnValue:
    """Answer a browser with what it needs to make a passkey, for a proof; the messages of a refusal are JSON too."""
    try:
        context = proved_own_keys("add_passkey", action_context())
        return jsonify(passkeys.begin(connection(), session_id(), _site(), context))
    except REFUSALS as refusal:
        problems = problems_of(refusal, proof_label())
        messages = [*problems.of_form, *(each for lines in problems.of_fields.values() for each in lines)]
        return jsonify({"messages": messages}), problems.status


@blueprint.post("/account/keys/passkeys")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def add_passkey() -> ResponseReturnValue:
    """Add the passkey that the browser made."""
    session = request_state().session
    challenge = session.challenge if session else None
    answer, label = request.form.get(ANSWER, ""), request.form.get("label", "")
    try:
        # Once more: between the challenge and the answer the account may have been given a second factor elsewhere.
        proofs.refuse_unproved_session(connection(), action_context(), is_proved=session_is_proved())
        passkeys.add(connection(), session_id(), challenge, answer, label, _site(), action_context())
    except REFUSALS as refusal:
        problems = problems_of(refusal, {"label": text("keys.passkey_label")})
        return keys_page(problems), problems.status
    note_proof(connection(), session_id(), real_time())
    return redirect(url_for("web.accounts.show_keys", done="passkey"), HTTPStatus.SEE_OTHER)


@blueprint.post("/account/keys/passkeys/<uuid:key_id>/end")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def remove_passkey(key_id: UUID) -> ResponseReturnValue:
    """End one of the person's passkeys, for a proof."""
    try:
        passkeys.remove(connection(), key_id, proved_own_keys("remove_passkey", action_context()))
    except REFUSALS as refusal:
        problems = problems_of(refusal, proof_label())
        return keys_page(problems), problems.status
    return redirect(url_for("web.accounts.show_keys", done="passkey_ended"), HTTPStatus.SEE_OTHER)


@blueprint.post("/sign-in/passkey/challenge")
@signing_in
def begin_sign_in() -> Response:
    """Answer a browser with what its passkey must sign; each asking counts as a failed sign-in of the network."""
    attempt = attempt_of_request()
    auth.count_guess()
    return jsonify(passkeys.ask_at_sign_in(connection(), attempt, _site()))


@blueprint.post("/sign-in/passkey")
@signing_in
def sign_in_with_passkey() -> ResponseReturnValue:
    """Sign in with a passkey, which is both factors."""
    attempt, answer = attempt_of_request(), request.form.get(ANSWER, "")
    try:
        cookie = passkeys.enter(connection(), attempt, answer, _site(), browser_request(), moment())
    except RecordedRefusal as refusal:
        return refused_sign_in(refusal, sign_in_form(messages_of(refusal.reasons)))
    return signed_in(attempt, cookie.token)


def _site() -> RelyingParty:
    site = relying_party()
    if site is None:
        raise HttpProblem(HTTPStatus.CONFLICT, Reason.of("passkeys_off", setting="PUBLIC_URL"))
    return site
