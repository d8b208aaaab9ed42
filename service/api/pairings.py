"""Routes of /households/<id>/pairings and /pairings."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import pairings
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.proposals.records import RECORD_WRITES
from service.actions.proposals.write import VoidContent
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import households
from service.queries import pairings as read
from service.schemas.confirmations import ProposedOut
from service.schemas.fields import MadeOut, VoidIn
from service.schemas.pairings import PairingCorrectionIn, PairingIn, PairingsOut
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


@blueprint.post("/pairings/<uuid:pairing_id>/void")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(202, ProposedOut)
def void_pairing(body: dict[str, Any], pairing_id: UUID) -> Response:
    """Propose to void a pairing that was never so; it stays readable with the reason."""
    content = VoidContent(pairing_id, body["reason"])
    return proposed(propose(connection(), "pairing_void", content, action_context()))


@blueprint.post("/pairings/<uuid:pairing_id>/correction")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(PairingCorrectionIn)
@blueprint.response(202, ProposedOut)
def correct_pairing(body: dict[str, Any], pairing_id: UUID) -> Response:
    """Propose a pairing as it should have been; the original stays readable with the reason."""
    reason = body.pop("reason")
    new = pairings.Pairing(**body)
    content = RECORD_WRITES["pairing_correction"].content(pairing_id, new, reason)
    return proposed(propose(connection(), "pairing_correction", content, action_context()))


@blueprint.get("/households/<uuid:household_id>/pairings")
@requires_role(*READERS)
@blueprint.response(200, PairingsOut)
def list_pairings(household_id: UUID) -> dict[str, Any]:
    """List the pairings of the household; voided ones say so."""
    if households.one(connection(), household_id, caller()) is None:
        raise NotFound
    return {"items": read.of_household(connection(), household_id)}
