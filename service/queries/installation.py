"""The installation whose record this database is."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from service.files.store import FileStore
from service.tables.events import event
from service.tables.installation import RecordKind, installation


def this_installation(conn: sa.Connection) -> sa.Row[Any] | None:
    """Return the id, the kind and the instant of the founding; None before the founding."""
    return conn.execute(sa.select(installation)).one_or_none()


def last_day(conn: sa.Connection) -> date | None:
    """Return the day of the latest case step; None before the first."""
    day: date | None = conn.scalar(sa.select(sa.func.max(event.c.on)).where(event.c.subject == "case"))
    return day


def record_kind(conn: sa.Connection) -> RecordKind | None:
    """Return the kind of the record; None before the founding."""
    row = this_installation(conn)
    return RecordKind(row.kind) if row is not None else None


def claim_store(conn: sa.Connection, store: FileStore) -> None:
    """Mark the file store as this installation's. Raises OtherInstallation where it is another's, StoreUnavailable."""
    row = this_installation(conn)
    if row is not None:
        store.claim(row.id)
