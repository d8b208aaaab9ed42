"""The access log: the id of a request, its line in the log, and its figures."""

import re
import time
from http import HTTPStatus
from uuid import UUID

from flask import Response, request

from service.db.columns import new_id
from service.http.request_state import RequestState, request_state
from service.observability import logs, metrics
from workflows.vocabulary import Plain

REQUEST_HEADER = "X-Request-Id"
CLIENT_REQUEST_HEADER = "X-Client-Request-Id"
MAX_DISCARDED = 16 * 2**20
"""Bytes of an oversized body that are read and discarded."""
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_ACTION = re.compile(r"[a-z_]{1,40}")


def new_request() -> RequestState:
    """Return the state of a new request: an id of our own, and beside it the well-formed one it brings."""
    # A caller could give many requests one id, or the id of somebody else's request.
    brought = request.headers.get(REQUEST_HEADER, "").lower()
    client_request = brought if logs.WELL_FORMED.fullmatch(brought) else None
    return RequestState(time.perf_counter(), logs.REQUEST.set(str(new_id())), client_request)


def write(response: Response) -> None:
    """Count the request and log its route, ids and answer: no query string, no body, no other word of the request."""
    state = request_state()
    seconds = time.perf_counter() - state.started
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in METHODS else "other"
    metrics.REQUESTS.labels(method, route, response.status_code).inc()
    metrics.SECONDS.labels(route).observe(seconds)
    line: dict[str, Plain] = {
        "method": method,
        "route": route,
        "path": _path(route),
        "status": response.status_code,
        "client_request": state.client_request,
        "account": str(state.caller.account) if state.caller else None,
    }
    logs.log_event("request", **line, ms=round(seconds * 1000), replayed="Idempotency-Replayed" in response.headers)
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        _discard_oversized_body()
    response.headers[REQUEST_HEADER] = logs.REQUEST.get() or ""
    if state.client_request is not None:
        response.headers[CLIENT_REQUEST_HEADER] = state.client_request


def count_steps(state: RequestState) -> None:
    """Count the steps that the request has committed."""
    for step in state.steps:
        metrics.STEPS.labels(step.programme, step.action).inc()


def end_request(state: RequestState) -> None:
    """Reset the request id of the log: the thread's next request is another."""
    logs.REQUEST.reset(state.log_token)


def _discard_oversized_body() -> None:
    # A client that is still sending would not read the 413.
    left, body = MAX_DISCARDED, request.environ["wsgi.input"]
    while left > 0 and (part := body.read(min(left, 2**16))):
        left -= len(part)


def _path(route: str) -> str:
    """Return the route with its ids and actions; any other word in its place might be somebody's name."""
    for name, value in (request.view_args or {}).items():
        if isinstance(value, UUID) or (name == "action" and _ACTION.fullmatch(value)):
            route = re.sub(rf"<(?:\w+:)?{name}>", str(value), route)
    return route
