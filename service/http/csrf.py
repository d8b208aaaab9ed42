"""CSRF protection: a form posted from another site is refused."""

import hmac
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import request

from service.http.errors import HttpProblem
from service.http.sessions import Session
from workflows.vocabulary import Reason

FIELD = "_csrf"
"""The hidden field of every form."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME_SITE = frozenset({"same-origin", "none"})


def check_csrf(session: Session) -> None:
    """Refuse with 403 an unsafe request that comes from another site or lacks the token of the session."""
    if request.method in SAFE_METHODS:
        return
    token = request.form.get(FIELD, "")
    if _is_cross_site() or not hmac.compare_digest(token.encode(), session.csrf_token.encode()):
        raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("csrf_invalid", field=FIELD))


def _is_cross_site() -> bool:
    """Return whether the browser says so. Old browsers send neither header; then the token alone decides."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site not in _SAME_SITE:
        return True
    return origin is not None and urlsplit(origin).netloc != request.host
