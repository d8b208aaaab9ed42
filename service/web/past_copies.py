"""Copies of past records, made in transactions of their own: while somebody waits, or by the worker's process."""

from typing import Any

from service.actions import past_records
from service.queries.past_records import CopyState


def copy_step(engine: Any, up_to: int) -> CopyState:
    """Take the next step of a copy, commit it, and return how far the copy is."""
    with engine.execution_options(isolation_level="REPEATABLE READ").begin() as conn:
        return past_records.copy_step(conn, up_to)


def make_copy(engine: Any, up_to: int) -> CopyState:
    """Take every step of a copy until it is made, or cannot be."""
    while (state := copy_step(engine, up_to)) is CopyState.WAITING:
        pass
    return state


def ask_for_copy(engine: Any, up_to: int) -> CopyState:
    """Take the first step of a copy, and wake the process that takes the others."""
    state = copy_step(engine, up_to)
    with engine.begin() as conn:
        past_records.wake_maker(conn)
    return state
