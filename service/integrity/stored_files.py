"""The file store is compared with the rows of stored files: what is lost, and what no row names."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from service.crypto.encryption import DecryptionError, Keyring, decrypt_bytes
from service.files.store import FileStore, NoSuchFile, StoredName
from service.queries.documents import CONTENT, SMALL, small_name
from service.queries.installation import claim_store
from service.tables.documents import stored_file

BEING_WRITTEN = timedelta(hours=24)
"""A file younger than this may belong to an upload that is not committed yet."""


@dataclass(frozen=True, slots=True)
class StoreState:
    """The files that rows name and the store has not, and those that the store has and no row names."""

    lost: tuple[str, ...]
    unused: tuple[StoredName, ...]


def store_state(conn: sa.Connection, store: FileStore) -> StoreState:
    """Compare the names in the store with the rows; nothing is read or decrypted."""
    in_store = {each.name: each for each in store.names()}
    # The rows are read after the store: a file of a row that is committed meanwhile is not taken for unused.
    named = {name for row in conn.scalars(sa.select(stored_file.c.id)) for name in (row.hex, small_name(row))}
    unused = sorted((each for name, each in in_store.items() if name not in named), key=lambda each: each.name)
    lost = sorted(named - in_store.keys())
    return StoreState(tuple(name for name in lost if not _has(store, name)), tuple(unused))


def _has(store: FileStore, name: str) -> bool:
    """Return whether a file is there now: one may have been written after the names were listed."""
    try:
        store.read(name)
    except NoSuchFile:
        return False
    return True


def remove_unused(conn: sa.Connection, store: FileStore, now: datetime) -> int:
    """Remove the files that no row names and that are a day old: a process was ended before it committed. Return how many.

    Raises OtherInstallation where the store is not this installation's, StoreUnavailable.
    """
    claim_store(conn, store)
    old = [each for each in store_state(conn, store).unused if now - each.written_at > BEING_WRITTEN]
    for each in old:
        store.remove(each.name)
    return len(old)


def altered_files(conn: sa.Connection, store: FileStore, keyring: Keyring) -> Iterator[str]:
    """Yield the name of each file that is not the one of its row: read, decrypted and hashed whole, one at a time."""
    rows = sa.select(stored_file.c.id, stored_file.c.sha256).order_by(stored_file.c.id)
    for row in conn.execute(rows):
        try:
            content = decrypt_bytes(keyring, CONTENT, row.id, store.read(row.id.hex))
            decrypt_bytes(keyring, SMALL, row.id, store.read(small_name(row.id)))
        except NoSuchFile:
            continue
        except DecryptionError:
            yield row.id.hex
            continue
        if sha256(content).digest() != bytes(row.sha256):
            yield row.id.hex
