"""Routes of /households/<id>/pairings."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import pairings
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.schemas.fields import MadeOut
from service.schemas.pairings import PairingIn
from workflows.vocabulary import Role

blueprint = Blueprint("pairings", __name__, description="结对帮扶 Pairings")


@blueprint.post("/households/<uuid:household_id>/pairings")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(PairingIn)
@blueprint.response(201, MadeOut)
def pair(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Pair a unit with the household (结对帮扶)."""
    return {"id": pairings.record_pairing(connection(), household_id, pairings.Pairing(**body), action_context())}
