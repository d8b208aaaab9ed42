"""A migration that fills a column or a table records what it writes in the event log (docs/decisions/0019)."""

# This module is frozen with the event format (`v` = 2): an old migration must do the same under newer code.

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from service.crypto.hash_chain import GENESIS, event_hash
from workflows.canonical_json import canonical_json

BATCH_SIZE = 1000
"""Largest number of rows in one event."""


def record_filled_column(
    conn: sa.Connection, log_table: str, log_column: str, rows: sa.Select[Any], revision: str
) -> int:
    """Append events with the value that each older row received; return the number of rows.

    `rows` selects each row's key as text and its value; rows without a value are left out. `log_table` and
    `log_column` are the event log's names. The events go to the chain of the account with the role `clock`.
    Raises LookupError when there are rows and no such account.
    """
    filled = ((key, value) for key, value in conn.execute(rows) if value is not None)
    count = 0
    for batch in _batches(filled):
        name = f"{log_table}.{log_column}"
        digests = {key: _digest([log_table, log_column, value]) for key, value in batch.items()}
        clock = _clock_account(conn)
        facts = {"column": name, "rows": len(batch), "revision": revision}
        _append(conn, ("account", clock, "fill_column"), clock, facts, {name: digests})
        count += len(batch)
    return count


def record_filled_row(
    conn: sa.Connection,
    subject: tuple[str, UUID],
    log_table: str,
    key: str,
    row: Mapping[str, Any],
    revision: str,
    *,
    written_once: bool = False,
) -> None:
    """Append an event with one row that the migration wrote, to the chain of its subject.

    `row` holds the columns written once, without nulls, by the event log's names; the changing columns are null.
    `written_once` is for a table that has no changing column.
    """
    facts = {"table": log_table, "revision": revision}
    digest = _digest([log_table, dict(row)])
    rows = {log_table: {key: digest if written_once else {"fixed": digest}}}
    _append(conn, (*subject, "fill_table"), _clock_account(conn), facts, rows)


def _batches(rows: Iterator[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    while batch := dict(islice(rows, BATCH_SIZE)):
        yield batch


def _digest(content: list[Any]) -> str:
    return sha256(canonical_json(content).encode()).hexdigest()


def _clock_account(conn: sa.Connection) -> UUID:
    query = sa.text("SELECT account_id FROM role_grant WHERE role = 'clock' ORDER BY id LIMIT 1")
    account_id: UUID | None = conn.scalar(query)
    if account_id is None:
        raise LookupError("there are rows to fill, but no account holds the role 'clock' to record them under")
    return account_id


def _append(
    conn: sa.Connection, source: tuple[str, UUID, str], actor: UUID, facts: Mapping[str, Any], rows: Mapping[str, Any]
) -> None:
    subject, subject_id, action = source
    head = conn.execute(
        sa.text("SELECT seq, hash FROM chain_head WHERE id = :id FOR UPDATE"), {"id": subject_id}
    ).one_or_none()
    seq, prev = (head.seq + 1, bytes(head.hash)) if head else (1, GENESIS)
    at = datetime.now(UTC)
    on = at.astimezone(ZoneInfo("Asia/Shanghai")).date()
    envelope = {"v": 2, "subject": subject, "id": str(subject_id), "seq": seq, "action": action}
    context = {"actor": str(actor), "on": on.isoformat(), "at": at.isoformat(), "request": None, "clock": "system"}
    body = canonical_json({**envelope, **context, "facts": facts, "rows": rows})
    values = {"id": subject_id, "subject": subject, "action": action, "actor": actor, "seq": seq, "on": on, "at": at}
    values |= {"body": body, "prev": prev, "hash": event_hash(prev, body)}
    conn.execute(_EVENT, values)
    conn.execute(_HEAD, values)


_EVENT = sa.text(
    'INSERT INTO event (subject_id, seq, subject, action, actor_id, "on", at, body, prev, hash)'
    " VALUES (:id, :seq, :subject, :action, :actor, :on, :at, :body, :prev, :hash)"
)
_HEAD = sa.text(
    "INSERT INTO chain_head (id, seq, hash) VALUES (:id, :seq, :hash)"
    " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
)
