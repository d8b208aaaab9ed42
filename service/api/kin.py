"""/households/{id}/kin and /kin: relatives among the staff, declared by one and confirmed by another."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import kin as kin_actions
from service.auth import EVERYONE, needs
from service.request import asked, tx
from service.schemas import households as shapes
from workflows.terms import Role

kin = Blueprint("kin", __name__, description="亲属申报 Relatives among the staff")


@kin.get("/households/<uuid:household_id>/kin")
@needs(*EVERYONE)
@kin.response(200, shapes.KinOut)
def list_kin(household_id: UUID) -> dict[str, Any]:
    """Every declaration about a household, and whether it counts."""
    return {"items": kin_actions.told(tx(), household_id, asked())}


@kin.post("/households/<uuid:household_id>/kin")
@needs(*EVERYONE)
@kin.arguments(shapes.KinshipIn)
@kin.response(201, shapes.MadeOut)
def declare(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Declare that somebody who works here is a relative. Once it counts he can do nothing on the family's cases."""
    return {"id": kin_actions.declare(tx(), household_id, body["account_id"], body["relation"], asked())}


@kin.post("/kin/<uuid:kinship_id>/confirmation")
@needs(*EVERYONE)
@kin.response(204)
def confirm(kinship_id: UUID) -> None:
    """Say that a declaration is true: the person declared, or an administrator."""
    kin_actions.confirm(tx(), kinship_id, asked())


@kin.post("/kin/<uuid:kinship_id>/end")
@needs(Role.ADMIN)
@kin.response(204)
def end(kinship_id: UUID) -> None:
    """End a declaration that was wrong, or a kinship that is over."""
    kin_actions.end(tx(), kinship_id, asked())
