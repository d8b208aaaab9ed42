"""Who may call a route: every view names the roles it serves, or the app does not start."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, request

from service import repeats
from service.actions.staff import token_hash
from service.db import now
from service.errors import Problem
from service.queries import accounts
from service.request import at, check_body, house, settle, today, tx
from workflows.terms import Reason, Role

View = TypeVar("View", bound=Callable[..., Any])

CASE_ROLES = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.REVIEWER, Role.APPROVER, Role.CASHIER, Role.CLOCK)
READERS = (*CASE_ROLES, Role.AUDITOR)
EVERYONE = tuple(Role)


def needs(*roles: Role) -> Callable[[View], View]:
    """Let a view be called only by accounts that hold one of `roles` somewhere; rules judge the unit later.

    A POST also claims its Idempotency-Key here, after the caller is known and before anything is done.
    """

    def around(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            g.caller = _identified()
            if not g.caller.roles & set(roles):
                raise Problem(HTTPStatus.FORBIDDEN, Reason.of("role_missing", roles=[role.value for role in roles]))
            check_body()
            if request.method == "POST":
                done_before = repeats.claim(tx(), g.caller, at(), house().ring)
                if done_before is not None:
                    return done_before
            return view(*args, **kwargs)

        checked.needs = roles  # type: ignore[attr-defined]
        return cast(View, checked)

    return around


def open_to_all(view: View) -> View:
    """Say that a view may be called without a token."""
    view.needs = ()  # type: ignore[attr-defined]
    return view


def _identified() -> Any:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    challenge = {"WWW-Authenticate": 'Bearer realm="songnuan"'}
    if scheme.lower() != "bearer" or not text.strip():
        raise Problem(HTTPStatus.UNAUTHORIZED, Reason.of("token_missing"), headers=challenge)
    found = accounts.caller_with(tx(), token_hash(text.strip()), now(), today())
    if found is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, Reason.of("token_invalid"), headers=challenge)
    return found


def _finish(response: Response) -> Response:
    """Keep a POST's answer with its key, then commit or roll back, then let it go."""
    if "claimed" in g:
        repeats.keep(tx(), g.caller, response, house().ring)
    return settle(response)


def register(app: Flask) -> None:
    """End each request's transaction in one place, and refuse to start with a route that names no one."""
    app.after_request(_finish)


def unguarded(app: Flask) -> list[str]:
    """The endpoints that do not say who may call them."""
    return sorted(name for name, view in app.view_functions.items() if not hasattr(view, "needs") and name != "static")
