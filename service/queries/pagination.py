"""Pages by key: a cursor names the last row seen and is signed for one list and filter."""

import json
from collections.abc import Mapping
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

from service.crypto.encryption import Keyring


class InvalidCursor(ValueError):
    """The cursor was altered, cut, or belongs to another list."""


def sign_cursor(keyring: Keyring, last: list[str], filters: Mapping[str, object]) -> str:
    """Return the cursor after the row whose key is `last`, valid for this filter only."""
    return _serializer(keyring, filters).dumps(last)


def read_cursor(keyring: Keyring, cursor: str, filters: Mapping[str, object]) -> list[str]:
    """Return the key a cursor names. Raises BadCursor."""
    try:
        last: list[str] = _serializer(keyring, filters).loads(cursor)
    except BadData:
        raise InvalidCursor from None
    return last


def _serializer(keyring: Keyring, filters: Mapping[str, object]) -> URLSafeSerializer:
    filtered = json.dumps(sorted((key, str(value)) for key, value in filters.items()))
    # itsdangerous signs with SHA-1 unless it is given another digest. The prefix keeps cursors apart from the other uses
    # of the index key (privacy.blind_index, privacy.fingerprint).
    signer = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeSerializer(keyring.index_key, salt=f"cursor|{filtered}", signer_kwargs=signer)
