"""Errors become HTTP answers here alone: one table, rendered as problem details (RFC 9457) or as a page."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import sqlalchemy.exc
from flask import Flask, Response, g, json, render_template, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from service.actions.errors import DisclosingRefusal, NotFound, RecordedRefusal, VersionConflict, refusal_of
from service.files.store import OtherInstallation, StoreUnavailable
from service.http.request_state import request_state
from service.i18n.catalogue import LANGUAGES, translate
from service.i18n.reason_messages import message_for, problem_document
from service.observability import logs, metrics
from service.schemas.fields import UnknownField
from workflows.policy import NoPolicy, PoliciesOverlap
from workflows.policy_values import InvalidPolicy, PolicyProblem
from workflows.vocabulary import InvalidForm, Reason, Refused
from workflows.workdays import CalendarUnknown, InvalidCalendar

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}(?:[.\[](?:[A-Za-z_][A-Za-z0-9_]{0,60}|[0-9]{1,4})\]?){0,9}")
"""The name of a field: name, name.0.name, name[0].name."""

TRANSIENT: tuple[tuple[tuple[str, ...], str, int], ...] = (
    (("25006",), "database_read_only", 30),
    (("25P03", "40", "53", "55P03", "57014"), "database_busy", 2),
    (("08", "57P"), "database_away", 5),
)
"""Beginnings of SQLSTATEs that pass by themselves: the reason code, and the seconds to wait before trying again."""


class HttpProblem(Exception):
    """An answer with an error status: the reasons, and headers such as Retry-After."""

    def __init__(self, status: int, *reasons: Reason, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.status, self.reasons, self.headers = status, reasons, headers or {}


def is_api_request() -> bool:
    """Return whether the request is one of the JSON API, and not of a page."""
    return request.path.startswith(API_PREFIX)


API_PREFIX = "/api/"
MONITORING_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Read by programs, though outside /api."""


LANGUAGE_COOKIE = "songnuan_language"


def language() -> str:
    """Return the reader's language: that of the page's switch, else English where the request asks for it, else Chinese."""
    found: str | None = g.get("language")
    if found is None:  # a page asks for each of its texts
        found = g.language = _chosen_language() or _best_language(request.headers.get("Accept-Language", ""))
    return found


def _chosen_language() -> str | None:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES and not is_api_request() else None


@lru_cache(maxsize=256)
def _best_language(accepted: str) -> str:
    best = parse_accept_header(accepted, LanguageAccept).best_match(["zh-CN", "zh", "en"], "zh-CN")
    return LANGUAGES[1] if best == "en" else LANGUAGES[0]


def respond(problem: HttpProblem) -> Response:
    """Return the answer to a problem: a problem document for programs, a page for people. Counts its reasons."""
    reasons = [_without_input(reason) for reason in problem.reasons]
    for reason in reasons:
        metrics.REFUSALS.labels(reason.code).inc()
    if not is_program() and reasons and reasons[0].code == SESSION_MISSING:
        return _to_sign_in()
    response = (_problem_document if is_program() else _error_page)(problem.status, reasons)
    response.headers.extend(problem.headers)
    return response


SESSION_MISSING = "session_missing"


def is_program() -> bool:
    """Return whether a program reads the answer, and not a person."""
    return is_api_request() or request.path in MONITORING_PATHS


def _to_sign_in() -> Response:
    """Lead a browser without a session to the sign-in page, which leads back to the page it asked for."""
    path = request.full_path.rstrip("?") if request.method == "GET" else ""
    target = "/sign-in" + (f"?{urlencode({'next': path})}" if path not in {"", "/"} else "")
    if request.headers.get("HX-Request") == "true":
        return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": target})
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": target})


def _problem_document(status: int, reasons: list[Reason]) -> Response:
    document = problem_document(HTTPStatus(status), reasons, language(), logs.REQUEST.get())
    return Response(json.dumps(document, ensure_ascii=False), status, content_type="application/problem+json")


def _error_page(status: int, reasons: list[Reason]) -> Response:
    lang = language()
    labels = {name: translate(f"pages.error.{name}", lang) for name in ("title", "request", "back")}
    messages = [message_for(reason, lang) for reason in reasons]
    page = render_template("error.html", lang=lang, labels=labels, messages=messages, request_id=logs.REQUEST.get())
    return Response(page, status, content_type="text/html; charset=utf-8")


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
"""Codes of what Flask and webargs refuse. Our own names: the standard library renames its."""


def _http(error: HTTPException) -> HttpProblem:
    """Return 404, 405, 413 and webargs' 422; the fields that marshmallow refused become reasons."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    messages = getattr(error, "data", {}).get("messages", {}) if hasattr(error, "data") else {}
    reasons = [_of_field(field, fault) for field, fault in flat(messages)]
    headers = {key: value for key, value in error.get_headers() if key in {"Allow", "Retry-After"}}
    default = Reason.of(CODES.get(status, "http_error"), status=int(status))
    return HttpProblem(status, *(reasons or [default]), headers=headers)


def _of_field(field: str, fault: object) -> Reason:
    if isinstance(fault, UnknownField):
        return Reason.of("field_unknown", field=field, known=list(fault.known))
    return Reason.of("field_wrong", field=field, fault=str(fault))


def flat(messages: object, where: str = "") -> Iterable[tuple[str, object]]:
    """Yield the faults that marshmallow found, each with the path of its field: `members.0.name`."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            inner = str(key) if not where or where in {"json", "query", "headers", "form"} else f"{where}.{key}"
            yield from flat(value, inner)
    elif isinstance(messages, list):
        for value in messages:
            yield from flat(value, where)
    else:
        yield where, messages


def _without_input(reason: Reason) -> Reason:
    """Return the reason with its field named only where that is a name: a number typed as one is not repeated."""
    field = reason.values.get("field")
    if not isinstance(field, str) or _FIELD.fullmatch(field):
        return reason
    return Reason(reason.code, {**reason.values, "field": "?"})


def database_problem(error: sqlalchemy.exc.SQLAlchemyError) -> Response:
    """Return 503 for a database that is away, busy or read-only; 500 for anything else."""
    return respond(_database(error))


def _database(error: sqlalchemy.exc.SQLAlchemyError) -> HttpProblem:
    code, wait = _transient_code(error)
    if code is None:
        return _unexpected(error)
    logs.log_event("database", "warning", code=code, fault=logs.describe_exception(error))
    return HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, Reason(code), headers={"Retry-After": str(wait)})


def _store_away(error: StoreUnavailable | OtherInstallation) -> HttpProblem:
    logs.log_event("file_store", "warning", fault=logs.describe_exception(error))
    return HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, Reason("file_store_away"), headers={"Retry-After": "30"})


_CLOSED_BY_POOL = "This connection is closed"
"""What the pool says when a server closes two connections in a row (db/engine.py)."""


def _transient_code(error: sqlalchemy.exc.SQLAlchemyError) -> tuple[str | None, int]:
    """Return the code of a fault that passes by itself, and the seconds to wait; None for any other."""
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return "database_busy", 2
    if isinstance(error, sqlalchemy.exc.InvalidRequestError) and str(error) == _CLOSED_BY_POOL:
        return "database_away", 5
    if not isinstance(error, sqlalchemy.exc.DBAPIError):
        return None, 0
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        lost = isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError)
        return ("database_away", 5) if lost or error.connection_invalidated else (None, 0)
    found = ((code, wait) for states, code, wait in TRANSIENT if state.startswith(states))
    return next(found, (None, 0))


def _unexpected(error: Exception) -> HttpProblem:
    logs.log_event("unexpected", "error", fault=logs.describe_exception(error))
    return HttpProblem(HTTPStatus.INTERNAL_SERVER_ERROR, Reason.of("internal_server_error"))


def note_refusal(error: Refused) -> None:
    """Keep a refusal that must be written down after the rollback. A page that shows a refusal itself calls it too."""
    if isinstance(error, DisclosingRefusal | RecordedRefusal):
        request_state().recorded_refusals.append(error)


def _refused(error: Refused) -> HttpProblem:
    note_refusal(error)
    return HttpProblem(HTTPStatus.CONFLICT, *error.reasons)


def policy_reason(problem: PolicyProblem) -> Reason:
    """Return a problem of a policy file as a reason whose field is its path in the file."""
    return Reason.of("policy_" + problem.code, field=problem.path, **dict(problem.values))


CONFLICT, UNPROCESSABLE = HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY

# fmt: off
PROBLEMS: Mapping[type[Exception], Callable[[Any], HttpProblem]] = {
    HttpProblem:       lambda error: error,
    Refused:           _refused,
    InvalidForm:       lambda error: HttpProblem(UNPROCESSABLE, *error.problems),
    InvalidPolicy:     lambda error: HttpProblem(UNPROCESSABLE, *map(policy_reason, error.problems)),
    InvalidCalendar:   lambda error: HttpProblem(UNPROCESSABLE, *error.problems),
    NotFound:          lambda _error: HttpProblem(HTTPStatus.NOT_FOUND, Reason.of("not_found")),
    VersionConflict:   lambda error: HttpProblem(HTTPStatus.PRECONDITION_FAILED, Reason.of("stale", seen=error.seen, present=error.present)),
    NoPolicy:          lambda _error: HttpProblem(CONFLICT, Reason.of("no_policy")),
    PoliciesOverlap:   lambda error: HttpProblem(CONFLICT, Reason.of("policies_overlap", policies=list(error.keys))),
    CalendarUnknown:   lambda error: HttpProblem(CONFLICT, Reason.of("calendar_unknown", year=error.year)),
    StoreUnavailable:  _store_away,
    OtherInstallation: _store_away,
    sqlalchemy.exc.IntegrityError:  lambda error: HttpProblem(CONFLICT, *refusal_of(error).reasons),
    sqlalchemy.exc.DataError:       lambda _error: HttpProblem(UNPROCESSABLE, Reason.of("value_unstorable")),
    sqlalchemy.exc.SQLAlchemyError: _database,
    HTTPException:     _http,
    Exception:         _unexpected,
}
# fmt: on
"""The answer to every error, a row each."""


def register(app: Flask) -> None:
    """Register the table with an app."""
    for kind in PROBLEMS:
        app.register_error_handler(kind, _answer_to(kind))
    app.log_exception = _log_exception  # type: ignore[method-assign]


def _answer_to(kind: type[Exception]) -> Callable[[Exception], Response]:
    return lambda error: respond(PROBLEMS[kind](error))


def _log_exception(exc_info: Any) -> None:
    logs.log_event("unexpected", "error", fault=logs.describe_exception(exc_info[1]))
