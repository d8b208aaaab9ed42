"""The only place where a "no" becomes an HTTP answer: RFC 9457 problem details with every reason, in words."""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import sqlalchemy.exc
from flask import Flask, Response, g, json, request
from werkzeug.exceptions import HTTPException

from service.actions.errors import DisclosingRefusal, NotFound, VersionConflict, refusal_of
from service.i18n.catalogue import LANGUAGES
from service.i18n.reason_messages import problem_document
from service.observability import logs, metrics
from workflows.policy import NoPolicy, PoliciesOverlap
from workflows.policy_values import InvalidPolicy
from workflows.vocabulary import InvalidForm, Reason, Refused
from workflows.workdays import CalendarUnknown, InvalidCalendar

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}(?:[.\[](?:[A-Za-z_][A-Za-z0-9_]{0,60}|[0-9]{1,4})\]?){0,9}")
"""What the name of a field looks like: name, name.0.name, name[0].name."""

AWAY: tuple[tuple[tuple[str, ...], str, int], ...] = (
    (("25006",), "database_read_only", 30),
    (("25P03", "40", "53", "55P03", "57014"), "database_busy", 2),
    (("08", "57P"), "database_away", 5),
)
"""SQLSTATEs that begin so are nobody's fault and end by themselves: the code, and after how many seconds to try again."""


class HttpProblem(Exception):
    """A refusal of the face itself: no token, no key, wrong version, unknown page."""

    def __init__(self, status: int, *reasons: Reason, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.status, self.reasons, self.headers = status, reasons, headers or {}


def language() -> str:
    """The reader's language: Chinese unless the request asks for English."""
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"], "zh-CN")
    return LANGUAGES[1] if best == "en" else LANGUAGES[0]


def problem_response(status: int, reasons: Iterable[Reason], headers: Mapping[str, str] | None = None) -> Response:
    """A problem document: title, code of the first reason, and all of them with words and values."""
    listed = [_named(reason) for reason in reasons]
    for reason in listed:
        metrics.REFUSALS.labels(reason.code).inc()
    document = problem_document(HTTPStatus(status), listed, language(), logs.REQUEST.get())
    return Response(
        json.dumps(document, ensure_ascii=False),
        status,
        content_type="application/problem+json",
        headers=dict(headers or {}),
    )


CODES: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "unprocessable",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_server_error",
}
"""What Flask and webargs refuse by themselves; our own names, because the standard library renames its."""


def _http(error: HTTPException) -> Response:
    """404, 405, 413 and webargs' 422, in the same form; the fields marshmallow refused become reasons."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    messages = getattr(error, "data", {}).get("messages", {}) if hasattr(error, "data") else {}
    reasons = [Reason.of("field_wrong", field=where, fault=fault) for where, fault in _flat(messages)]
    headers = {key: value for key, value in error.get_headers() if key in {"Allow", "Retry-After"}}
    return problem_response(
        status, reasons or [Reason.of(CODES.get(status, "http_error"), status=int(status))], headers
    )


def _flat(messages: object, where: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            inner = str(key) if not where or where in {"json", "query", "headers"} else f"{where}.{key}"
            yield from _flat(value, inner)
    elif isinstance(messages, list):
        for value in messages:
            yield from _flat(value, where)
    else:
        yield where, str(messages)


def _named(reason: Reason) -> Reason:
    """The reason with its field named only where that is a name: somebody's number typed as one is not repeated."""
    field = reason.values.get("field")
    if not isinstance(field, str) or _FIELD.fullmatch(field):
        return reason
    return Reason(reason.code, {**reason.values, "field": "?"})


def database_problem(error: sqlalchemy.exc.SQLAlchemyError) -> Response:
    """503 for a database that is away, busy or takes no writes just now; anything else it says is a fault of ours."""
    code, wait = _passing(error)
    if code is None:
        return _unexpected(error)
    logs.log_event("database", "warning", code=code, fault=logs.describe_exception(error))
    return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, [Reason(code)], {"Retry-After": str(wait)})


_HUNG_UP = "This connection is closed"
"""What the pool says when a server hangs up twice in a row (db._still_there)."""


def _passing(error: sqlalchemy.exc.SQLAlchemyError) -> tuple[str | None, int]:
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return "database_busy", 2
    if isinstance(error, sqlalchemy.exc.InvalidRequestError) and str(error) == _HUNG_UP:
        return "database_away", 5
    if not isinstance(error, sqlalchemy.exc.DBAPIError):
        return None, 0
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        lost = isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError)
        return ("database_away", 5) if lost or error.connection_invalidated else (None, 0)
    found = ((code, wait) for states, code, wait in AWAY if state.startswith(states))
    return next(found, (None, 0))


def _unexpected(error: Exception) -> Response:
    logs.log_event("unexpected", "error", fault=logs.describe_exception(error))
    return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, [Reason.of("internal_server_error")])


def _version_conflict(error: VersionConflict) -> Response:
    return problem_response(
        HTTPStatus.PRECONDITION_FAILED, [Reason.of("stale", seen=error.seen, present=error.present)]
    )


def _overlap(error: PoliciesOverlap) -> Response:
    return problem_response(HTTPStatus.CONFLICT, [Reason.of("policies_overlap", policies=list(error.keys))])


def _policy(problem: Any) -> Reason:
    return Reason.of("policy_" + problem.code, field=problem.path, **dict(problem.values))


def _disclosing_refusal(error: DisclosingRefusal) -> Response:
    g.told = error.persons
    return problem_response(HTTPStatus.CONFLICT, error.reasons)


HANDLERS: Mapping[type[Exception], Callable[[Any], Response]] = {
    HttpProblem: lambda error: problem_response(error.status, error.reasons, error.headers),
    DisclosingRefusal: _disclosing_refusal,
    Refused: lambda error: problem_response(HTTPStatus.CONFLICT, error.reasons),
    InvalidForm: lambda error: problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, error.problems),
    InvalidPolicy: lambda error: problem_response(
        HTTPStatus.UNPROCESSABLE_ENTITY, [_policy(each) for each in error.problems]
    ),
    InvalidCalendar: lambda error: problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, error.problems),
    NotFound: lambda _error: problem_response(HTTPStatus.NOT_FOUND, [Reason.of("not_found")]),
    VersionConflict: _version_conflict,
    NoPolicy: lambda _error: problem_response(HTTPStatus.CONFLICT, [Reason.of("no_policy")]),
    PoliciesOverlap: _overlap,
    CalendarUnknown: lambda error: problem_response(
        HTTPStatus.CONFLICT, [Reason.of("calendar_unknown", year=error.year)]
    ),
    sqlalchemy.exc.IntegrityError: lambda error: problem_response(HTTPStatus.CONFLICT, refusal_of(error).reasons),
    sqlalchemy.exc.DataError: lambda _error: problem_response(
        HTTPStatus.UNPROCESSABLE_ENTITY, [Reason.of("value_unstorable")]
    ),
    sqlalchemy.exc.SQLAlchemyError: database_problem,
    HTTPException: _http,
    Exception: _unexpected,
}
"""Every "no" of the house, a row each."""


def register(app: Flask) -> None:
    """Teach an app every "no" of the house."""
    for kind, handler in HANDLERS.items():
        app.register_error_handler(kind, handler)
    app.log_exception = _logged  # type: ignore[method-assign, assignment]


def _logged(told: Any) -> None:
    logs.log_event("unexpected", "error", fault=logs.describe_exception(told[1]))
