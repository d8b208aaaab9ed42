"""Who may call a route: every view names the roles it serves, or the app does not start."""

import hmac
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from service.actions.accounts import token_hash
from service.clock import now
from service.http import idempotency
from service.http.context import (
    address,
    app_state,
    at,
    check_body,
    close_connection,
    commit_or_rollback,
    connection,
    today,
)
from service.http.errors import HttpProblem, database_problem
from service.queries import accounts
from workflows.vocabulary import Reason, Role

View = TypeVar("View", bound=Callable[..., Any])

CASE_WRITERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.REVIEWER, Role.APPROVER, Role.CASHIER, Role.CLOCK)
READERS = (*CASE_WRITERS, Role.AUDITOR)
EVERYONE = tuple(Role)
MONITORING = ("watcher",)
"""Who asks whether the house is well: no account, but this machine or the bearer of the watchers' token."""

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="songnuan"'}
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


def requires_role(*roles: Role) -> Callable[[View], View]:
    """Let a view be called only by accounts that hold one of `roles` somewhere; rules judge the unit later.

    A POST also claims its Idempotency-Key here, after the caller is known and before anything is done.
    """

    def around(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            g.caller = _identified()
            if not g.caller.roles & set(roles):
                raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("role_missing", roles=[role.value for role in roles]))
            check_body()
            if request.method == "POST":
                done_before = idempotency.claim_key(connection(), g.caller, at(), app_state().keyring)
                if done_before is not None:
                    return done_before
            return view(*args, **kwargs)

        checked.needs = roles  # type: ignore[attr-defined]
        return cast(View, checked)

    return around


def public(view: View) -> View:
    """Say that a view may be called without a token."""
    view.needs = ()  # type: ignore[attr-defined]
    return view


def requires_monitoring_access(view: View) -> View:
    """Let a view be called by whoever shows SONGNUAN_MONITORING_TOKEN; where none is set, from this very machine only.

    A request that came through a proxy comes from elsewhere, whatever its last hop.
    """

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        token = app_state().settings.monitoring_token
        shown = request.headers.get("Authorization", "").partition(" ")[2].strip()
        if token is None and (not _is_here(request.remote_addr) or any(name in request.headers for name in FORWARDED)):
            raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("monitoring_only", setting="SONGNUAN_MONITORING_TOKEN"))
        if token is not None and not hmac.compare_digest(shown.encode(), token.encode()):
            app_state().rate_limiter.check("guesses", address())
            app_state().rate_limiter.count("guesses", address())
            raise HttpProblem(HTTPStatus.UNAUTHORIZED, Reason.of("token_invalid"), headers=CHALLENGE)
        return view(*args, **kwargs)

    checked.needs = MONITORING  # type: ignore[attr-defined]
    return cast(View, checked)


def _is_here(remote: str | None) -> bool:
    try:
        return ip_address(remote or "").is_loopback
    except ValueError:
        return not remote  # a socket file has no address, and is on this machine


def _identified() -> Any:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise HttpProblem(HTTPStatus.UNAUTHORIZED, Reason.of("token_missing"), headers=CHALLENGE)
    pace, shown = app_state().rate_limiter, token_hash(text.strip())
    pace.check("guesses", address())
    found = accounts.caller_by_token(connection(), shown, now(), today())
    if found is None:
        pace.count("guesses", address())
        raise HttpProblem(HTTPStatus.UNAUTHORIZED, Reason.of("token_invalid"), headers=CHALLENGE)
    pace.count("token", shown.hex())
    return found


def _finish_request(response: Response) -> Response:
    """Keep a POST's answer with its key, then commit or roll back, then let it go.

    A database that goes away at this moment leaves it open whether the thing was done: the same key finds out.
    """
    try:
        if "claimed" in g:
            idempotency.store_response(connection(), g.caller, response, app_state().keyring)
        return commit_or_rollback(response)
    except SQLAlchemyError as error:
        close_connection(error)
        return database_problem(error)


def register(app: Flask) -> None:
    """End each request's transaction in one place, and refuse to start with a route that names no one."""
    app.after_request(_finish_request)


def unguarded_routes(app: Flask) -> list[str]:
    """The endpoints that do not say who may call them."""
    return sorted(name for name, view in app.view_functions.items() if not hasattr(view, "needs") and name != "static")
