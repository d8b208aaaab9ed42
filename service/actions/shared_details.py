"""Shows those who decide what a household shares with other files and with the union's staff (docs/decisions/0034)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import names
from service.actions.context import ActionContext
from service.actions.possible_twins import PossibleTwin, PossibleTwins, offer_twins, shown_person, shown_within_limit
from service.crypto.encryption import blind_index
from service.queries import accounts, households
from service.queries.scope import Caller
from service.queries.shared_details import SHARED, shared_details
from workflows.programmes import PROGRAMMES


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


@dataclass(frozen=True, slots=True)
class Matches:
    """Whom the beneficiary of a case may be, and what the household shares with others."""

    possible_twins: PossibleTwins = field(default_factory=PossibleTwins)
    shared_details: SharedDetails = field(default_factory=SharedDetails)


def decides(caller: Caller, case_row: Mapping[str, Any]) -> bool:
    """Return whether the caller holds a role that decides on the award of this case, in the state it is in."""
    steps = PROGRAMMES[case_row["programme"]].steps_from(case_row["state"])
    deciding = (step.roles for step in steps if step.kind.stores_assessment)
    actor = caller.actor_over(case_row["unit_path"])
    return any(actor.grants_as(roles) for roles in deciding)


def show_matches(conn: sa.Connection, case_row: Mapping[str, Any], context: ActionContext) -> Matches:
    """Return the matches of a case to those who decide on it now, each showing recorded, and nobody to others."""
    if not decides(context.caller, case_row):
        return Matches()
    twins = offer_twins(conn, [case_row["beneficiary_id"]], context)
    return Matches(twins, show_shared_details(conn, case_row["household_id"], case_row["unit_path"], context))


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
