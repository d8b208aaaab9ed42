"""Anchoring the trail: the Merkle root over the events that have come since the anchor before, chained to it."""

from typing import Any

import sqlalchemy as sa
from psycopg.errors import LockNotAvailable

from service.actions import event_log
from service.actions.context import ActionContext
from service.actions.write_batch import WriteBatch
from service.crypto.hash_chain import GENESIS, MerkleTree, anchor_hash
from service.queries import anchors
from service.tables.events import anchor, event
from workflows.vocabulary import Plain

LOCK_TIMEOUT = "2s"
"""How long writers may be kept waiting by who asks whether they are done."""


def settled_event_number(conn: sa.Connection) -> int | None:
    """The number up to which no event can come any more; None when a long transaction is still writing.

    Numbers are given out in the order of writing, not of committing, so the writers of the moment are waited for. Let
    the transaction end before the anchor is made: until then nobody can write an event.
    """
    try:
        with conn.begin_nested():
            conn.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            conn.execute(sa.text("LOCK TABLE event IN SHARE MODE"))
    except sa.exc.OperationalError as late:
        if isinstance(late.orig, LockNotAvailable):
            return None
        raise
    return conn.scalar(sa.select(sa.func.max(event.c.no))) or 0


def add_anchor(conn: sa.Connection, up_to: int, context: ActionContext) -> sa.Row[Any] | None:
    """Anchor every event up to a settled number; None when no event has come since the last anchor.

    The anchor is an event too, on the chain of the account that made it, so the next one stands over it.
    """
    conn.execute(sa.text("LOCK TABLE anchor IN SHARE ROW EXCLUSIVE MODE"))
    before, tree = anchors.last(conn), MerkleTree()
    after = before.up_to if before else 0
    streamed = {"stream_results": True, "yield_per": 5000}
    for row in conn.execute(anchors.arrived(after, up_to), execution_options=streamed):
        tree.add(row.hash)
    if not tree.leaves:
        return None
    no, prev = (before.no + 1, before.hash) if before else (1, GENESIS)
    columns = {
        "no": no,
        "on": context.today,
        "at": context.at,
        "up_to": up_to,
        "events": tree.leaves,
        "root": tree.root(),
    }
    batch = WriteBatch()
    batch.add(anchor, {**columns, "hash": anchor_hash(prev, columns)})
    facts: dict[str, Plain] = {"no": no, "events": tree.leaves}
    event_log.append_event(conn, "account", context.caller.account, "anchor", facts, context, batch)
    return anchors.last(conn)
