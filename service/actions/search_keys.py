"""Search keys of stored persons: filled where they are missing, compared, written again."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from service.actions.persons import decrypt_person, search_keys_of
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import DecryptionError, Keyring
from service.tables.persons import person

BATCH = 500
"""Persons read at once."""


@dataclass(frozen=True, slots=True)
class KeysRead:
    """One batch of persons: how many were read, had other keys or none, or cannot be decrypted; the last of them."""

    persons: int = 0
    differing: int = 0
    unreadable: int = 0
    last: UUID | None = None


def compare_keys(
    conn: sa.Connection, keyring: Keyring, after: UUID | None, *, only_missing: bool, write: bool
) -> KeysRead:
    """Compare the keys of BATCH persons after the id `after` with those computed again; with `write`, write what differs.

    The event log records the name and numbers, not the keys, so that a write of keys appends no event.
    """
    rows = sa.select(person).order_by(person.c.id).limit(BATCH)
    rows = rows.where(person.c.search_index.is_(None)) if only_missing else rows
    rows = rows.where(person.c.id > after) if after is not None else rows
    # Locked, so that a correction made meanwhile is not overwritten with the keys of the old name.
    stored = conn.execute(rows.with_for_update(key_share=True) if write else rows).mappings().all()
    batch, unreadable = WriteBatch(), 0
    for row in stored:
        try:
            keys = search_keys_of(decrypt_person(dict(row), keyring), keyring)
        except DecryptionError:
            unreadable += 1
            continue
        if row["search_index"] is None or [bytes(each) for each in row["search_index"]] != keys:
            batch.change_unrecorded(person, {"id": row["id"], "search_index": keys})
    if write and batch.unrecorded:
        batch.write(conn)
    return KeysRead(len(stored), len(batch.unrecorded), unreadable, stored[-1]["id"] if stored else None)
