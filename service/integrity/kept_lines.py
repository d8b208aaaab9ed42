"""Kept lines are anchors and checkpoints that somebody kept outside; they are compared with the record."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from service.crypto.checkpoints import Checkpoint, read_checkpoint
from service.crypto.hash_chain import MerkleTree, anchor_line
from service.crypto.signed_notes import VerifierKey
from service.integrity.faults import Fault
from service.integrity.stored_rows import streamed
from service.queries import anchors
from service.tables.events import anchor

_LINE = re.compile(r"(?P<no>\d+) (?P<on>\d{4}-\d\d-\d\d) (?P<events>\d+) (?P<hash>[0-9a-f]{64})")
_NOTE = re.compile(r"^\S[^\n]*\n\d+\n[A-Za-z0-9+/]{43}=\n(?:anchor [^\n]*\n)?\n(?:— [^\n]+(?:\n|\Z))+", re.MULTILINE)
_NO_LIMIT = 2**63 - 1


@dataclass(slots=True)
class KeptLines:
    """How many lines and checkpoints were compared, and what differs."""

    compared: int = 0
    faults: list[Fault] = field(default_factory=list)


def compare_kept(conn: sa.Connection, text: str, key: VerifierKey | None = None) -> KeptLines:
    """Compare what a file holds with the record: anchor lines, and checkpoints, also within letters.

    Without a single checkpoint, each line that is no anchor is a fault.
    """
    text, notes = text.replace("\r\n", "\n"), kept_notes(text)
    kept = KeptLines(compared=len(notes))
    kept.faults += _checkpoint_faults(conn, notes, key)
    for line in filter(None, (each.strip() for each in _NOTE.sub("", text).splitlines())):
        parts = _LINE.fullmatch(line.removeprefix("anchor "))
        if parts is not None:
            kept.compared += 1
            kept.faults += _line_faults(conn, int(parts["no"]), parts.group())
        elif not notes:
            kept.faults.append(Fault("anchor_line_unreadable", "anchor", line[:80]))
    return kept


def kept_notes(text: str) -> list[str]:
    """Return the signed checkpoints that a text holds, also within letters."""
    found = _NOTE.findall(text.replace("\r\n", "\n"))
    return [match if match.endswith("\n") else match + "\n" for match in found]


def _line_faults(conn: sa.Connection, no: int, line: str) -> Iterator[Fault]:
    row = conn.execute(sa.select(anchor).where(anchor.c.no == no)).mappings().one_or_none()
    if row is None:
        yield Fault("anchor_missing", "anchor", str(no))
    elif anchor_line(dict(row)) != line:
        yield Fault("anchor_not_as_kept", "anchor", str(no))


def _checkpoint_faults(conn: sa.Connection, notes: Sequence[str], key: VerifierKey | None) -> Iterator[Fault]:
    kept = sorted((read_checkpoint(note) for note in notes), key=lambda each: each.size)
    roots = _roots(conn, [each.size for each in kept])
    for each in kept:
        if roots.get(each.size) != each.root:
            yield Fault("checkpoint_not_as_kept", "event", str(each.size))
        yield from _line_of(conn, each)
    for note in notes:
        if key is not None and not key.has_signed(note):
            yield Fault("checkpoint_unsigned", "event", str(read_checkpoint(note).size))


def _line_of(conn: sa.Connection, checkpoint: Checkpoint) -> Iterator[Fault]:
    parts = _LINE.fullmatch(checkpoint.anchor)
    if parts is not None:
        yield from _line_faults(conn, int(parts["no"]), parts.group())


def _roots(conn: sa.Connection, sizes: Sequence[int]) -> dict[int, bytes]:
    """Return the root over the first events of each size, in one pass."""
    tree, wanted, roots = MerkleTree(), set(sizes), dict[int, bytes]()
    if not wanted:
        return roots
    for row in streamed(conn, anchors.arrived(0, _NO_LIMIT).limit(max(wanted))):
        tree.add(row.hash)
        if tree.leaves in wanted:
            roots[tree.leaves] = tree.root()
    return roots
