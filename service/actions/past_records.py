"""Copies of the record as it stood at an event: asked for, made step by step, dropped after a day."""

import sqlalchemy as sa
from psycopg.errors import SerializationFailure

from service.queries.past_records import CopyState

STATEMENT_TIMEOUT = "600s"
"""Longest time of one step: the last one writes every table."""


def copy_step(engine: sa.Engine, up_to: int) -> CopyState:
    """Take the next step of a copy in a transaction of its own, and return how far it is."""
    own = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with own.begin() as conn:
            conn.execute(sa.text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
            return CopyState(conn.scalar(sa.select(sa.func.copy_past_record(up_to))))
    except sa.exc.OperationalError as fault:
        # Another process took the same step after this transaction had begun.
        if isinstance(fault.orig, SerializationFailure):
            return CopyState.BUSY
        raise


def make_copy(engine: sa.Engine, up_to: int) -> CopyState:
    """Take every step of a copy until it is made, or cannot be."""
    while (state := copy_step(engine, up_to)) is CopyState.WAITING:
        pass
    return state


def ask_for_copy(engine: sa.Engine, up_to: int) -> CopyState:
    """Take the first step of a copy, and wake the process that takes the others."""
    state = copy_step(engine, up_to)
    with engine.begin() as conn:
        conn.execute(sa.select(sa.func.pg_notify("outbox", "")))  # the relay listens
    return state


def drop_old_copies(conn: sa.Connection) -> int:
    """Drop the copies whose day is over, and those that a migration made useless; return how many."""
    return conn.scalar(sa.select(sa.func.drop_past_records())) or 0
