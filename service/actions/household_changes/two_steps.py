"""A change of a file in two steps: it is shown first, then made by the same function."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TypeAlias
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.errors import DisclosingRefusal
from service.actions.household_changes.effects import Effects, effects_of, refused_effects
from service.actions.household_changes.exits import Exit, FilingAgain, end_file, file_again
from service.actions.household_changes.heads import HeadChange, change_head
from service.actions.household_changes.moves import Move, move_file
from service.actions.household_changes.transfers import Transfer, transfer_member
from workflows.vocabulary import Plain, Reason, Refused

FileChange: TypeAlias = "HeadChange | Exit | FilingAgain | Move | Transfer"

MAKERS: Mapping[type, Callable[..., UUID]] = {
    HeadChange: change_head,
    Exit: end_file,
    FilingAgain: file_again,
    Move: move_file,
    Transfer: transfer_member,
}
"""The function that makes each kind of change."""


def preview(conn: sa.Connection, household_id: UUID, change: FileChange, context: ActionContext) -> Effects:
    """Return what a change would do, and why it would be refused; nothing is written.

    Raises InvalidForm, NotFound, and DisclosingRefusal, which is recorded as elsewhere.
    """
    savepoint = conn.begin_nested()
    try:
        return _make(conn, household_id, change, context)[1]
    except DisclosingRefusal:
        raise
    except Refused as refused:
        savepoint.rollback()
        return refused_effects(conn, _households(household_id, change), refused.reasons, context)
    finally:
        if savepoint.is_active:
            savepoint.rollback()


def make(conn: sa.Connection, household_id: UUID, change: FileChange, seen: str, context: ActionContext) -> UUID:
    """Make a change whose effects were shown: `seen` is their digest. Return the id of its record.

    Raises Refused (effects_changed) when they are no longer those shown, and what the change itself raises.
    """
    with conn.begin_nested():
        change_id, effects = _make(conn, household_id, change, context)
        if effects.seen != seen:
            raise Refused(Reason.of("effects_changed"))
    return change_id


def _make(conn: sa.Connection, household_id: UUID, change: FileChange, context: ActionContext) -> tuple[UUID, Effects]:
    made: list[UUID] = []

    def write() -> None:
        made.append(MAKERS[type(change)](conn, household_id, change, context))

    effects = effects_of(conn, _households(household_id, change), write, _subject(change), context)
    return made[0], effects


def _households(household_id: UUID, change: FileChange) -> tuple[UUID, ...]:
    """Return the households whose cases the change may touch, the changed one first."""
    return (household_id, change.to_household_id) if isinstance(change, Transfer) else (household_id,)


def _subject(change: FileChange) -> dict[str, Plain]:
    """Return what is done, without the words about it: those may still be corrected after it was shown."""
    words = {"note", "document"}
    return {
        "kind": type(change).__name__,
        **{key: str(value) for key, value in asdict(change).items() if key not in words},
    }
