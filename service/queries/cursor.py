"""Pages by key: a cursor names the last row seen, is bound to its filter and signed, so that it cannot be bent."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

from service.privacy import Keyring


class BadCursor(ValueError):
    """The cursor was altered, cut, or belongs to another list."""


def _mark(ring: Keyring, text: str, filters: Mapping[str, object]) -> str:
    bound = json.dumps([text, sorted((key, str(value)) for key, value in filters.items())])
    return hmac.new(ring.index_key, b"cursor|" + bound.encode(), sha256).hexdigest()[:24]


def write(ring: Keyring, last: list[str], filters: Mapping[str, object]) -> str:
    """A cursor after the row whose key is `last`, for this filter only."""
    text = json.dumps(last)
    return urlsafe_b64encode(json.dumps([text, _mark(ring, text, filters)]).encode()).decode()


def read(ring: Keyring, cursor: str, filters: Mapping[str, object]) -> list[str]:
    """The key a cursor names. Raises BadCursor."""
    try:
        text, mark = json.loads(urlsafe_b64decode(cursor.encode()))
        if not hmac.compare_digest(str(mark), _mark(ring, text, filters)):
            raise BadCursor
        return [str(each) for each in json.loads(text)]
    except (ValueError, TypeError, UnicodeError):
        raise BadCursor from None
