"""Files that were made of long exports: those of one account, and those that wait."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller
from service.tables.prepared_files import prepared_file, prepared_part

MOST_OWN = 50
"""The latest files that the page shows."""


def own(conn: sa.Connection, caller: Caller) -> list[sa.Row[Any]]:
    """Return the latest files of the caller, the newest first."""
    rows = sa.select(prepared_file).where(prepared_file.c.account_id == caller.account)
    return list(conn.execute(rows.order_by(prepared_file.c.id.desc()).limit(MOST_OWN)))


def ready(conn: sa.Connection, file_id: UUID, caller: Caller, since: datetime) -> sa.Row[Any] | None:
    """Return a file of the caller's own that is made and was asked for `since`, or None."""
    mine = prepared_file.c.id == file_id, prepared_file.c.account_id == caller.account
    is_ready = prepared_file.c.state == "ready", prepared_file.c.asked_at > since
    return conn.execute(sa.select(prepared_file).where(*mine, *is_ready)).one_or_none()


def number_waiting(conn: sa.Connection, account: UUID) -> int:
    """Return how many files of an account are not made yet."""
    rows = sa.select(sa.func.count()).where(prepared_file.c.account_id == account, prepared_file.c.state == "waiting")
    return conn.scalar(rows) or 0


def waiting(conn: sa.Connection, since: datetime) -> list[UUID]:
    """Return the files that were asked for `since` and are not made yet, the oldest first."""
    rows = sa.select(prepared_file.c.id).where(prepared_file.c.state == "waiting", prepared_file.c.asked_at > since)
    return list(conn.scalars(rows.order_by(prepared_file.c.id)))


def lock_making(conn: sa.Connection, file_id: UUID) -> bool:
    """Return whether no other process makes this file; from now on this transaction does."""
    # A row that is locked could not say how far it is. The lock ends with the transaction, also when its process dies.
    return bool(conn.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtextextended(str(file_id), 0)))))


def sealed_parts(conn: sa.Connection, file_id: UUID) -> Iterator[tuple[int, bytes]]:
    """Yield the encrypted parts of a file with their numbers, one after another."""
    number = 0
    while True:
        key = prepared_part.c.file_id == file_id, prepared_part.c.number == number
        part = conn.scalar(sa.select(prepared_part.c.content_sealed).where(*key))
        if part is None:
            return
        yield number, part
        number += 1
