"""The arithmetic of the trail: the one spelling of an event's body, and its link to the one before."""

import json
from collections.abc import Mapping
from hashlib import sha256

from workflows.terms import Plain

GENESIS = bytes(32)
"""What the first event of a subject is linked to."""


def canonical(body: Mapping[str, Plain]) -> str:
    """The one spelling of an event's body: sorted keys, no spaces, no floats (they cannot be in Plain)."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def link(prev: bytes, body: str) -> bytes:
    """The hash of an event: the previous hash, which has a fixed length, then the body as stored."""
    return sha256(prev + body.encode()).digest()
