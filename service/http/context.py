"""The request context: application state, caller, and clock."""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from http import HTTPStatus

import sqlalchemy as sa
from flask import Response, current_app, request

from service.actions.context import ActionContext, BrowserRequest, Moment
from service.clock import UNION_TIME, Clock, now, union_day
from service.config import Settings
from service.crypto.encryption import Keyring
from service.files.scanner import Scanner
from service.files.store import FileStore
from service.http.concurrency import ConcurrencyLimit
from service.http.errors import HttpProblem, is_api_request
from service.http.rate_limit import RateLimiter, address_block
from service.http.request_state import request_state
from service.http.served_record import ServedRecord
from service.http.sessions import SessionStore, cookie_name
from service.observability import logs
from service.queries.scope import Caller
from service.tables.installation import RecordKind
from workflows.vocabulary import Reason

FIRST_YEAR, LAST_YEAR = 1950, 2150
"""The years a demo clock may show."""
DATE_HEADER = "X-Songnuan-Date"
DAY_COOKIE = "songnuan_demo_day"
CLOCK_HEADER = "X-Songnuan-Clock"
RECORD_HEADER = "X-Songnuan-Record"
MAX_LABEL = 120
"""Characters that are kept of what a browser calls itself."""


@dataclass(frozen=True)
class AppState:
    """What a web process holds."""

    settings: Settings
    engine: sa.Engine
    keyring: Keyring
    rate_limiter: RateLimiter
    record: ServedRecord
    sessions: SessionStore
    """Finds the sessions of browsers."""

    files: FileStore
    scanner: Scanner | None
    exports: ConcurrencyLimit


def app_state() -> AppState:
    """Return the state of this web process."""
    state: AppState = current_app.extensions["songnuan"]
    return state


def caller() -> Caller:
    """Return who is calling. requires_role() has set it."""
    found = request_state().caller
    if found is None:
        raise RuntimeError("a view that asks for its caller must declare @requires_role")
    return found


def at() -> datetime:
    """Return the instant of the request, read once."""
    state = request_state()
    if state.at is None:
        state.at = _read_clock()
    return state.at


def real_time() -> datetime:
    """Return the real instant, whatever a demo clock shows: tokens are checked against it."""
    return now()


def today() -> date:
    """Return the union's day of the request: a date in Asia/Shanghai."""
    return union_day(at())


def action_context(version: int | None = None) -> ActionContext:
    """Return the context of an action of this request; `version` is the version the caller has read."""
    state = request_state()
    keyring, request_id = app_state().keyring, logs.REQUEST.get()
    clock = Clock.DEMO if app_state().settings.demo_clock else Clock.SYSTEM
    browser = browser_request() if state.session is not None else None
    now_and_by = (caller(), at(), today(), keyring, version, request_id)
    return ActionContext(*now_and_by, browser=browser, clock=clock, steps=state.steps)


def browser_request() -> BrowserRequest:
    """Return what the browser calls itself, its network, and the real instant."""
    label = "".join(letter for letter in request.headers.get("User-Agent", "") if letter.isprintable())
    cookie = request.cookies.get(cookie_name(app_state().settings))
    brought = sha256(cookie.encode()).digest() if cookie else None
    return BrowserRequest(label[:MAX_LABEL], address_block(request.remote_addr), real_time(), brought)


def moment() -> Moment:
    """Return when a request without a caller is made, and with which keys."""
    clock = Clock.DEMO if app_state().settings.demo_clock else Clock.SYSTEM
    return Moment(at(), today(), app_state().keyring, logs.REQUEST.get(), clock)


def _read_clock() -> datetime:
    """Return the real instant, or in a demo process the one that the request names."""
    named = request.headers.get(DATE_HEADER) or _demo_day()
    if named is None:
        return now()
    if not app_state().settings.demo_clock:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_off", header=DATE_HEADER))
    if app_state().record.kind() is not RecordKind.DEMO:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_on_office", header=DATE_HEADER))
    try:
        instant = datetime.fromisoformat(named)
    except ValueError:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_unreadable")) from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_unreadable"))
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UNION_TIME)


def _demo_day() -> str | None:
    """Return the day that the pages of a demo show: the one chosen in the browser, else the last of its record."""
    state = app_state()
    if is_api_request() or not state.settings.demo_clock or state.record.kind_if_known() is not RecordKind.DEMO:
        return None
    day = request.cookies.get(DAY_COOKIE) or state.record.last_day()
    return f"{day}T{now().astimezone(UNION_TIME):%H:%M:%S}+08:00" if day else None


def mark_demo(response: Response) -> None:
    """Mark every answer of a demo's record, and of a process with a demo clock."""
    if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = app_state().record.kind_if_known()
        if kind is RecordKind.DEMO:
            response.headers[RECORD_HEADER] = kind.value
    if app_state().settings.demo_clock:
        instant = request_state().at
        response.headers[CLOCK_HEADER] = f"demo {instant.isoformat()}" if instant else "demo"
