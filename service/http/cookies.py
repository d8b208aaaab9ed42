"""Cookies of browsers: the session's, and that of an attempt to sign in."""

from flask import Response

from service.actions.sign_in import ATTEMPT_LIVES
from service.http.context import app_state
from service.http.sessions import ATTEMPT_COOKIE, cookie_name, is_secure
from service.queries.sessions import ABSOLUTE


def set_session(response: Response, token: str) -> Response:
    """Give the browser its session, and take its attempt away."""
    settings = app_state().settings
    seconds = int(ABSOLUTE.total_seconds())
    response.set_cookie(
        cookie_name(settings), token, seconds, secure=is_secure(settings), httponly=True, samesite="Lax", path="/"
    )
    response.delete_cookie(ATTEMPT_COOKIE, path="/sign-in")
    return response


def clear_session(response: Response) -> Response:
    """Take the session away."""
    settings = app_state().settings
    response.delete_cookie(cookie_name(settings), secure=is_secure(settings), httponly=True, samesite="Lax", path="/")
    return response


def set_attempt(response: Response, token: str) -> Response:
    """Give the browser an attempt to sign in."""
    seconds, secure = int(ATTEMPT_LIVES.total_seconds()), is_secure(app_state().settings)
    response.set_cookie(ATTEMPT_COOKIE, token, seconds, secure=secure, httponly=True, samesite="Lax", path="/sign-in")
    return response
