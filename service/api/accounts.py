"""Routes of /me, /accounts, /invitations, /grants and /tokens."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import account_ends, accounts, invitations
from service.actions.confirmations import propose
from service.actions.proposals.powers import AccountContent, InvitationContent, Invited
from service.api.openapi import NO_TOKEN
from service.api.proposing import proposed
from service.http.auth import EVERYONE, by_invitation, requires_role
from service.http.context import action_context, caller, moment, real_time
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import accounts as read
from service.queries import notifications
from service.schemas.accounts import AcceptanceIn, AccountIn, GrantIn, InvitationIn, MeOut, TokenOut, TokensOut
from service.schemas.confirmations import ProposedOut
from service.schemas.fields import MadeOut, VoidIn
from workflows.vocabulary import Role

blueprint = Blueprint("accounts", __name__, description="人员账号 Accounts")


@blueprint.get("/me")
@requires_role(*EVERYONE)
@blueprint.response(200, MeOut)
def me() -> dict[str, Any]:
    """Show the account of the token, and what it may do today."""
    token_owner = caller()
    unread = notifications.unread(connection(), token_owner.account)
    return {**{name: getattr(token_owner, name) for name in token_owner.__slots__}, "unread": unread}


@blueprint.post("/accounts")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.arguments(AccountIn)
@blueprint.response(202, ProposedOut)
def add_account(body: dict[str, Any]) -> Response:
    """Propose an account. The answer has half of its owner's invitation; who confirms it gets the other half."""
    half = invitations.new_half()
    content = AccountContent(accounts.NewAccount(**body), invitations.half_hash(half))
    return proposed(propose(connection(), "account", content, action_context()), half)


@blueprint.post("/invitations")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.arguments(InvitationIn)
@blueprint.response(202, ProposedOut)
def invite(body: dict[str, Any]) -> Response:
    """Propose that owners of accounts make a new credential; the answer has half of each invitation, in order."""
    halves = [invitations.new_half() for _ in body["account_ids"]]
    invited = zip(body["account_ids"], halves, strict=True)
    people = tuple(Invited(account_id, invitations.half_hash(half)) for account_id, half in invited)
    content = InvitationContent(body["unit_id"], people)
    return proposed(propose(connection(), "invitation", content, action_context()), *halves)


@blueprint.post("/invitations/acceptance")
@by_invitation
@blueprint.arguments(AcceptanceIn)
@blueprint.response(201, TokenOut)
@blueprint.doc(security=NO_TOKEN)
def accept_invitation(body: dict[str, Any]) -> dict[str, Any]:
    """Make a credential with both halves of an invitation; the token is shown only here."""
    expires_at = real_time() + timedelta(days=body["days"])
    accepted = invitations.accept(connection(), body["code"], body["label"], expires_at, moment())
    return {"account_id": accepted.account_id, "token": accepted.token, "expires_at": expires_at}


@blueprint.post("/accounts/<uuid:account_id>/grants")
@requires_role(*EVERYONE)
@idempotent
@blueprint.arguments(GrantIn)
@blueprint.response(202, ProposedOut)
def grant_role(body: dict[str, Any], account_id: UUID) -> Response:
    """Propose a role over a unit for a period; a stand-in is named by the principal, or confirmed by them."""
    new = accounts.NewGrant(account_id=account_id, **body | {"reason": body["reason"] or ""})
    return proposed(propose(connection(), "grant", new, action_context()))


@blueprint.post("/grants/<uuid:grant_id>/revocation")
@requires_role(*EVERYONE)
@idempotent
@blueprint.response(200, MadeOut)
def revoke(grant_id: UUID) -> dict[str, UUID]:
    """End a grant today, as an administrator, or as the principal of a stand-in."""
    accounts.revoke_role(connection(), grant_id, action_context())
    return {"id": grant_id}


@blueprint.post("/accounts/<uuid:account_id>/end")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(204)
def end_account(body: dict[str, Any], account_id: UUID) -> None:
    """End an account now, with its roles, tokens and invitations, and the grants of whoever stands in for it."""
    account_ends.end_account(connection(), account_id, body["reason"], action_context())


@blueprint.get("/me/tokens")
@requires_role(*EVERYONE)
@blueprint.response(200, TokensOut)
def list_own_tokens() -> dict[str, Any]:
    """List your own tokens, ended ones too; never the token itself."""
    return {"items": read.tokens_of(connection(), caller().account)}


@blueprint.post("/tokens/<uuid:token_id>/revocation")
@requires_role(*EVERYONE)
@idempotent
@blueprint.response(200, MadeOut)
def revoke_token(token_id: UUID) -> dict[str, UUID]:
    """End a token now: your own, or as an administrator one of your unit's accounts."""
    accounts.revoke_token(connection(), token_id, action_context())
    return {"id": token_id}
