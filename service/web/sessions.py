"""/sign-in, /sign-out, /language: a person signs in with password and second factor, and signs out."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import sign_in
from service.actions.errors import RecordedRefusal
from service.actions.sessions import end_session
from service.actions.sign_in import Continued
from service.http import auth
from service.http.auth import EVERYONE, requires_role, signing_in
from service.http.context import action_context, app_state, browser_request, moment, real_time
from service.http.cookies import clear_session, set_attempt, set_session
from service.http.csrf import is_from_another_site
from service.http.errors import LANGUAGE_COOKIE, HttpProblem, note_refusal
from service.http.known_names import takes_query
from service.http.relying_party import relying_party
from service.http.request_state import request_state
from service.http.sessions import is_secure
from service.http.transaction import connection, roll_back
from service.i18n.catalogue import LANGUAGES
from service.queries import sessions as read
from service.queries.sessions import Attempt
from service.web.refusals import messages_of
from workflows.vocabulary import Reason

blueprint = Blueprint("sessions", __name__)


def local_path(path: str | None) -> str | None:
    """Return a path of these pages, and nothing that leads elsewhere: `/cases/1`, not `//elsewhere.example`."""
    if (
        not path
        or not path.startswith("/")
        or path.startswith(("//", "/\\", "/sign-", "/api/"))
        or not path.isprintable()
    ):
        return None
    return path[:500]


@blueprint.get("/sign-in")
@signing_in
@takes_query("next")
def show_sign_in() -> Response:
    """Show the form for login and password."""
    asked = request.args.get("next", "")
    if is_from_another_site():
        asked = asked.partition("?")[0]  # a link of another site searches for nobody after the sign-in
    cookie = sign_in.begin_attempt(connection(), local_path(asked), browser_request())
    request_state().attempt = read.attempt_by_token(connection(), sign_in.token_hash(cookie.token), real_time())
    return set_attempt(make_response(sign_in_form()), cookie.token)


def sign_in_form(problems: tuple[str, ...] = (), login: str = "") -> str:
    """Return the page with the forms of a sign-in."""
    ways = {"has_passkeys": relying_party() is not None, "has_provider": bool(app_state().settings.identity_provider)}
    return render_template("sign_in/password.html", problems=problems, login=login, **ways)


@blueprint.post("/sign-in")
@signing_in
def enter_password() -> ResponseReturnValue:
    """Check login and password; with a second factor, ask for it."""
    attempt, login = attempt_of_request(), request.form.get("login", "").strip()
    second_factor = app_state().sessions.second_factor
    try:
        cookie = sign_in.enter_password(
            connection(),
            attempt,
            login,
            request.form.get("password", ""),
            browser_request(),
            moment(),
            second_factor=second_factor,
        )
    except RecordedRefusal as refusal:
        return refused_sign_in(refusal, sign_in_form(messages_of(refusal.reasons), login))
    if isinstance(cookie, Continued):
        response = redirect(url_for("web.sessions.show_second_factor"), HTTPStatus.SEE_OTHER)
        return set_attempt(make_response(response), cookie.token)
    return signed_in(attempt, cookie.token)


def refused_sign_in(refusal: RecordedRefusal, page: str) -> ResponseReturnValue:
    """Return the page of a refused sign-in; count it, and keep what is recorded after the rollback."""
    auth.count_guess()
    note_refusal(refusal)
    roll_back()
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def signed_in(attempt: Attempt, token: str) -> Response:
    """Lead to the page that was asked for, with the cookie of the new session."""
    target = attempt.next_path or url_for("web.inbox.show_inbox")
    return set_session(make_response(redirect(target, HTTPStatus.SEE_OTHER)), token)


def attempt_of_request() -> Attempt:
    """Return the attempt of this browser. Raises HttpProblem 403 where it is over."""
    attempt = request_state().attempt
    if attempt is None:
        raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("sign_in_over"))
    return attempt


@blueprint.get("/sign-in/second-factor")
@signing_in
def show_second_factor() -> ResponseReturnValue:
    """Show the form for a one-time or recovery code."""
    attempt = request_state().attempt
    if attempt is None or attempt.account_id is None:
        return redirect(url_for("web.sessions.show_sign_in"), HTTPStatus.SEE_OTHER)
    return _second_factor_form()


def _second_factor_form(problems: tuple[str, ...] = ()) -> str:
    """Return the page that asks for a code, or for the passkey of an account that has no codes."""
    return render_template("sign_in/second_factor.html", problems=problems, has_passkeys=relying_party() is not None)


@blueprint.post("/sign-in/second-factor")
@signing_in
def enter_code() -> ResponseReturnValue:
    """Check the code, and start the session."""
    attempt = attempt_of_request()
    try:
        cookie = sign_in.enter_code(connection(), attempt, request.form.get("code", ""), browser_request(), moment())
    except RecordedRefusal as refusal:
        return refused_sign_in(refusal, _second_factor_form(messages_of(refusal.reasons)))
    return signed_in(attempt, cookie.token)


@blueprint.post("/sign-out")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def sign_out() -> Response:
    """End the session of this browser."""
    session = request_state().session
    if session is not None:
        end_session(connection(), session.id, "sign_out", real_time(), action_context())
    return clear_session(make_response(redirect(url_for("web.sessions.show_sign_in"), HTTPStatus.SEE_OTHER)))


@blueprint.get("/language/<lang>")
@auth.public
@takes_query("next")
def choose_language(lang: str) -> Response:
    """Keep the language for this browser, and lead back to the page."""
    target = local_path(request.args.get("next")) or "/"
    response = make_response(redirect(target, HTTPStatus.SEE_OTHER))
    if lang in LANGUAGES:
        secure = is_secure(app_state().settings)
        response.set_cookie(LANGUAGE_COOKIE, lang, 400 * 86400, secure=secure, httponly=True, samesite="Lax")
    return response


def session_id() -> UUID:
    """Return the id of the session of this request."""
    session: Any = request_state().session
    return UUID(str(session.id))
