"""What one request knows: the house it came to, its transaction, its clock, and who is calling."""

import json
import re
import time
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request

from service.actions import personal_data_access
from service.actions.context import ActionContext
from service.clock import UNION_TIME, now, union_day
from service.config import Settings
from service.crypto.encryption import Keyring
from service.db.columns import new_id
from service.http.errors import HttpProblem
from service.http.rate_limit import RateLimiter, address_block
from service.observability import logs, metrics
from service.queries.scope import Caller
from workflows.vocabulary import Plain, Reason

DEEPEST = 20
"""How deep a body may be nested."""
FIRST_YEAR, LAST_YEAR = 1950, 2150
"""The years a demo clock may show."""
DATE_HEADER = "X-Songnuan-Date"
CLOCK_HEADER = "X-Songnuan-Clock"
REQUEST_HEADER = "X-Request-Id"
DRAINED = 16 * 2**20
"""Bytes of a refused body that are still taken in."""
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_ACTION = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True)
class AppState:
    """What a web process holds: settings, database, keys, and how often each has asked."""

    settings: Settings
    engine: sa.Engine
    keyring: Keyring
    rate_limiter: RateLimiter


def app_state() -> AppState:
    """The house this process serves."""
    found: AppState = current_app.extensions["songnuan"]
    return found


def connection() -> sa.Connection:
    """The request's one transaction, begun when first asked for."""
    if "connection" not in g:
        g.connection = app_state().engine.connect()
    connection: sa.Connection = g.connection
    return connection


def read_clock() -> datetime:
    """The instant of the request: the real one, or in a demo process the one the request names."""
    given = request.headers.get(DATE_HEADER)
    if given is None:
        return now()
    if not app_state().settings.demo_clock:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_off", header=DATE_HEADER))
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_unreadable")) from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("demo_clock_unreadable"))
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UNION_TIME)


def check_body() -> None:
    """Refuse a body that is no plain JSON before anybody reads it: no other type, no depth that breaks a reader, no
    number without a value, and no notification that PostgreSQL or UTF-8 cannot keep.
    """
    if not request.get_data():
        return
    if not request.is_json:
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Reason.of("unsupported_media_type"))
    try:
        body = json.loads(request.get_data(), parse_constant=_no_number)
        _check_notifications(body, DEEPEST)
    except (ValueError, RecursionError):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("json_unreadable")) from None


def _no_number(word: str) -> None:
    raise ValueError(word)


def _check_notifications(value: object, depth: int) -> None:
    if depth == 0:
        raise RecursionError
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError("NUL")
    elif isinstance(value, list):
        for each in value:
            _check_notifications(each, depth - 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            _check_notifications(key, depth - 1)
            _check_notifications(each, depth - 1)


def at() -> datetime:
    """The request's instant, read once."""
    if "at" not in g:
        g.at = read_clock()
    instant: datetime = g.at
    return instant


def today() -> date:
    """The union's day: a date in Asia/Shanghai."""
    return union_day(at())


def caller() -> Caller:
    """Who is calling; set by auth.needs()."""
    found: Caller = g.caller
    return found


def action_context(version: int | None = None) -> ActionContext:
    """What every action needs to know of this request."""
    return ActionContext(caller(), at(), today(), app_state().keyring, version, logs.REQUEST.get())


def commit_or_rollback(response: Response) -> Response:
    """End the request's transaction before its answer leaves: kept when it went well, undone when it did not."""
    connection: sa.Connection | None = g.pop("connection", None)
    if connection is not None:
        with connection:
            if response.status_code < HTTPStatus.BAD_REQUEST:
                connection.commit()
            else:
                connection.rollback()
                _record_disclosures(connection)
    return response


def _record_disclosures(connection: sa.Connection) -> None:
    """What a refusal told of people is recorded, though all else it came of is undone."""
    persons = g.pop("told", None)
    if persons:
        personal_data_access.record_disclosed_match(connection, persons, action_context())
        connection.commit()


def close_connection(_error: BaseException | None) -> None:
    """Give the connection back whatever happened."""
    connection: sa.Connection | None = g.pop("connection", None)
    if connection is not None:
        connection.close()


def mark_demo_clock(response: Response) -> Response:
    """A process with a demo clock says so on every answer."""
    if app_state().settings.demo_clock:
        given = g.get("at")
        response.headers[CLOCK_HEADER] = f"demo {given.isoformat()}" if given else "demo"
    return response


def start_request() -> None:
    """Give the request its id: the one it brought, if that is well-formed, else a new one; and see that it may come."""
    g.began = time.perf_counter()
    given = request.headers.get(REQUEST_HEADER, "").lower()
    g.named = logs.REQUEST.set(given if logs.WELL_FORMED.fullmatch(given) else str(new_id()))
    app_state().rate_limiter.count("address", address())


def address() -> str:
    """Where the request came from, as limits count it."""
    return address_block(request.remote_addr)


def log_request(response: Response) -> Response:
    """Count the request and write its line: which route, which ids, what answer; no query, no body, no other words."""
    seconds, route = time.perf_counter() - g.began, request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in METHODS else "other"
    metrics.REQUESTS.labels(method, route, response.status_code).inc()
    metrics.SECONDS.labels(route).observe(seconds)
    if "taken" in g and response.status_code < HTTPStatus.BAD_REQUEST:
        metrics.STEPS.labels(*g.taken).inc()
    who = str(g.caller.account) if "caller" in g else None
    told: dict[str, Plain] = {
        "method": method,
        "route": route,
        "path": _path(route),
        "status": response.status_code,
        "account": who,
    }
    logs.log_event("request", **told, ms=round(seconds * 1000), replayed="Idempotency-Replayed" in response.headers)
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        _discard_oversized_body()
    response.headers[REQUEST_HEADER] = logs.REQUEST.get() or ""
    return response


def _discard_oversized_body() -> None:
    """Let a body that is too large come in and go, within reason: who is still sending does not hear the answer."""
    left, body = DRAINED, request.environ["wsgi.input"]
    while left > 0 and (part := body.read(min(left, 2**16))):
        left -= len(part)


def _path(route: str) -> str:
    """The route with the ids and actions it was asked for; any other word in its place might be somebody's name."""
    for name, value in (request.view_args or {}).items():
        if isinstance(value, UUID) or (name == "action" and _ACTION.fullmatch(value)):
            route = re.sub(rf"<(?:\w+:)?{name}>", str(value), route)
    return route


def reset_request_id(_error: BaseException | None) -> None:
    """The thread's next request is another."""
    if "named" in g:
        logs.REQUEST.reset(g.pop("named"))


def register(app: Flask) -> None:
    """Hook the request's id, line, transaction and clock into an app; what is registered first runs last."""
    app.before_request(start_request)
    app.after_request(log_request)
    app.after_request(mark_demo_clock)
    app.teardown_request(close_connection)
    app.teardown_request(reset_request_id)
