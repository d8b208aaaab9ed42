"""Routes of /policy-sets."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.proposals.rules import PolicyContent, PolicyWithdrawal
from service.api.proposing import proposed
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import policies
from service.schemas.confirmations import ProposedOut
from service.schemas.fields import VoidIn
from service.schemas.policies import PoliciesOut, PolicyFullOut, PolicyIn
from workflows.vocabulary import Role

blueprint = Blueprint("policies", __name__, description="政策 Policy sets")


@blueprint.get("/policy-sets")
@requires_role(*EVERYONE)
@blueprint.response(200, PoliciesOut)
def list_policies() -> dict[str, Any]:
    """List every policy set, newest first."""
    return {"items": policies.all_sets(connection())}


@blueprint.get("/policy-sets/<uuid:policy_set_id>")
@requires_role(*EVERYONE)
@blueprint.response(200, PolicyFullOut)
def see_policy(policy_set_id: UUID) -> dict[str, Any]:
    """Show one policy set with the text it was loaded from."""
    row = policies.one(connection(), policy_set_id)
    if row is None:
        raise NotFound
    return row


@blueprint.post("/policy-sets")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.arguments(PolicyIn)
@blueprint.response(202, ProposedOut)
def load_policy(body: dict[str, Any]) -> Response:
    """Propose a policy set as its TOML text; 422 names every wrong line. It takes effect from tomorrow on, or `urgent`."""
    content = PolicyContent(body["source"], body["urgent"] or "")
    return proposed(propose(connection(), "policy_set", content, action_context()))


@blueprint.post("/policy-sets/<uuid:policy_set_id>/withdrawal")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(202, ProposedOut)
def withdraw_policy(body: dict[str, Any], policy_set_id: UUID) -> Response:
    """Propose to withdraw a policy set that nothing cites yet."""
    content = PolicyWithdrawal(policy_set_id, body["reason"])
    return proposed(propose(connection(), "policy_withdrawal", content, action_context()))
