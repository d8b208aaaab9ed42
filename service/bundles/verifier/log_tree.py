"""The log tree is built over the hashes of all events, and compared with anchors and checkpoints."""

import base64
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from service.bundles.verifier.findings import Findings
from service.bundles.verifier.signatures import Key, NoteUnreadable, cosigned_at, has_signed, split_note

NOTE = re.compile(r"^\S[^\n]*\n\d+\n[A-Za-z0-9+/]{43}=\n(?:anchor [^\n]*\n)?\n(?:— [^\n]+(?:\n|\Z))+", re.MULTILINE)
LONGEST_ACT = timedelta(hours=1)
"""An event has the instant at which its act began, and may be written so much later."""


class Tree:
    """A Merkle tree of RFC 6962, built leaf by leaf."""

    def __init__(self) -> None:
        self.leaves = 0
        self._subtrees: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Add a leaf to the right of all others."""
        self.leaves += 1
        height, subtree = 0, sha256(b"\0" + leaf).digest()
        while self._subtrees and self._subtrees[-1][0] == height:
            subtree = sha256(b"\1" + self._subtrees.pop()[1] + subtree).digest()
            height += 1
        self._subtrees.append((height, subtree))

    def root(self) -> bytes:
        """Return the root over the leaves so far."""
        subtrees = [subtree for _, subtree in self._subtrees] or [sha256().digest()]
        root = subtrees.pop()
        while subtrees:
            root = sha256(b"\1" + subtrees.pop() + root).digest()
        return root


def instant(text: str) -> datetime:
    """Return an instant from its text. Raises ValueError for one without an offset from UTC."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


@dataclass(frozen=True)
class Anchor:
    """One anchor: the root over the events since the anchor before, and the checkpoint made with it."""

    no: int
    on: str
    at: datetime
    up_to: int
    events: int
    root: bytes
    hash: bytes
    checkpoint: str | None
    columns: dict[str, Any]

    @property
    def line(self) -> str:
        """Return the anchor as it is printed."""
        return f"{self.no} {self.on} {self.events} {self.hash.hex()}"

    def is_after(self, prev: bytes) -> bool:
        """Return whether the hash of the anchor follows from that of the anchor before it and its columns."""
        text = json.dumps(self.columns, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(prev + text.encode()).digest() == self.hash


def read_anchor(line: str) -> Anchor:
    """Return an anchor from its line of JSON. Raises ValueError, KeyError, TypeError."""
    row = json.loads(line)
    columns = {name: row[name] for name in ("no", "on", "at", "up_to", "events", "root")}
    at, root, own = instant(row["at"]), bytes.fromhex(row["root"]), bytes.fromhex(row["hash"])
    numbers = (int(row["up_to"]), int(row["events"]))
    return Anchor(int(row["no"]), str(row["on"]), at, *numbers, root, own, row["checkpoint"], columns)


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: the name of the log, the size of the tree, its root, and the anchor made with it."""

    origin: str
    size: int
    root: bytes
    anchor: str


def read_checkpoint(note: str) -> Checkpoint:
    """Return what a signed checkpoint says. Raises NoteUnreadable."""
    try:
        origin, size, root, *rest = split_note(note)[0].splitlines()
        return Checkpoint(origin, int(size), base64.b64decode(root, validate=True), "".join(rest)[len("anchor ") :])
    except ValueError:
        raise NoteUnreadable("no checkpoint") from None


def kept_checkpoints(text: str) -> list[str]:
    """Return the signed checkpoints that a text holds, also within letters."""
    found = NOTE.findall(text.replace("\r\n", "\n"))
    return [note if note.endswith("\n") else note + "\n" for note in found]


class LogTree:
    """Receives the events' numbers and hashes in their order, and compares the tree wherever something says its root."""

    def __init__(self, anchors: Sequence[Anchor], key: Key | None, kept: Iterable[Checkpoint], found: Findings) -> None:
        self.anchors, self.key, self.found = anchors, key, found
        self.kept: dict[int, list[bytes]] = {}
        for each in kept:
            self.kept.setdefault(each.size, []).append(each.root)
        self._whole, self._since = Tree(), Tree()
        self._next, self._prev, self._last_up_to = 0, bytes(32), 0

    def add(self, no: int, leaf: bytes) -> None:
        """Add the hash of the next event."""
        while self._next < len(self.anchors) and no > self.anchors[self._next].up_to:
            self._close()
        self._whole.add(leaf)
        self._since.add(leaf)
        for root in self.kept.pop(self._whole.leaves, ()):
            self._compare_kept(self._whole.leaves, root)

    def around(self) -> tuple[datetime | None, datetime | None]:
        """Return the earliest and the latest instant of the event that was added last."""
        before = self.anchors[self._next - 1].at - LONGEST_ACT if self._next else None
        after = self.anchors[self._next].at + LONGEST_ACT if self._next < len(self.anchors) else None
        return before, after

    def end(self) -> None:
        """Compare what is left after the last event."""
        while self._next < len(self.anchors):
            self._close()
        for size in sorted(self.kept):
            self.found.log_fault("kept_differs", size=size)
        self.found.counts["free"] = self._since.leaves
        self.found.counts["events"] = self._whole.leaves

    def _compare_kept(self, size: int, root: bytes) -> None:
        self.found.add("kept")
        if self._whole.root() != root:
            self.found.log_fault("kept_differs", size=size)

    def _close(self) -> None:
        """Compare the next anchor with the events since the one before, and its checkpoint with all events."""
        anchor = self.anchors[self._next]
        place: dict[str, object] = {"no": anchor.no, "on": anchor.on, "size": self._whole.leaves}
        if anchor.no != self._next + 1 or anchor.up_to <= self._last_up_to or not anchor.is_after(self._prev):
            self.found.log_fault("anchor_out_of_chain", **place)
        if (self._since.leaves, self._since.root()) != (anchor.events, anchor.root):
            self.found.log_fault("anchor_differs", **place)
        if anchor.checkpoint is not None:
            self._compare_checkpoint(anchor, anchor.checkpoint, place)
        if self.found.is_log_whole:
            self.found.good_anchor = (anchor.no, anchor.on, self._whole.leaves)
        self.found.add("anchors")
        self._next, self._prev, self._last_up_to, self._since = self._next + 1, anchor.hash, anchor.up_to, Tree()

    def _compare_checkpoint(self, anchor: Anchor, note: str, place: dict[str, object]) -> None:
        self.found.add("checkpoints")
        try:
            said, is_signed = read_checkpoint(note), self.key is None or has_signed(self.key, note)
        except NoteUnreadable:
            self.found.log_fault("checkpoint_differs", **place)
            return
        if (said.size, said.root, said.anchor) != (self._whole.leaves, self._whole.root(), anchor.line):
            self.found.log_fault("checkpoint_differs", **place)
        if not is_signed or (self.key is not None and said.origin != self.key.name):
            self.found.log_fault("checkpoint_unsigned", **place)


def count_cosigned(notes: Iterable[str], witness: Key) -> int:
    """Return how many of these checkpoints a witness cosigned. A note that cannot be read has no signature."""
    number = 0
    for note in notes:
        try:
            number += cosigned_at(witness, note) is not None
        except NoteUnreadable:
            continue
    return number
