"""Anchors of the event log: Merkle roots over the events since the last anchor."""

from typing import Any

import sqlalchemy as sa
from psycopg.errors import LockNotAvailable

from service.actions import event_log
from service.actions.context import ActionContext
from service.actions.write_batch import WriteBatch
from service.crypto.checkpoints import signed_checkpoint
from service.crypto.hash_chain import GENESIS, MerkleTree, anchor_hash, anchor_line
from service.crypto.signed_notes import SigningKey
from service.db.columns import new_id
from service.queries import accounts, anchors
from service.tables.events import anchor, event
from service.tables.notifications import notification
from workflows.notifications import CHECKPOINT
from workflows.vocabulary import Plain, Role

LOCK_TIMEOUT = "2s"
"""lock_timeout of lock_event_log(): how long writers may wait behind it."""


def settled_event_number(conn: sa.Connection) -> int | None:
    """Return the event number up to which the log is complete; None while a long transaction still writes.

    Let the transaction end before the anchor is added: no event can be written until then.
    """
    # event.no follows the order of writing, not of committing, so the present writers must end first.
    try:
        with conn.begin_nested():
            conn.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            conn.execute(sa.text("SELECT lock_event_log()"))
    except sa.exc.OperationalError as fault:
        if isinstance(fault.orig, LockNotAvailable):
            return None
        raise
    return conn.scalar(sa.select(sa.func.max(event.c.no))) or 0


def lock_anchors(conn: sa.Connection) -> None:
    """Let nobody else add an anchor until the transaction ends."""
    conn.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('anchor'))"))


def add_anchor(
    conn: sa.Connection, up_to: int, context: ActionContext, key: SigningKey | None = None
) -> sa.Row[Any] | None:
    """Anchor every event up to a settled number; return None when no event has come since the last anchor.

    With the log's `key` the anchor carries a checkpoint, which is sent to every auditor. The anchor is an event too, on
    the chain of the account that adds it, so the next anchor covers it.
    """
    lock_anchors(conn)
    last_anchor = anchors.last(conn)
    whole, since = _trees(conn, last_anchor.up_to if last_anchor else 0, up_to, whole=key is not None)
    if not since.leaves:
        return None
    no, prev = (last_anchor.no + 1, last_anchor.hash) if last_anchor else (1, GENESIS)
    columns = {"no": no, "on": context.today, "at": context.at, "up_to": up_to}
    columns |= {"events": since.leaves, "root": since.root()}
    columns |= {"hash": anchor_hash(prev, columns)}
    note = signed_checkpoint(key, whole, anchor_line(columns)) if key is not None else None
    batch = WriteBatch()
    batch.add(anchor, {**columns, "checkpoint": note} if note is not None else columns)
    facts: dict[str, Plain] = {"no": no, "events": since.leaves}
    seq = event_log.append_event(conn, "account", context.caller.account, "anchor", facts, context, batch)
    if note is not None:
        _queue_letters(conn, seq, context)
    return anchors.last(conn)


def _trees(conn: sa.Connection, anchored: int, up_to: int, *, whole: bool) -> tuple[MerkleTree, MerkleTree]:
    """Return the tree over all events up to a number, and the one over those since the last anchor."""
    every, since = MerkleTree(), MerkleTree()
    streaming = {"stream_results": True, "yield_per": 5000}
    for row in conn.execute(anchors.arrived(0 if whole else anchored, up_to), execution_options=streaming):
        every.add(row.hash)
        if row.no > anchored:
            since.add(row.hash)
    return every, since


def _queue_letters(conn: sa.Connection, seq: int, context: ActionContext) -> None:
    """Send the checkpoint to the inbox and the address of every auditor: a line is then kept outside by itself."""
    letter = {"subject_id": context.caller.account, "seq": seq, "kind": CHECKPOINT.kind}
    letter |= {"on": context.today, "request": context.request, "not_before": context.at, "created_at": context.at}
    rows = [
        {"id": new_id(), "channel": channel, "account_id": auditor.id, **letter}
        for auditor in accounts.holders_of(conn, Role.AUDITOR, context.today)
        for channel in (("inbox", "email") if auditor.mailed else ("inbox",))
    ]
    if rows:
        batch = WriteBatch()
        batch.add(notification, *rows)
        facts: dict[str, Plain] = {"kind": CHECKPOINT.kind, "notifications": len(rows)}
        event_log.append_event(conn, "account", context.caller.account, "remind", facts, context, batch)
