"""ETag and If-Match: a row's version is its tag, and an edit must say which version it has read."""

from http import HTTPStatus

from flask import Response, make_response, request
from werkzeug.http import parse_etags, quote_etag

from service.http.errors import HttpProblem
from workflows.vocabulary import Reason

LONGEST = 9
"""Digits of a version."""


def tagged(response: object, version: int) -> Response:
    """The answer with its ETag; 304 when the caller has this version already."""
    made = make_response(response)
    made.headers["ETag"] = quote_etag(str(version))
    if request.method == "GET" and str(version) in request.if_none_match:
        made.set_data(b"")
        made.status_code = HTTPStatus.NOT_MODIFIED
    return made


def version_read(*, required: bool) -> int | None:
    """The version the caller says it has read. 428 when it must say and does not, or says no tag of ours."""
    header = request.headers.get("If-Match")
    if header is None:
        if required:
            raise HttpProblem(HTTPStatus.PRECONDITION_REQUIRED, Reason.of("if_match_missing"))
        return None
    tags = parse_etags(header)
    numbers = [tag for tag in tags.as_set() if tag.isascii() and tag.isdigit() and len(tag) <= LONGEST]
    if len(numbers) != 1:
        raise HttpProblem(HTTPStatus.PRECONDITION_REQUIRED, Reason.of("if_match_unreadable"))
    return int(numbers[0])
