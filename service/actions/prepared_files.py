"""Long exports: asked for, made, kept for a day, removed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.crypto.encryption import Keyring, decrypt_bytes, decrypt_field, encrypt_bytes, encrypt_field
from service.db.columns import new_id
from service.queries import prepared_files
from service.tables.prepared_files import prepared_file, prepared_part
from workflows.vocabulary import Reason, Refused

KEPT = timedelta(hours=24)
"""How long a file is kept, from the moment it was asked for."""

MOST_WAITING = 3
"""Files of one person that may wait to be made."""

MOST_ATTEMPTS = 3
"""How often a file is begun: a process may be stopped, but one that dies of a file would die of it again."""

PART = 2**20
"""Bytes of a part."""


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file that somebody asks for: the list, its address's query, the first line, and how the event names the filters."""

    name: str
    kind: str
    query: str
    note: str
    filters: Mapping[str, str]
    language: str
    rows: int
    grants: tuple[str, ...]


def ask(conn: sa.Connection, wanted: WantedFile, asked_at: datetime, context: ActionContext) -> UUID:
    """Ask for a file, and wake the process that makes it; return its id. Raises Refused (files_waiting)."""
    account, file_id = context.caller.account, new_id()
    if prepared_files.number_waiting(conn, account) >= MOST_WAITING:
        raise Refused(Reason.of("files_waiting", most=MOST_WAITING))
    sealed = {
        f"{name}_sealed": encrypt_field(context.keyring, f"prepared_file.{name}", file_id, words)
        for name, words in (("query", wanted.query), ("note", wanted.note))
    }
    row = {"id": file_id, "account_id": account, "list": wanted.name, "kind": wanted.kind, "state": "waiting", **sealed}
    shown = {"filters": dict(wanted.filters), "language": wanted.language, "grants": list(wanted.grants)}
    times = {"as_of": context.at, "asked_at": asked_at, "rows_in_all": wanted.rows}
    conn.execute(prepared_file.insert().values(**row, **shown, **times))
    conn.execute(sa.select(sa.func.pg_notify("outbox", "")))  # the relay listens
    return file_id


def begin(conn: sa.Connection, file_id: UUID, at: datetime) -> sa.Row[Any] | None:
    """Begin to make a file that waits, from its first row; None where there is nothing to make, or it failed too often."""
    key = prepared_file.c.id == file_id, prepared_file.c.state == "waiting", prepared_file.c.asked_at > at - KEPT
    changed = {"attempts": prepared_file.c.attempts + 1, "rows_done": 0}
    row = conn.execute(prepared_file.update().where(*key).values(changed).returning(prepared_file)).one_or_none()
    if row is None or row.attempts <= MOST_ATTEMPTS:
        return row
    fail(conn, file_id, at)
    return None


def note_progress(conn: sa.Connection, file_id: UUID, done: int, in_all: int) -> None:
    """Say how many rows of a file are made."""
    _update(conn, file_id, {"rows_done": done, "rows_in_all": in_all})


def finish(
    conn: sa.Connection, keyring: Keyring, file_id: UUID, file: BinaryIO, made: Mapping[str, Any], at: datetime
) -> None:
    """Keep the content of a file that is made; `made` are its `rows_done` and the `grants` under which it was made."""
    number = 0
    while content := file.read(PART):
        sealed = encrypt_bytes(keyring, f"prepared_part.{number}", file_id, content)
        conn.execute(prepared_part.insert().values(file_id=file_id, number=number, content_sealed=sealed))
        number += 1
    whole = {"state": "ready", "rows_in_all": made["rows_done"], "size": file.tell(), "ended_at": at}
    _update(conn, file_id, {**made, **whole})


def fail(conn: sa.Connection, file_id: UUID, at: datetime) -> None:
    """End a file that cannot be made."""
    _update(conn, file_id, {"state": "failed", "ended_at": at})


def _update(conn: sa.Connection, file_id: UUID, columns: Mapping[str, Any]) -> None:
    own = prepared_file.c.id == file_id, prepared_file.c.state == "waiting"
    conn.execute(prepared_file.update().where(*own).values(**columns))


def remove_old(conn: sa.Connection, at: datetime) -> int:
    """Remove the contents of files whose day is over, and end those that were never made; return how many."""
    old = prepared_file.c.asked_at <= at - KEPT, prepared_file.c.state.in_(("waiting", "ready"))
    ids = list(
        conn.scalars(
            prepared_file.update().where(*old).values(state="removed", ended_at=at).returning(prepared_file.c.id)
        )
    )
    conn.execute(prepared_part.delete().where(prepared_part.c.file_id.in_(ids)))
    return len(ids)


def query_of(row: sa.Row[Any], keyring: Keyring) -> str:
    """Return the query of the address whose list is exported."""
    return decrypt_field(keyring, "prepared_file.query", row.id, row.query_sealed)


def note_of(row: sa.Row[Any], keyring: Keyring) -> str:
    """Return the first line of a file: which list, by whom, when, under which filters."""
    return decrypt_field(keyring, "prepared_file.note", row.id, row.note_sealed)


def parts(conn: sa.Connection, keyring: Keyring, file_id: UUID) -> Iterator[bytes]:
    """Yield the content of a file, a part after another."""
    for number, sealed in prepared_files.sealed_parts(conn, file_id):
        yield decrypt_bytes(keyring, f"prepared_part.{number}", file_id, sealed)
