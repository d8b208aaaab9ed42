"""The request state holds what the pipeline knows of one request."""

from collections.abc import Callable
from contextvars import Token
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from flask import g

from service.actions.errors import DisclosingRefusal, RecordedRefusal
from service.actions.step_result import StepResult
from service.http.sessions import Session
from service.queries.past_records import PastDay
from service.queries.scope import Caller
from service.queries.sessions import Attempt


@dataclass(slots=True)
class RequestState:
    """One request, from its first line to its log line."""

    started: float
    """time.perf_counter() at its start."""

    log_token: Token[str | None]
    """Resets the request id of the log."""

    client_request: str | None = None
    """The id that the caller gave the request; it is logged beside ours and never taken as ours."""

    caller: Caller | None = None
    session: Session | None = None
    at: datetime | None = None
    connection: sa.Connection | None = None
    claimed_key: str | None = None
    """The idempotency key whose answer is stored with the commit."""

    attempt: Attempt | None = None
    """The attempt to sign in of a browser without a session."""

    past: PastDay | None = None
    """The past day whose record the request reads."""

    recorded_refusals: list[DisclosingRefusal | RecordedRefusal] = field(default_factory=list)
    """Refusals that are written down after the rollback: failed sign-ins, and what a refusal disclosed."""

    kept_writes: list[Callable[[sa.Connection], object]] = field(default_factory=list)
    """Writes that a refused request leaves too: the challenge of a passkey, which is used up by any answer."""

    steps: list[StepResult] = field(default_factory=list)
    """Steps taken in the request; counted once they are committed."""


def request_state() -> RequestState:
    """Return the state of the request being served."""
    state: RequestState = g.request_state
    return state


def has_request_state() -> bool:
    """Return whether the pipeline has started the request."""
    return "request_state" in g
