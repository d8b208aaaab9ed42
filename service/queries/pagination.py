"""Cursors for keyset pagination, signed for one list and filter."""

import json
from collections.abc import Mapping
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

from service.crypto.encryption import Keyring


class InvalidCursor(ValueError):
    """The cursor was changed or cut, or belongs to another list."""


def sign_cursor(keyring: Keyring, last: list[str], filters: Mapping[str, object]) -> str:
    """Return the cursor after the row whose key is `last`, valid for this filter only."""
    return _serializer(keyring, filters).dumps(last)


def read_cursor(keyring: Keyring, cursor: str, filters: Mapping[str, object]) -> list[str]:
    """Return the key in a cursor. Raises InvalidCursor."""
    try:
        last: list[str] = _serializer(keyring, filters).loads(cursor)
    except BadData:
        raise InvalidCursor from None
    return last


def _serializer(keyring: Keyring, filters: Mapping[str, object]) -> URLSafeSerializer:
    filter_json = json.dumps(sorted((key, str(value)) for key, value in filters.items()))
    # itsdangerous signs with SHA-1 unless it is given another digest. The salt separates cursors from the other uses of
    # the index key (encryption.blind_index, encryption.fingerprint).
    signer_options = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeSerializer(keyring.index_key, salt=f"cursor|{filter_json}", signer_kwargs=signer_options)
