"""Proposed powers: accounts, invitations, roles, ends of kinship, and the founding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import accounts, bootstrap, invitations, kinship
from service.actions.accounts import NewAccount, NewGrant
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import unit_path_of
from service.actions.proposals.write import Made, ProposedWrite
from service.tables.accounts import account
from service.tables.households import household
from service.tables.kinship import kinship as kinship_table
from service.tables.units import unit


@dataclass(frozen=True, slots=True)
class AccountContent:
    """A new account, and the hash of the first half of its invitation."""

    new: NewAccount
    first_hash: str


@dataclass(frozen=True, slots=True)
class Invited:
    """An account, and the hash of the first half of its invitation."""

    account_id: UUID
    first_hash: str


@dataclass(frozen=True, slots=True)
class InvitationContent:
    """Accounts of one unit, or of units below it, whose owners make a credential."""

    unit_id: UUID
    invited: tuple[Invited, ...]


@dataclass(frozen=True, slots=True)
class KinshipEnd:
    """A kinship that was declared wrongly or is over, and why."""

    kinship_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class FoundingContent:
    """The union as it was set up: its top unit, its first administrator and the person who closes the founding."""

    unit_id: UUID
    administrator: UUID
    second: UUID


def _add_account(conn: sa.Connection, content: AccountContent, context: ActionContext) -> Made:
    account_id = accounts.add_account(conn, content.new, context)
    return Made(account_id, (invitations.invite(conn, account_id, content.first_hash, context),))


def _invite(conn: sa.Connection, content: InvitationContent, context: ActionContext) -> Made:
    path = unit_path_of(conn, content.unit_id)
    own_path = sa.select(unit.c.path).join(account, account.c.unit_id == unit.c.id)
    for each in content.invited:
        if not str(conn.scalar(own_path.where(account.c.id == each.account_id)) or "").startswith(path):
            raise NotFound
    halves = (invitations.invite(conn, each.account_id, each.first_hash, context) for each in content.invited)
    return Made(None, tuple(halves))


def _end_kinship(conn: sa.Connection, content: KinshipEnd, context: ActionContext) -> Made:
    kinship.end_kinship(conn, content.kinship_id, content.reason, context)
    return Made(content.kinship_id)


def _close_founding(conn: sa.Connection, content: FoundingContent, context: ActionContext) -> Made:
    bootstrap.close_founding(conn, content.unit_id, context)
    return Made(content.unit_id)


def _of_kinship(conn: sa.Connection, content: KinshipEnd, _context: ActionContext) -> str:
    paths = sa.select(household.c.unit_path).join(kinship_table, kinship_table.c.household_id == household.c.id)
    path: str | None = conn.scalar(paths.where(kinship_table.c.id == content.kinship_id))
    if path is None:
        raise NotFound
    return path


def _principal(conn: sa.Connection, content: NewGrant) -> tuple[UUID, ...]:  # noqa: ARG001
    """Return the principal, who confirms a stand-in that an administrator proposes."""
    return () if content.for_account_id is None else (content.for_account_id,)


def _grantee(_conn: sa.Connection, content: NewGrant) -> tuple[UUID, ...]:
    return (content.account_id,)


def _invited(_conn: sa.Connection, content: InvitationContent) -> tuple[UUID, ...]:
    return tuple(each.account_id for each in content.invited)


def _kin(conn: sa.Connection, content: KinshipEnd) -> tuple[UUID, ...]:
    of_kinship = sa.select(kinship_table.c.account_id).where(kinship_table.c.id == content.kinship_id)
    return tuple(conn.scalars(of_kinship))


def _own_unit(conn: sa.Connection, content: Any, _context: ActionContext) -> str:
    return unit_path_of(conn, content.unit_id)


POWER_WRITES: Mapping[str, ProposedWrite] = {
    "account": ProposedWrite(
        ("account", "add_account"),
        AccountContent,
        _add_account,
        lambda conn, content, context: _own_unit(conn, content.new, context),
    ),
    "invitation": ProposedWrite(("account", "invite"), InvitationContent, _invite, _own_unit, gains=_invited),
    "grant": ProposedWrite(
        power=("account", "grant_role"),
        content=NewGrant,
        run=lambda conn, content, context: Made(accounts.grant_role(conn, content, context)),
        unit_path=_own_unit,
        named=_principal,
        gains=_grantee,
    ),
    "kinship_end": ProposedWrite(("household", "end_kinship"), KinshipEnd, _end_kinship, _of_kinship, gains=_kin),
    "founding": ProposedWrite(
        power=("unit", "close_founding"),
        content=FoundingContent,
        run=_close_founding,
        unit_path=_own_unit,
        named=lambda _conn, content: (content.second,),
        days=60,
    ),
}
"""By the name their confirmations carry."""
