"""Anchors of the event log: Merkle roots over the events since the last anchor."""

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
"""lock_timeout of LOCK TABLE event: how long writers may wait behind it."""


def settled_event_number(conn: sa.Connection) -> int | None:
    """Return the event number up to which the log is complete; None while a long transaction still writes.

    Let the transaction end before the anchor is added: no event can be written until then.
    """
    # event.no follows the order of writing, not of committing, so the present writers must end first.
    try:
        with conn.begin_nested():
            conn.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            conn.execute(sa.text("LOCK TABLE event IN SHARE MODE"))
    except sa.exc.OperationalError as fault:
        if isinstance(fault.orig, LockNotAvailable):
            return None
        raise
    return conn.scalar(sa.select(sa.func.max(event.c.no))) or 0


def lock_anchors(conn: sa.Connection) -> None:
    """Let nobody else add an anchor until the transaction ends."""
    conn.execute(sa.text("LOCK TABLE anchor IN SHARE ROW EXCLUSIVE MODE"))


def add_anchor(conn: sa.Connection, up_to: int, context: ActionContext) -> sa.Row[Any] | None:
    """Anchor every event up to a settled number; return None when no event has come since the last anchor.

    The anchor is an event too, on the chain of the account that adds it, so the next anchor covers it.
    """
    lock_anchors(conn)
    last_anchor, tree = anchors.last(conn), MerkleTree()
    anchored_up_to = last_anchor.up_to if last_anchor else 0
    streaming = {"stream_results": True, "yield_per": 5000}
    for row in conn.execute(anchors.arrived(anchored_up_to, up_to), execution_options=streaming):
        tree.add(row.hash)
    if not tree.leaves:
        return None
    no, prev = (last_anchor.no + 1, last_anchor.hash) if last_anchor else (1, GENESIS)
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
