"""ETags carry the version of a row; an edit names the version it has read, in If-Match or in a field of the form."""

from http import HTTPStatus

from flask import Response, make_response, request
from werkzeug.http import parse_etags, quote_etag

from service.http.errors import HttpProblem, is_api_request
from workflows.vocabulary import Reason

FIELD = "_version"
"""The hidden field of a form that carries the version."""

MAX_DIGITS = 9


def tagged(response: object, version: int) -> Response:
    """Return the answer with its ETag; 304 where the caller has this version already."""
    answer = make_response(response)
    answer.headers["ETag"] = quote_etag(str(version))
    if request.method == "GET" and str(version) in request.if_none_match:
        answer.set_data(b"")
        answer.status_code = HTTPStatus.NOT_MODIFIED
    return answer


def version_read(*, required: bool) -> int | None:
    """Return the version the caller has read. Raises HttpProblem 428 where it is required and missing, or unreadable."""
    named = _versions_in_header() if is_api_request() else request.form.getlist(FIELD)
    if named is None or (not named and not is_api_request()):
        if required:
            raise HttpProblem(HTTPStatus.PRECONDITION_REQUIRED, Reason.of("if_match_missing"))
        return None
    versions = [each for each in named if each.isascii() and each.isdigit() and len(each) <= MAX_DIGITS]
    if len(versions) != 1:
        raise HttpProblem(HTTPStatus.PRECONDITION_REQUIRED, Reason.of("if_match_unreadable"))
    return int(versions[0])


def _versions_in_header() -> list[str] | None:
    header = request.headers.get("If-Match")
    return None if header is None else list(parse_etags(header).as_set())
