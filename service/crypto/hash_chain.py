"""The hash chain of the event log, the Merkle tree over it, and the hash of an anchor."""

from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256
from typing import Any

from workflows.canonical_json import canonical_json

GENESIS = bytes(32)
"""What the first event of a subject is linked to."""


def event_hash(prev: bytes, body: str) -> bytes:
    """The hash of an event: the previous hash, which has a fixed length, then the body as stored."""
    return sha256(prev + body.encode()).digest()


class MerkleTree:
    """A Merkle tree over leaves as they come (RFC 6962: leaves and nodes are hashed apart); it keeps a line, not a tree."""

    def __init__(self) -> None:
        self.leaves = 0
        self._tops: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """One more leaf, to the right of all others."""
        self.leaves += 1
        height, top = 0, sha256(b"\0" + leaf).digest()
        while self._tops and self._tops[-1][0] == height:
            top = sha256(b"\1" + self._tops.pop()[1] + top).digest()
            height += 1
        self._tops.append((height, top))

    def root(self) -> bytes:
        """The root over the leaves so far; of none, the hash of nothing."""
        tops = [top for _, top in self._tops] or [sha256().digest()]
        root = tops.pop()
        while tops:
            root = sha256(b"\1" + tops.pop() + root).digest()
        return root


def anchor_hash(prev: bytes, columns: Mapping[str, Any]) -> bytes:
    """The hash of an anchor: that of the anchor before, then what this one says."""
    at = columns["at"].astimezone(UTC).isoformat()
    said = {"no": columns["no"], "on": columns["on"].isoformat(), "at": at, "up_to": columns["up_to"]}
    return event_hash(prev, canonical_json({**said, "events": columns["events"], "root": bytes(columns["root"]).hex()}))


def anchor_line(columns: Mapping[str, Any]) -> str:
    """An anchor as it is printed and kept: its number, its day, how many events it stands over, its hash."""
    return f"{columns['no']} {columns['on']} {columns['events']} {bytes(columns['hash']).hex()}"
