"""Anchoring the trail: the Merkle root over the events that have come since the anchor before, chained to it."""

from typing import Any

import sqlalchemy as sa
from psycopg.errors import LockNotAvailable

from service.actions import trail
from service.actions.rows import Rows
from service.actions.trail import Asked
from service.chain import GENESIS, Tree, anchored
from service.queries import anchors
from service.tables.events import anchor, event
from workflows.terms import Plain

PATIENCE = "2s"
"""How long writers may be kept waiting by who asks whether they are done."""


def settled(tx: sa.Connection) -> int | None:
    """The number up to which no event can come any more; None when a long transaction is still writing.

    Numbers are given out in the order of writing, not of committing, so the writers of the moment are waited for. Let
    the transaction end before the anchor is made: until then nobody can write an event.
    """
    try:
        with tx.begin_nested():
            tx.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
            tx.execute(sa.text("LOCK TABLE event IN SHARE MODE"))
    except sa.exc.OperationalError as late:
        if isinstance(late.orig, LockNotAvailable):
            return None
        raise
    return tx.scalar(sa.select(sa.func.max(event.c.no))) or 0


def make(tx: sa.Connection, up_to: int, asked: Asked) -> sa.Row[Any] | None:
    """Anchor every event up to a settled number; None when no event has come since the last anchor.

    The anchor is an event too, on the chain of the account that made it, so the next one stands over it.
    """
    tx.execute(sa.text("LOCK TABLE anchor IN SHARE ROW EXCLUSIVE MODE"))
    before, tree = anchors.last(tx), Tree()
    after = before.up_to if before else 0
    streamed = {"stream_results": True, "yield_per": 5000}
    for row in tx.execute(anchors.arrived(after, up_to), execution_options=streamed):
        tree.add(row.hash)
    if not tree.leaves:
        return None
    no, prev = (before.no + 1, before.hash) if before else (1, GENESIS)
    columns = {"no": no, "on": asked.today, "at": asked.at, "up_to": up_to, "events": tree.leaves, "root": tree.root()}
    rows = Rows()
    rows.add(anchor, {**columns, "hash": anchored(prev, columns)})
    facts: dict[str, Plain] = {"no": no, "events": tree.leaves}
    trail.append(tx, "account", asked.caller.account, "anchor", facts, asked, rows)
    return anchors.last(tx)
