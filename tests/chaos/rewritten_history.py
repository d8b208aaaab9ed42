"""Rewritten history is consistent again: chains, heads, anchors and checkpoints, with the log's key."""

import json
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.crypto.checkpoints import signed_checkpoint
from service.crypto.hash_chain import GENESIS, MerkleTree, anchor_hash, anchor_line, event_hash
from service.crypto.signed_notes import SigningKey
from service.tables.cases import case
from service.tables.events import anchor, chain_head, event
from service.tables.row_fingerprints import FINGERPRINTS
from workflows.canonical_json import canonical_json


def rehash_chain(conn: sa.Connection, subject_id: UUID) -> None:
    """Compute the hashes of a chain again from the bodies as they are, and its head."""
    prev, seq = GENESIS, 0
    chain = sa.select(event.c.seq, event.c.body).where(event.c.subject_id == subject_id).order_by(event.c.seq)
    for row in conn.execute(chain).all():
        digest = event_hash(prev, row.body)
        this = sa.and_(event.c.subject_id == subject_id, event.c.seq == row.seq)
        conn.execute(event.update().where(this).values(prev=prev, hash=digest))
        prev, seq = digest, row.seq
    conn.execute(case.update().where(case.c.id == subject_id).values(version=seq, head_hash=prev))
    conn.execute(chain_head.update().where(chain_head.c.id == subject_id).values(seq=seq, hash=prev))


def rewrite_body(conn: sa.Connection, subject_id: UUID, seq: int, said: dict[str, Any]) -> None:
    """Change what an event says, and compute its chain again."""
    this = sa.and_(event.c.subject_id == subject_id, event.c.seq == seq)
    body = json.loads(conn.scalars(sa.select(event.c.body).where(this)).one())
    conn.execute(event.update().where(this).values(body=canonical_json(body | said)))
    rehash_chain(conn, subject_id)


def anchor_again(conn: sa.Connection, key: SigningKey) -> None:
    """Make every anchor and checkpoint again over the events as they are, and the events that record the anchors."""
    whole, prev, after = MerkleTree(), GENESIS, 0
    for row in conn.execute(sa.select(anchor).order_by(anchor.c.no)).mappings().all():
        since = MerkleTree()
        covered = sa.select(event.c.hash).where(event.c.no > after, event.c.no <= row["up_to"]).order_by(event.c.no)
        for digest in conn.scalars(covered):
            whole.add(digest)
            since.add(digest)
        columns = {**row, "events": since.leaves, "root": since.root()}
        columns["hash"] = prev = anchor_hash(prev, columns)
        if row["checkpoint"] is not None:
            columns["checkpoint"] = signed_checkpoint(key, whole, anchor_line(columns))
        conn.execute(anchor.update().where(anchor.c.no == row["no"]).values(columns))
        _record_anchor(conn, columns)
        after = row["up_to"]


def _record_anchor(conn: sa.Connection, columns: dict[str, Any]) -> None:
    """Let the event of an anchor name the row as it is now."""
    no = sa.cast(event.c.body, sa.JSON)["facts", "no"].as_integer()
    one = sa.select(event.c.subject_id, event.c.seq).where(event.c.action == "anchor", no == columns["no"])
    row = conn.execute(one).one()
    fingerprint = FINGERPRINTS["anchor"]
    rows = {"anchor": {fingerprint.key_of(columns): dict(fingerprint.entries(columns))["anchor"]}}
    rewrite_body(conn, row.subject_id, row.seq, {"rows": rows})
