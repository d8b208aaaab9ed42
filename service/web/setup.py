"""/setup: the owner of an account accepts an invitation with a password of their own."""

from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import passwords, sign_in
from service.http import auth
from service.http.auth import signing_in
from service.http.context import browser_request, moment, real_time
from service.http.cookies import set_attempt, set_session
from service.http.request_state import request_state
from service.http.transaction import connection
from service.queries import sessions as read
from service.web.layout import text
from service.web.refusals import NO_PROBLEMS, Problems, problems_of
from workflows.vocabulary import InvalidForm, Refused

blueprint = Blueprint("setup", __name__)


@blueprint.get("/sign-in/setup")
@signing_in
def show_setup() -> ResponseReturnValue:
    """Show the form for the two halves of an invitation and a new password."""
    cookie = sign_in.begin_attempt(connection(), None, browser_request())
    request_state().attempt = read.attempt_by_token(connection(), sign_in.token_hash(cookie.token), real_time())
    return set_attempt(make_response(_form(NO_PROBLEMS)), cookie.token)


@blueprint.post("/sign-in/setup")
@signing_in
def accept_invitation() -> ResponseReturnValue:
    """Set the first password, and sign in: the second factor is set up on the next page."""
    code, password = request.form.get("code", ""), request.form.get("password", "")
    try:
        passwords.refuse_different(password, request.form.get("repeated", ""))
        context = passwords.set_up_with_password(connection(), code, password, moment())
    except (InvalidForm, Refused) as refusal:
        if isinstance(refusal, Refused):
            auth.count_guess()
        problems = problems_of(refusal, {name: text(f"setup.{name}") for name in ("code", "password", "repeated")})
        return _form(problems), problems.status
    cookie = sign_in.start_session(connection(), "invitation", None, browser_request(), context)
    response = redirect(url_for("web.accounts.show_keys"), HTTPStatus.SEE_OTHER)
    return set_session(make_response(response), cookie.token)


def _form(problems: Problems) -> str:
    return render_template("sign_in/setup.html", problems=problems, code=request.form.get("code", ""))
