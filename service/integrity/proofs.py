"""Proofs: a signed checkpoint covers an event, and a later checkpoint extends an earlier one."""

import sqlalchemy as sa

from service.crypto.checkpoints import consistency_ranges, inclusion_path, proof_text, read_checkpoint, roots_of
from service.crypto.witness import Request
from service.integrity.stored_rows import streamed
from service.queries import anchors
from service.tables.events import anchor, event


def event_proof(conn: sa.Connection, no: int) -> str | None:
    """Return the tlog-proof of the event with this number; None without such an event, or a checkpoint over it."""
    leaf = conn.scalar(sa.select(event.c.hash).where(event.c.no == no))
    covering = sa.select(anchor.c.checkpoint).where(anchor.c.checkpoint.is_not(None), anchor.c.up_to >= no)
    note = conn.scalar(covering.order_by(anchor.c.no.desc()).limit(1))
    if leaf is None or note is None:
        return None
    before = sa.select(sa.func.count()).select_from(event).where(event.c.no >= 1, event.c.no < no)
    index, size = conn.scalar(before) or 0, read_checkpoint(note).size
    hashes = (row.hash for row in streamed(conn, anchors.arrived(0, 2**63 - 1).limit(size)))
    return proof_text(index, inclusion_path(hashes, index, size), leaf, note)


def witness_request(conn: sa.Connection, old: int) -> str | None:
    """Return the request to cosign the last checkpoint, with the proof that it extends a tree of `old` events.

    None without a checkpoint of at least that size.
    """
    signed = sa.select(anchor.c.checkpoint).where(anchor.c.checkpoint.is_not(None))
    note = conn.scalar(signed.order_by(anchor.c.no.desc()).limit(1))
    if note is None or read_checkpoint(note).size < old:
        return None
    size = read_checkpoint(note).size
    hashes = (row.hash for row in streamed(conn, anchors.arrived(0, 2**63 - 1).limit(size)))
    return Request(old, roots_of(hashes, consistency_ranges(old, size)), note).text
