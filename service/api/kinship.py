"""/households/{id}/kinship and /kin: relatives among the staff, declared by one and confirmed by another."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import kinship as kin_actions
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, connection
from service.schemas.fields import MadeOut
from service.schemas.kinship import KinOut, KinshipIn
from workflows.vocabulary import Role

blueprint = Blueprint("kinship", __name__, description="亲属申报 Kinship with staff")


@blueprint.get("/households/<uuid:household_id>/kinship")
@requires_role(*EVERYONE)
@blueprint.response(200, KinOut)
def list_kin(household_id: UUID) -> dict[str, Any]:
    """Every declaration about a household, and whether it counts."""
    return {"items": kin_actions.summary(connection(), household_id, action_context())}


@blueprint.post("/households/<uuid:household_id>/kinship")
@requires_role(*EVERYONE)
@blueprint.arguments(KinshipIn)
@blueprint.response(201, MadeOut)
def declare(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Declare that somebody who works here is a relative. Once it counts he can do nothing on the family's cases."""
    return {
        "id": kin_actions.declare_kinship(
            connection(), household_id, body["account_id"], body["relation"], action_context()
        )
    }


@blueprint.post("/kinship/<uuid:kinship_id>/confirmation")
@requires_role(*EVERYONE)
@blueprint.response(204)
def confirm(kinship_id: UUID) -> None:
    """Say that a declaration is true: the person declared, or an administrator."""
    kin_actions.confirm_kinship(connection(), kinship_id, action_context())


@blueprint.post("/kinship/<uuid:kinship_id>/end")
@requires_role(Role.ADMIN)
@blueprint.response(204)
def end(kinship_id: UUID) -> None:
    """End a declaration that was wrong, or a kinship that is over."""
    kin_actions.end_kinship(connection(), kinship_id, action_context())
