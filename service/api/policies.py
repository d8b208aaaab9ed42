"""Routes of /policy-sets."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import policies as policy_actions
from service.actions.errors import NotFound
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import policies
from service.schemas.fields import MadeOut
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
@blueprint.response(201, MadeOut)
def load_policy(body: dict[str, Any]) -> dict[str, UUID]:
    """Load a policy set from its TOML text; 422 names every wrong line."""
    return {"id": policy_actions.load_policy(connection(), body["source"], action_context())}
