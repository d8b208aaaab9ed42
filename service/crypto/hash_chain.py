"""The hash chain links events, and a Merkle tree over them makes anchors."""

from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256
from typing import Any

from workflows.canonical_json import canonical_json

GENESIS = bytes(32)
"""The previous hash of a subject's first event."""

EVENT_VERSION = 2
"""The format of event bodies and row fingerprints, kept as `v` in every body. Another version is not readable."""


def event_hash(prev: bytes, body: str) -> bytes:
    """Return the hash of an event: SHA-256 of the previous hash (32 bytes), then the body as stored."""
    return sha256(prev + body.encode()).digest()


class MerkleTree:
    """A Merkle tree of RFC 6962, built leaf by leaf: it keeps one hash per height, not the whole tree."""

    def __init__(self) -> None:
        self.leaves = 0
        self._subtrees: list[tuple[int, bytes]] = []  # height and root, from left to right

    def add(self, leaf: bytes) -> None:
        """Add a leaf to the right of all others."""
        self.leaves += 1
        # RFC 6962 §2.1: leaves are hashed with the prefix 0, inner nodes with 1, so that neither passes for the other.
        height, subtree = 0, sha256(b"\0" + leaf).digest()
        while self._subtrees and self._subtrees[-1][0] == height:
            subtree = sha256(b"\1" + self._subtrees.pop()[1] + subtree).digest()
            height += 1
        self._subtrees.append((height, subtree))

    def root(self) -> bytes:
        """Return the root over the leaves so far; without leaves, the hash of the empty string."""
        subtrees = [subtree for _, subtree in self._subtrees] or [sha256().digest()]
        root = subtrees.pop()
        while subtrees:
            root = sha256(b"\1" + subtrees.pop() + root).digest()
        return root


def anchor_hash(prev: bytes, columns: Mapping[str, Any]) -> bytes:
    """Return the hash of an anchor: SHA-256 of the previous anchor's hash, then this anchor's columns."""
    at = columns["at"].astimezone(UTC).isoformat()
    body = {"no": columns["no"], "on": columns["on"].isoformat(), "at": at, "up_to": columns["up_to"]}
    return event_hash(prev, canonical_json({**body, "events": columns["events"], "root": bytes(columns["root"]).hex()}))


def anchor_line(columns: Mapping[str, Any]) -> str:
    """Return an anchor as it is printed: number, day, count of events since the previous anchor, hash."""
    return f"{columns['no']} {columns['on']} {columns['events']} {bytes(columns['hash']).hex()}"
