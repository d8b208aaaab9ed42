"""Invitations: a code in two halves that two people give to the owner, who makes a credential with it (docs/decisions/0032)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from service.actions import accounts, event_log, validation
from service.actions.confirmation_notices import CHANGED, notices
from service.actions.context import ActionContext, Moment
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import accounts as read
from service.tables.accounts import account
from service.tables.invitations import invitation
from workflows.vocabulary import Plain, Reason, Refused, Role

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters of a code: none that is taken for another."""

HALF = 10
VALID = timedelta(days=14)


def new_half() -> str:
    """Return a new half of a code: ten letters, about fifty bits."""
    return "".join(secrets.choice(LETTERS) for _ in range(HALF))


def half_hash(half: str) -> str:
    """Return what is kept of the first half until the second is made."""
    return sha256(_typed(half).encode()).hexdigest()


def _typed(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())


def code_hash(first_hash: str, second: str) -> bytes:
    """Return what is stored of a code, from the hash of its first half and its second half."""
    return sha256(f"{first_hash}:{_typed(second)}".encode()).digest()


def invite(conn: sa.Connection, account_id: UUID, first_hash: str, context: ActionContext) -> str:
    """Invite the owner of an account to make a credential; return the second half of the code, shown only here.

    An earlier invitation ends. Raises Refused (role_missing, account_ended, invitation_of_clock), NotFound.
    """
    row = accounts.lock_account(conn, account_id)
    right = require_role(context, (Role.ADMIN,), unit_path_of(conn, row.unit_id))
    if row.disabled_at is not None:
        raise Refused(Reason.of("account_ended"))
    if accounts.is_clock(conn, account_id):
        raise Refused(Reason.of("invitation_of_clock"))
    batch, invitation_id, second = WriteBatch(), new_id(), new_half()
    end_invitations(conn, batch, account_id, context.at)
    columns = {"account_id": account_id, "created_at": context.at, "expires_at": context.at + VALID}
    batch.add(invitation, {"id": invitation_id, "hash": code_hash(first_hash, second), **columns})
    facts: dict[str, Plain] = {"invitation": str(invitation_id), **right}
    told = notices(conn, CHANGED, [account_id], context)
    event_log.append_event(conn, "account", account_id, "invite", facts, context, batch, told=told)
    return second


def end_invitations(conn: sa.Connection, batch: WriteBatch, account_id: UUID, at: datetime) -> None:
    """Add the end of the account's open invitations to the batch."""
    is_open = sa.and_(invitation.c.account_id == account_id, invitation.c.ended_at.is_(None))
    for invitation_id in conn.scalars(sa.select(invitation.c.id).where(is_open)):
        batch.change(invitation, {"id": invitation_id, "ended_at": at})


@dataclass(frozen=True, slots=True)
class Accepted:
    """The account whose invitation was accepted, and its new token, which is shown only here."""

    account_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Invited:
    """The invitation of a code, and the context in which the owner of the account acts."""

    invitation_id: UUID
    context: ActionContext


def use(conn: sa.Connection, code: str, moment: Moment) -> Invited:
    """Lock the invitation of a code; the person with the whole code is the owner. Raises Refused (invitation_unknown)."""
    typed = _typed(code)
    digest = code_hash(half_hash(typed[:HALF]), typed[HALF:])
    query = sa.select(invitation.c.id, invitation.c.account_id).join(account, account.c.id == invitation.c.account_id)
    usable = (invitation.c.ended_at.is_(None), invitation.c.expires_at > moment.at)
    found = query.where(invitation.c.hash == digest, *usable, account.c.disabled_at.is_(None))
    row = conn.execute(found.with_for_update(of=invitation, key_share=True)).one_or_none()
    caller = read.caller_by_id(conn, row.account_id, moment.today) if row is not None else None
    if row is None or caller is None:
        raise Refused(Reason.of("invitation_unknown"))
    context = ActionContext(caller, moment.at, moment.today, moment.keyring, request=moment.request, clock=moment.clock)
    return Invited(row.id, context)


def accept(conn: sa.Connection, code: str, label: str, expires_at: datetime, moment: Moment) -> Accepted:
    """Accept an invitation: the person with the whole code is the owner of the account, and gets a token.

    Raises InvalidForm, Refused (invitation_unknown).
    """
    invited = use(conn, code, moment)
    context, account_id = invited.context, invited.context.caller.account
    validation.refuse_invalid(validation.text("label", label, longest=60))
    accounts.lock_account(conn, account_id)
    batch = WriteBatch()
    batch.change(invitation, {"id": invited.invitation_id, "ended_at": context.at})
    facts: dict[str, Plain] = {"invitation": str(invited.invitation_id)}
    event_log.append_event(conn, "account", account_id, "accept_invitation", facts, context, batch)
    return Accepted(account_id, accounts.create_token(conn, account_id, label, expires_at, context))
