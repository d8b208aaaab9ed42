"""/sign-in/provider and /account/keys/provider: people sign in through the identity provider of their office."""

import hmac
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import identity_links, proofs, sign_in
from service.actions.errors import RecordedRefusal
from service.actions.sign_in import Continued
from service.config import IdentityProvider
from service.crypto import identity_provider
from service.crypto.identity_provider import Exchange, Identity, ProviderFailed
from service.http import auth
from service.http.auth import EVERYONE, requires_role, signing_in
from service.http.context import action_context, app_state, browser_request, caller, moment
from service.http.cookies import set_attempt
from service.http.csrf import is_from_another_site
from service.http.errors import HttpProblem
from service.http.known_names import takes_query
from service.http.request_state import request_state
from service.http.transaction import connection
from service.observability import logs
from service.queries.sessions import Attempt
from service.web.accounts import keys_page
from service.web.proofs import proof_label, proved_own_keys, session_is_proved
from service.web.refusals import REFUSALS, messages_of, problems_of
from service.web.sessions import attempt_of_request, refused_sign_in, sign_in_form, signed_in
from workflows.vocabulary import Reason

blueprint = Blueprint("identity_provider", __name__)
CALLBACK = ("code", "state", "iss", "session_state", "error", "error_description", "error_uri", "scope")
"""What providers send back; `code` and `state` alone are read."""


@blueprint.get("/sign-in/provider")
@signing_in
def begin_sign_in() -> Response:
    """Lead the browser to the identity provider. Raises HttpProblem 403 for a link of another site.

    Else such a link would sign in somebody who is signed in at the provider, without an act of theirs.
    """
    if is_from_another_site():
        raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("provider_from_elsewhere"))
    attempt = request_state().attempt
    token, address = _begun(attempt.next_path if attempt else None, None)
    return set_attempt(make_response(redirect(address, HTTPStatus.SEE_OTHER)), token)


def _begun(next_path: str | None, account_id: UUID | None) -> tuple[str, str]:
    """Return the cookie of a new attempt, and the provider's address for it."""
    exchange = identity_provider.new_exchange()
    try:
        address = identity_provider.authorization_url(_provider(), exchange, _redirect_uri())
    except ProviderFailed as error:
        raise _away(error) from None
    cookie = sign_in.begin_attempt(connection(), next_path, browser_request())
    identity_links.keep_exchange(connection(), cookie.id, exchange, account_id, app_state().keyring)
    return cookie.token, address


def _away(error: ProviderFailed) -> HttpProblem:
    logs.log_event("identity_provider", "warning", fault=str(error))
    return HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, Reason.of("provider_away"), headers={"Retry-After": "30"})


def _provider() -> IdentityProvider:
    provider = app_state().settings.identity_provider
    if provider is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, Reason.of("not_found"))
    return provider


def _redirect_uri() -> str:
    site = app_state().settings.public_url or request.host_url.rstrip("/")
    return f"{site}/sign-in/provider/callback"


@blueprint.get("/sign-in/provider/callback")
@signing_in
@takes_query(*CALLBACK)
def come_back() -> ResponseReturnValue:
    """Sign in, or link the account, with what the provider says; anything that is not for this attempt is refused."""
    attempt = attempt_of_request()
    auth.check_guesses()
    kept = identity_links.kept_exchange(attempt, app_state().keyring)
    try:
        if kept is None or not hmac.compare_digest(request.args.get("state", "").encode(), kept[0].state.encode()):
            raise identity_links.refused(attempt, "provider_refused")
        identity = _identity(attempt, kept[0])
        return _linked(attempt, identity, kept[1]) if kept[1] else _entered(attempt, identity)
    except RecordedRefusal as refusal:
        return refused_sign_in(refusal, sign_in_form(messages_of(refusal.reasons)))


def _identity(attempt: Attempt, exchange: Exchange) -> Identity:
    try:
        return identity_provider.identity_of(_provider(), exchange, request.args.get("code", ""), _redirect_uri())
    except ProviderFailed as error:
        logs.log_event("identity_provider", "warning", fault=str(error))
        raise identity_links.refused(attempt, "provider_refused") from None


def _entered(attempt: Attempt, identity: Identity) -> Response:
    second_factor = app_state().sessions.second_factor
    cookie = identity_links.enter(
        connection(), attempt, identity, browser_request(), moment(), second_factor=second_factor
    )
    if isinstance(cookie, Continued):
        response = redirect(url_for("web.sessions.show_second_factor"), HTTPStatus.SEE_OTHER)
        return set_attempt(make_response(response), cookie.token)
    return signed_in(attempt, cookie.token)


def _linked(attempt: Attempt, identity: Identity, account_id: UUID) -> ResponseReturnValue:
    auth.by_session()
    if caller().account != account_id:
        raise identity_links.refused(attempt, "provider_refused")
    try:
        proofs.refuse_unproved_session(connection(), action_context(), is_proved=session_is_proved())
        identity_links.link(connection(), attempt, identity, action_context())
    except REFUSALS as refusal:
        problems = problems_of(refusal, {})
        return keys_page(problems), problems.status
    return redirect(url_for("web.accounts.show_keys", done="provider"), HTTPStatus.SEE_OTHER)


@blueprint.post("/account/keys/provider")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def begin_link() -> ResponseReturnValue:
    """Show the way to the identity provider, whose answer links the account; for a proof."""
    try:
        proved_own_keys("link_provider", action_context())
    except REFUSALS as refusal:
        problems = problems_of(refusal, proof_label())
        return keys_page(problems), problems.status
    token, address = _begun(None, caller().account)
    return set_attempt(make_response(render_template("account/provider.html", address=address)), token)


@blueprint.post("/account/keys/provider/end")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def end_link() -> ResponseReturnValue:
    """End the link of the account to the identity provider, for a proof."""
    try:
        identity_links.unlink(connection(), proved_own_keys("unlink_provider", action_context()))
    except REFUSALS as refusal:
        problems = problems_of(refusal, proof_label())
        return keys_page(problems), problems.status
    return redirect(url_for("web.accounts.show_keys", done="provider_ended"), HTTPStatus.SEE_OTHER)
