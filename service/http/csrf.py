"""CSRF protection: a form posted from another site is refused."""

import hmac
import secrets
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from flask import request

from service.http.errors import HttpProblem
from workflows.vocabulary import Reason

FIELD = "_csrf"
"""The hidden field of every form."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME_SITE = frozenset({"same-origin", "none"})


class HasToken(Protocol):
    """A session, or an attempt to sign in: what a form belongs to."""

    @property
    def csrf_token(self) -> str: ...


def check_csrf(session: HasToken) -> None:
    """Refuse with 403 an unsafe request that comes from another site or lacks the token of the session."""
    if request.method in SAFE_METHODS:
        return
    token = _unmasked(request.form.get(FIELD, ""))
    if _is_cross_site() or not hmac.compare_digest(token, session.csrf_token.encode()):
        raise HttpProblem(HTTPStatus.FORBIDDEN, Reason.of("csrf_invalid", field=FIELD))


def is_from_another_site() -> bool:
    """Return whether the browser says that a page of another site led here, also by a redirect of ours.

    A GET that records or begins something asks it. Old browsers do not say.
    """
    return request.headers.get("Sec-Fetch-Site") == "cross-site"


def masked(token: str) -> str:
    """Return the token as a form shows it: another text each time, so that a compressed page gives nothing away."""
    plain = token.encode()
    pad = secrets.token_bytes(len(plain))
    return (pad + bytes(one ^ other for one, other in zip(pad, plain, strict=True))).hex()


def _unmasked(shown: str) -> bytes:
    try:
        both = bytes.fromhex(shown)
    except ValueError:
        return b""
    half = len(both) // 2
    return bytes(one ^ other for one, other in zip(both[:half], both[half:], strict=False))


def _is_cross_site() -> bool:
    """Return whether the browser says so. Old browsers send neither header; then the token alone decides."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site not in _SAME_SITE
    return origin is not None and urlsplit(origin).netloc != request.host
