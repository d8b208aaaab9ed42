"""Copies of the record as it stood at an event: made step by step, dropped after a day."""

import sqlalchemy as sa
from psycopg.errors import DiskFull, InsufficientPrivilege, SerializationFailure

from service.queries.past_records import CopyState

STATEMENT_TIMEOUT = "600s"
"""Longest time of one step: the last one writes every table."""

_NOT_COPIED = {
    SerializationFailure: CopyState.BUSY,  # another process took the same step after this transaction had begun
    InsufficientPrivilege: CopyState.DENIED,
    DiskFull: CopyState.NO_SPACE,
}


def copy_step(conn: sa.Connection, up_to: int) -> CopyState:
    """Take the next step of a copy, and return how far it is. The transaction must be REPEATABLE READ."""
    try:
        with conn.begin_nested():
            conn.execute(sa.text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
            return CopyState(str(conn.scalar(sa.select(sa.func.copy_past_record(up_to)))))
    except sa.exc.DBAPIError as fault:
        for kind, state in _NOT_COPIED.items():
            if isinstance(fault.orig, kind):
                return state
        raise


def wake_maker(conn: sa.Connection) -> None:
    """Wake the process that makes the copies that wait."""
    conn.execute(sa.select(sa.func.pg_notify("outbox", "")))  # the relay listens


def drop_old_copies(conn: sa.Connection) -> int:
    """Drop the copies whose day is over, and those that a migration made useless; return how many."""
    return conn.scalar(sa.select(sa.func.drop_past_records())) or 0
