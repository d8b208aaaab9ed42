"""Routes of /me, /accounts and /grants."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import accounts
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, caller, today
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import notifications
from service.schemas.accounts import AccountIn, GrantIn, MeOut
from service.schemas.fields import MadeOut
from workflows.vocabulary import InvalidForm, Reason, Role

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
@blueprint.response(201, MadeOut)
def add_account(body: dict[str, Any]) -> dict[str, UUID]:
    """Add an account; it can do nothing until a role is granted."""
    return {"id": accounts.add_account(connection(), accounts.NewAccount(**body), action_context())}


@blueprint.post("/accounts/<uuid:account_id>/grants")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.arguments(GrantIn)
@blueprint.response(201, MadeOut)
def grant_role(body: dict[str, Any], account_id: UUID) -> dict[str, UUID]:
    """Grant a role over a unit for a period, perhaps as a stand-in; the period does not begin before today."""
    if body["from_on"] < today():
        raise InvalidForm(Reason.of("grant_dated_back", field="from_on"))
    return {"id": accounts.grant_role(connection(), accounts.NewGrant(account_id=account_id, **body), action_context())}


@blueprint.post("/grants/<uuid:grant_id>/revocation")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.response(200, MadeOut)
def revoke(grant_id: UUID) -> dict[str, UUID]:
    """End a grant today."""
    accounts.revoke_role(connection(), grant_id, action_context())
    return {"id": grant_id}
