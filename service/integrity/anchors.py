"""The anchor check compares anchors and checkpoints with events and with each other."""

import sqlalchemy as sa

from service.crypto.checkpoints import Checkpoint, read_checkpoint
from service.crypto.hash_chain import GENESIS, MerkleTree, anchor_hash, anchor_line
from service.crypto.signed_notes import BadNote, VerifierKey
from service.integrity.faults import Fault
from service.integrity.stored_rows import streamed
from service.queries import anchors
from service.tables.events import event


def anchor_faults(conn: sa.Connection) -> tuple[int, int, list[Fault]]:
    """Return the number of anchors, the number of events after the last anchor, and the faults of the anchors."""
    faults = [
        Fault("event_number_below_one", row.subject, str(row.subject_id), row.seq)
        for row in streamed(conn, anchors.numbered_below_one())
    ]
    number, last_event, prev, whole, is_signed = 0, 0, GENESIS, MerkleTree(), False
    for row in conn.execute(anchors.every()).mappings().all():
        location = ("anchor", str(row["no"]), row["no"])
        linked = row["no"] == number + 1 and row["up_to"] > last_event
        if not linked or anchor_hash(prev, dict(row)) != row["hash"]:
            faults.append(Fault("anchor_out_of_chain", *location))
        tree = MerkleTree()
        for event_row in streamed(conn, anchors.arrived(last_event, row["up_to"])):
            tree.add(event_row.hash)
            whole.add(event_row.hash)
        if (tree.leaves, tree.root()) != (row["events"], row["root"]):
            faults.append(Fault("anchor_differs", *location))
        expected = Checkpoint("", whole.leaves, whole.root(), anchor_line(dict(row)))
        if not _checkpoint_agrees(row["checkpoint"], expected, is_signed=is_signed):
            faults.append(Fault("checkpoint_differs", *location))
        is_signed = is_signed or row["checkpoint"] is not None
        number, last_event, prev = row["no"], row["up_to"], row["hash"]
    unanchored = conn.scalar(sa.select(sa.func.count()).select_from(event).where(event.c.no > last_event)) or 0
    return number, unanchored, faults


def _checkpoint_agrees(note: str | None, expected: Checkpoint, *, is_signed: bool) -> bool:
    """Return whether a checkpoint says what its anchor covers; once one anchor has a checkpoint, each has one."""
    if note is None:
        return not is_signed
    try:
        found = read_checkpoint(note)
    except BadNote:
        return False
    return (found.size, found.root, found.anchor) == (expected.size, expected.root, expected.anchor)


def signature_faults(conn: sa.Connection, key: VerifierKey) -> list[Fault]:
    """Return a fault for each stored checkpoint that the log's key has not signed."""
    return [
        Fault("checkpoint_unsigned", "anchor", str(row.no), row.no)
        for row in conn.execute(anchors.every())
        if row.checkpoint is not None and not _is_signed(row.checkpoint, key)
    ]


def _is_signed(note: str, key: VerifierKey) -> bool:
    try:
        return key.has_signed(note)
    except BadNote:
        return False
