"""The request body is checked before anything reads it: JSON under /api, a form on a page and where files are sent."""

import json
from http import HTTPStatus

from flask import request

from service.http.errors import HttpProblem, is_api_request
from service.http.known_names import refuse_body_without_schema
from service.http.uploads import is_upload
from workflows.vocabulary import Reason

MAX_DEPTH = 20
"""How deep a JSON body may be nested."""

FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def check_body() -> None:
    """Refuse a body of another type (415), or one that PostgreSQL or UTF-8 cannot store (400)."""
    if is_api_request() and not is_upload():
        _check_json()
    elif request.content_length or request.mimetype:
        _check_form()


def check_no_body() -> None:
    """Refuse any body, on a route that is open to everybody or to monitoring."""
    if request.content_length:
        _check_json()


def _check_json() -> None:
    if not request.get_data():
        return
    if not request.is_json:
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Reason.of("unsupported_media_type"))
    try:
        _check_value(json.loads(request.get_data(), parse_constant=_refuse_constant), MAX_DEPTH)
    except (ValueError, RecursionError):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("json_unreadable")) from None
    refuse_body_without_schema()


def _check_form() -> None:
    if request.mimetype not in FORM_TYPES:
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Reason.of("unsupported_media_type"))
    for name, values in request.form.lists():
        for text in (name, *values):
            # werkzeug decodes with errors="replace": U+FFFD stands for bytes that are not UTF-8.
            if "\0" in text or "\ufffd" in text:
                raise HttpProblem(HTTPStatus.BAD_REQUEST, Reason.of("form_unreadable"))


def _refuse_constant(word: str) -> None:
    raise ValueError(word)  # NaN and Infinity are not JSON


def _check_value(value: object, depth: int) -> None:
    if depth == 0:
        raise RecursionError
    if isinstance(value, str):
        value.encode()  # raises UnicodeEncodeError, a ValueError, for a lone surrogate
        if "\0" in value:
            raise ValueError("NUL")
    elif isinstance(value, list):
        for each in value:
            _check_value(each, depth - 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            _check_value(key, depth - 1)
            _check_value(each, depth - 1)
