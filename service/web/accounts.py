"""/account: what a person signs in with, and their sessions."""

from http import HTTPStatus
from uuid import UUID

import segno
from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import one_time_codes, passwords, sign_in
from service.actions.sessions import end_session, note_proof
from service.crypto.encryption import DecryptionError, decrypt_field, encrypt_field
from service.http import auth
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, app_state, browser_request, caller, real_time
from service.http.cookies import set_session
from service.http.known_names import takes_query
from service.http.relying_party import relying_party
from service.http.request_state import request_state
from service.http.transaction import connection
from service.queries import credentials as read
from service.queries import sessions as session_queries
from service.web.layout import text
from service.web.proofs import proof_label, proved_own_keys
from service.web.refusals import NO_PROBLEMS, Problems, problems_of
from service.web.sessions import session_id
from workflows.vocabulary import InvalidForm, Reason, Refused

blueprint = Blueprint("accounts", __name__)
_SETUP = "totp.setup"
"""The field under which the secret of a new authenticator is sealed in its form."""


@blueprint.get("/account/keys")
@requires_role(*EVERYONE, signed_in_is_enough=True)
@takes_query("done")
def show_keys() -> ResponseReturnValue:
    """Show what the person signs in with."""
    return keys_page(NO_PROBLEMS)


def keys_page(problems: Problems, secret: str | None = None, codes: list[str] | None = None) -> str:
    """Return the page of what a person signs in with."""
    secret, login = secret or one_time_codes.new_secret(), caller().login
    sealed = encrypt_field(app_state().keyring, _SETUP, caller().account, secret).hex()
    picture = segno.make(one_time_codes.address_of(secret, login)).svg_data_uri(scale=4)
    own = read.own_credentials(connection(), caller().account)
    setup = {"secret": secret, "sealed": sealed, "picture": picture}
    shown = {"own": own, "setup": setup, "codes": codes, "problems": problems}
    shown["has_provider"] = bool(app_state().settings.identity_provider)
    return render_template(
        "account/keys.html", **shown, has_passkeys=relying_party() is not None, by_code=own.totp_set_at is not None
    )


@blueprint.post("/account/keys/totp")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def set_totp() -> ResponseReturnValue:
    """Set up one-time codes with the first of them; show the recovery codes once."""
    secret = _sealed_secret()
    try:
        _refuse_second_totp()
        context = proved_own_keys("set_totp", action_context())
        codes = one_time_codes.set_totp(connection(), secret, request.form.get("code", ""), real_time(), context)
    except Refused as refusal:
        problems = problems_of(refusal, {"code": text("keys.code"), **proof_label()})
        return keys_page(problems, secret), problems.status
    note_proof(connection(), session_id(), real_time())
    return keys_page(NO_PROBLEMS, codes=codes)


def _sealed_secret() -> str:
    try:
        sealed = bytes.fromhex(request.form.get("sealed", ""))
        return decrypt_field(app_state().keyring, _SETUP, caller().account, sealed)
    except (ValueError, DecryptionError):
        return one_time_codes.new_secret()


def _refuse_second_totp() -> None:
    """Refuse to replace a second factor that is set up: only an invitation, which two people give, does that."""
    if read.own_credentials(connection(), caller().account).totp_set_at is not None:
        raise Refused(Reason.of("totp_set_already"))


@blueprint.post("/account/keys/recovery-codes")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def make_recovery_codes() -> ResponseReturnValue:
    """Make ten new recovery codes, and show them once; the earlier ones end."""
    try:
        codes = one_time_codes.make_recovery_codes(
            connection(), proved_own_keys("make_recovery_codes", action_context())
        )
    except Refused as refusal:
        problems = problems_of(refusal, proof_label())
        return keys_page(problems), problems.status
    return keys_page(NO_PROBLEMS, codes=codes)


@blueprint.post("/account/keys/password")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def change_password() -> ResponseReturnValue:
    """Change the password; every other session ends, this one gets a new cookie."""
    old, new = request.form.get("old_password", ""), request.form.get("password", "")
    session, context = request_state().session, action_context()
    auth.check_guesses()
    try:
        passwords.refuse_different(new, request.form.get("repeated", ""))
        auth.counting_guesses(lambda: passwords.change_password(connection(), old, new, context))
    except (InvalidForm, Refused) as refusal:
        names = ("old_password", "password", "repeated")
        problems = problems_of(refusal, {name: text(f"keys.{name}") for name in names})
        return keys_page(problems), problems.status
    proved_at = session.proved_at if session else None
    cookie = sign_in.start_session(connection(), "password", proved_at, browser_request(), action_context())
    response = redirect(url_for("web.accounts.show_keys", done="password"), HTTPStatus.SEE_OTHER)
    return set_session(make_response(response), cookie.token)


@blueprint.get("/account/sessions")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def show_sessions() -> ResponseReturnValue:
    """Show the browsers in which the person is signed in."""
    sessions = session_queries.sessions_of(connection(), caller().account, real_time())
    return render_template("account/sessions.html", sessions=sessions, own_id=session_id())


@blueprint.post("/account/sessions/<uuid:ended_id>/end")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def end_one_session(ended_id: UUID) -> ResponseReturnValue:
    """End one of the person's sessions."""
    end_session(connection(), ended_id, "end_session", real_time(), action_context())
    return redirect(url_for("web.accounts.show_sessions"), HTTPStatus.SEE_OTHER)
