"""Canonical JSON is the only form in which values are hashed: sorted keys, no spaces."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID


def _plain(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return value.hex()
    raise TypeError(f"canonical JSON holds no {type(value).__name__}")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False, default=_plain
)
# JSONEncoder makes one of these for each call, which takes as long as the encoding of a row; CPython has it, PyPy has not.
_make_encoder = getattr(json.encoder, "c_make_encoder", None)
_PARTS = _make_encoder and _make_encoder(
    None, _plain, encode_basestring, None, _ENCODER.key_separator, _ENCODER.item_separator, True, False, False
)


def canonical_json(value: object) -> str:
    """Return a value as canonical JSON: `{"b": 1, "a": date(2025, 9, 1)}` → `{"a":"2025-09-01","b":1}`.

    Ids, dates and instants (in UTC) become text, bytes become hex. Raises TypeError for any other object.
    """
    return "".join(_PARTS(value, 0)) if _PARTS else _ENCODER.encode(value)


def without_nulls(value: Any) -> Any:
    """Return the value without the null members of its objects, so that a new nullable field changes no digest."""
    if isinstance(value, Mapping):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(each) for each in value]
    return value
