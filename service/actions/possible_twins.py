"""Offers possible twins: persons without an identity number who may be on file elsewhere."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import personal_data_access
from service.actions.context import ActionContext
from service.actions.personal_data_access import MAX_MATCHES_PER_DAY
from service.queries import masking, possible_twins


@dataclass(frozen=True, slots=True)
class PossibleTwin:
    """A person of the same name in another file; nothing else of that file is shown outside the caller's units."""

    person_id: UUID
    """Our person, whom the other may be."""

    name: str
    """The masked name of the other."""

    unit: str
    file_no: str | None
    """The other file's number, where the caller may see the file."""

    household_id: UUID | None
    active: bool
    shares: tuple[str, ...]
    """What the two share: phone, unit, relative, card besides the name; name and birth, phone, address, card."""


@dataclass(frozen=True, slots=True)
class PossibleTwins:
    """The possible twins of some persons; `withheld` when the account has been shown enough matches for a day."""

    items: tuple[PossibleTwin, ...] = ()
    withheld: bool = False


def offer_twins(conn: sa.Connection, person_ids: Collection[UUID], context: ActionContext) -> PossibleTwins:
    """Return the possible twins of persons the caller sees, and record on each twin's chain that they were shown.

    An account is shown MAX_MATCHES_PER_DAY matches in 24 hours, and one twin is recorded once in that time.
    """
    return _offered(conn, possible_twins.possible_twins(conn, person_ids, context.caller), context)


def twins_of_unfiled(
    conn: sa.Connection, write: Callable[[], Collection[UUID]], context: ActionContext
) -> PossibleTwins:
    """Return the possible twins of persons whom `write` would file, so that a page can warn before it saves.

    `write` returns their ids, and is taken back. Raises what it raises.
    """
    savepoint = conn.begin_nested()
    try:
        rows = possible_twins.possible_twins(conn, write(), context.caller)
    finally:
        savepoint.rollback()
    return _offered(conn, rows, context)


def _offered(conn: sa.Connection, rows: list[dict[str, Any]], context: ActionContext) -> PossibleTwins:
    if not shown_within_limit(conn, {row["id"] for row in rows}, context):
        return PossibleTwins(withheld=True)
    signs = possible_twins.SIGNS
    return PossibleTwins(tuple(shown_person(row, [sign for sign in signs if row[sign]], context) for row in rows))


def shown_within_limit(conn: sa.Connection, found: set[UUID], context: ActionContext) -> bool:
    """Return whether the account may be shown these matches today; if so, record them on the persons' chains."""
    if not found:
        return True
    since = context.at - timedelta(days=1)
    shown = personal_data_access.disclosed_matches(conn, context.caller.account, since)
    if len(shown) + len(found - shown) > MAX_MATCHES_PER_DAY:
        return False
    personal_data_access.record_disclosed_match(conn, found - shown, context)
    return True


def shown_person(row: dict[str, Any], shares: Iterable[str], context: ActionContext) -> PossibleTwin:
    """Return a person of another file as the caller may see them."""
    return PossibleTwin(
        person_id=row["person_id"],
        name=masking.name(context.keyring, row),
        unit=row["unit_name"],
        file_no=row["file_no"] if row["seen"] else None,
        household_id=row["household_id"] if row["seen"] else None,
        active=row["active"],
        shares=tuple(shares),
    )
