"""Shows those who decide what a household shares with other files and with the union's staff (docs/decisions/0034)."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from service.actions import names
from service.actions.context import ActionContext
from service.actions.possible_twins import PossibleTwin, shown_person, shown_within_limit
from service.crypto.encryption import blind_index
from service.queries import accounts, households
from service.queries.shared_details import SHARED, shared_details


@dataclass(frozen=True, slots=True)
class Namesake:
    """An account over the case's unit whose owner has the name of a member and is not known as a relative."""

    person_id: UUID
    account_id: UUID
    display_name: str


@dataclass(frozen=True, slots=True)
class SharedDetails:
    """Persons of other files who share something with a household, and staff of a member's name."""

    items: tuple[PossibleTwin, ...] = ()
    staff: tuple[Namesake, ...] = ()
    withheld: bool = False


def show_shared_details(
    conn: sa.Connection, household_id: UUID, unit_path: str, context: ActionContext
) -> SharedDetails:
    """Return what a household shares, and record on each other person's chain that they were shown.

    `withheld` when the account has been shown enough matches for a day.
    """
    staff = _namesakes(conn, household_id, unit_path, context)
    rows = shared_details(conn, household_id, context.caller)
    if not shown_within_limit(conn, {row["id"] for row in rows}, context):
        return SharedDetails(staff=staff, withheld=True)
    found = (shown_person(row, [sign for sign in SHARED if sign in row["shares"]], context) for row in rows)
    return SharedDetails(tuple(found), staff)


def _namesakes(conn: sa.Connection, household_id: UUID, unit_path: str, context: ActionContext) -> tuple[Namesake, ...]:
    members = {bytes(row["name_index"]): row["id"] for row in households.members(conn, household_id)}
    relatives = households.family_staff_of(conn, household_id)
    found = []
    for each in accounts.with_role_over(conn, unit_path, context.today):
        name = blind_index(context.keyring, "name", names.normal(each.display_name))
        if name in members and each.id not in relatives:
            found.append(Namesake(members[name], each.id, each.display_name))
    return tuple(found)
