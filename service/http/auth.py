"""Authentication and authorisation: every view says who may call it, or the app does not start."""

import hmac
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, TypeVar, cast

from flask import Flask, request

from service.actions.accounts import token_hash
from service.actions.errors import RecordedRefusal
from service.clock import now
from service.http.context import app_state, today
from service.http.csrf import SAFE_METHODS, check_csrf
from service.http.errors import HttpProblem, is_api_request
from service.http.rate_limit import address_block
from service.http.request_body import check_body, check_no_body
from service.http.request_state import request_state
from service.http.sessions import ATTEMPT_COOKIE, cookie_name
from service.http.transaction import connection
from service.queries import accounts
from service.queries.scope import Caller
from service.queries.sessions import attempt_by_token
from workflows.vocabulary import Reason, Refused, Role

View = TypeVar("View", bound=Callable[..., Any])
Result = TypeVar("Result")

CASE_WRITERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.REVIEWER, Role.APPROVER, Role.CASHIER, Role.CLOCK)
READERS = (*CASE_WRITERS, Role.AUDITOR)
EVERYONE = tuple(Role)
INVITED = ("invited",)
"""Who may accept an invitation: whoever has its code."""

SIGNING_IN = ("signing in",)
"""Who may sign in: a browser without a session."""

MONITORING = ("watcher",)
"""Who may read health and metrics: no account, but this machine or the bearer of the monitoring token."""

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="songnuan"'}
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


def requires_role(*roles: Role, signed_in_is_enough: bool = False) -> Callable[[View], View]:
    """Let a view be called only by accounts that hold one of `roles` in some unit; the rules judge the unit later.

    The caller is known by a bearer token under /api, and by a session cookie with the session's CSRF token on a page:
    neither is accepted in the place of the other. `signed_in_is_enough` is for the pages of one's own account, which
    people open before their second factor makes their roles usable.
    """

    def around(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            found = _by_token() if is_api_request() else _by_session()
            request_state().caller = found
            if not found.roles & set(roles) and not signed_in_is_enough:
                raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("role_missing", roles=[role.value for role in roles]))
            check_body()
            return view(*args, **kwargs)

        checked.needs = roles  # type: ignore[attr-defined]
        return cast(View, checked)

    return around


def public(view: View) -> View:
    """Let a view be called without authentication."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check_no_body()
        return view(*args, **kwargs)

    checked.needs = ()  # type: ignore[attr-defined]
    return cast(View, checked)


def by_invitation(view: View) -> View:
    """Let a view be called by whoever has an invitation; a wrong one counts as a failed token of the address."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check_body()
        _check_failures()
        try:
            return view(*args, **kwargs)
        except Refused:
            _count_failure()
            raise

    checked.needs = INVITED  # type: ignore[attr-defined]
    return cast(View, checked)


def signing_in(view: View) -> View:
    """Let a view be called by a browser that has no session; a form must carry the token of its attempt."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check_body()
        if request.method not in SAFE_METHODS:
            _check_failures()  # before anything is read or hashed
        state, cookie = request_state(), request.cookies.get(ATTEMPT_COOKIE)
        if cookie:
            state.attempt = attempt_by_token(connection(), sha256(cookie.encode()).digest(), now())
        if request.method not in SAFE_METHODS:
            if state.attempt is None:
                raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("sign_in_over"))
            check_csrf(state.attempt)
        return view(*args, **kwargs)

    checked.needs = SIGNING_IN  # type: ignore[attr-defined]
    return cast(View, checked)


def check_guesses() -> None:
    """Refuse with 429 a network that has failed too often; called before a password is hashed."""
    _check_failures()


def counting_guesses(check: Callable[[], Result]) -> Result:
    """Return what a check of a password or code returns; count its refusal as a failed sign-in of the network."""
    try:
        return check()
    except RecordedRefusal:
        count_guess()
        raise


def count_guess() -> None:
    """Count a failed sign-in of the network."""
    app_state().rate_limiter.count("guesses", address_block(request.remote_addr))


def requires_monitoring_access(view: View, *, here: bool = False) -> View:
    """Let a view be called with SONGNUAN_MONITORING_TOKEN; where none is set, by nobody, or with `here` from this machine."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        token = app_state().settings.monitoring_token
        shown = request.headers.get("Authorization", "").partition(" ")[2].strip()
        if token is None and not (here and _is_direct()):
            raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("monitoring_only", setting="SONGNUAN_MONITORING_TOKEN"))
        if token is not None and not hmac.compare_digest(shown.encode(), token.encode()):
            _count_failure()
            raise HttpProblem(HTTPStatus.UNAUTHORIZED, Reason.of("token_invalid"), headers=CHALLENGE)
        check_no_body()
        return view(*args, **kwargs)

    checked.needs = MONITORING  # type: ignore[attr-defined]
    return cast(View, checked)


def _is_direct() -> bool:
    """Return whether the request comes from this machine, and from no proxy that says so."""
    return _is_here(request.remote_addr) and not any(name in request.headers for name in FORWARDED)


def _is_here(remote: str | None) -> bool:
    try:
        return ip_address(remote or "").is_loopback
    except ValueError:
        return not remote  # a Unix socket has no address, and is on this machine


def _by_token() -> Caller:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise HttpProblem(HTTPStatus.UNAUTHORIZED, Reason.of("token_missing"), headers=CHALLENGE)
    shown = token_hash(text.strip())
    _check_failures()
    found = accounts.caller_by_token(connection(), shown, now(), today())
    if found is None:
        _count_failure()
        raise HttpProblem(HTTPStatus.UNAUTHORIZED, Reason.of("token_invalid"), headers=CHALLENGE)
    app_state().rate_limiter.count("token", shown.hex())
    return found


def by_session() -> None:
    """Note the caller of the session cookie, on a page that is served without one too. Raises HttpProblem 401."""
    request_state().caller = _by_session()


def _by_session() -> Caller:
    cookie = request.cookies.get(cookie_name(app_state().settings))
    if not cookie:
        raise HttpProblem(HTTPStatus.UNAUTHORIZED, Reason.of("session_missing"))
    shown = sha256(cookie.encode()).digest()
    _check_failures()
    session = app_state().sessions.find(connection(), shown, now(), today())
    if session is None:
        _count_failure()
        raise HttpProblem(HTTPStatus.UNAUTHORIZED, Reason.of("session_missing"))
    app_state().rate_limiter.count("token", shown.hex())
    check_csrf(session)
    request_state().session = session
    return session.caller


def _check_failures() -> None:
    app_state().rate_limiter.check("guesses", address_block(request.remote_addr))


def _count_failure() -> None:
    _check_failures()
    app_state().rate_limiter.count("guesses", address_block(request.remote_addr))


def unguarded_routes(app: Flask) -> list[str]:
    """Return the endpoints that do not say who may call them."""
    return sorted(name for name, view in app.view_functions.items() if not hasattr(view, "needs") and name != "static")
