"""The anchors of the trail, and the events each of them stands over."""

from typing import Any

import sqlalchemy as sa

from service.tables.events import anchor, event


def last(conn: sa.Connection) -> sa.Row[Any] | None:
    """The newest anchor."""
    return conn.execute(sa.select(anchor).order_by(anchor.c.no.desc()).limit(1)).one_or_none()


def every() -> sa.Select[Any]:
    """All of them, oldest first."""
    return sa.select(anchor).order_by(anchor.c.no)


def arrived(after: int, up_to: int) -> sa.Select[Any]:
    """The hashes of the events that came after one number up to another, in the order in which they came."""
    return sa.select(event.c.no, event.c.hash).where(event.c.no > after, event.c.no <= up_to).order_by(event.c.no)
