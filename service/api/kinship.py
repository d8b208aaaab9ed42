"""Routes of /kinship and /households/<id>/kinship."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import kinship as kinship_actions
from service.actions.confirmations import propose
from service.actions.proposals.powers import KinshipEnd
from service.api.proposing import proposed
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.schemas.confirmations import ProposedOut
from service.schemas.fields import MadeOut, VoidIn
from service.schemas.kinship import KinOut, KinshipIn
from workflows.vocabulary import Role

blueprint = Blueprint("kinship", __name__, description="亲属申报 Kinship with staff")


@blueprint.get("/households/<uuid:household_id>/kinship")
@requires_role(*EVERYONE)
@blueprint.response(200, KinOut)
def list_kin(household_id: UUID) -> dict[str, Any]:
    """List every declaration about a household, and whether it counts."""
    return {"items": kinship_actions.summary(connection(), household_id, action_context())}


@blueprint.post("/households/<uuid:household_id>/kinship")
@requires_role(*EVERYONE)
@idempotent
@blueprint.arguments(KinshipIn)
@blueprint.response(201, MadeOut)
def declare(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Declare that an account belongs to a relative; once it counts, it bars the account from the household's cases."""
    return {
        "id": kinship_actions.declare_kinship(
            connection(), household_id, body["account_id"], body["relation"], action_context()
        )
    }


@blueprint.post("/kinship/<uuid:kinship_id>/confirmation")
@requires_role(*EVERYONE)
@idempotent
@blueprint.response(204)
def confirm(kinship_id: UUID) -> None:
    """Confirm a declaration, as the account declared or as an administrator."""
    kinship_actions.confirm_kinship(connection(), kinship_id, action_context())


@blueprint.post("/kinship/<uuid:kinship_id>/end")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(202, ProposedOut)
def end(body: dict[str, Any], kinship_id: UUID) -> Response:
    """Propose to end a declaration that was wrong, or a kinship that is over."""
    content = KinshipEnd(kinship_id, body["reason"])
    return proposed(propose(connection(), "kinship_end", content, action_context()))
