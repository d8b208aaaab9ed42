"""Routes of /gifts."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import gifts
from service.actions.confirmations import propose
from service.actions.gift_checks import NewGift
from service.actions.proposals.money import GiftCorrection, moves_money
from service.actions.proposals.write import VoidContent
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import gifts as read
from service.schemas.confirmations import ProposedOut
from service.schemas.fields import MadeOut, VoidIn
from service.schemas.gifts import GiftCorrectionIn, GiftFilterIn, GiftIn, GiftPageOut
from workflows.vocabulary import Role

blueprint = Blueprint("gifts", __name__, description="慰问 Gifts")


@blueprint.post("/gifts")
@requires_role(Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(GiftIn)
@blueprint.response(201, MadeOut)
@blueprint.alt_response(202, schema=ProposedOut)
def record_gift(body: dict[str, Any]) -> dict[str, UUID] | Response:
    """Record goods given outside a case; money is proposed by its approver and confirmed by who hands it over."""
    new = NewGift(**body)
    if new.fen is not None:
        return proposed(propose(connection(), "gift", new, action_context()))
    return {"id": gifts.record_gift(connection(), new, action_context())}


@blueprint.post("/gifts/<uuid:gift_id>/void")
@requires_role(Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(204)
@blueprint.alt_response(202, schema=ProposedOut)
def void_gift(body: dict[str, Any], gift_id: UUID) -> Response | None:
    """Void goods that were never given; for money it is proposed. It stays readable with the reason."""
    if moves_money(connection(), gift_id):
        content = VoidContent(gift_id, body["reason"])
        return proposed(propose(connection(), "gift_void", content, action_context()))
    gifts.void_gift(connection(), gift_id, body["reason"], action_context())
    return None


@blueprint.post("/gifts/<uuid:gift_id>/correction")
@requires_role(Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(GiftCorrectionIn)
@blueprint.response(201, MadeOut)
@blueprint.alt_response(202, schema=ProposedOut)
def correct_gift(body: dict[str, Any], gift_id: UUID) -> dict[str, UUID] | Response:
    """Record a gift as it should have been; where money is in it, it is proposed. The original stays readable."""
    reason = body.pop("reason")
    new = NewGift(**body)
    if new.fen is not None or moves_money(connection(), gift_id):
        content = GiftCorrection(gift_id, new, reason)
        return proposed(propose(connection(), "gift_correction", content, action_context()))
    return {"id": gifts.correct_gift(connection(), gift_id, new, reason, action_context())}


@blueprint.get("/gifts")
@requires_role(*READERS)
@blueprint.arguments(GiftFilterIn, location="query")
@blueprint.response(200, GiftPageOut)
def list_gifts(query: dict[str, Any]) -> dict[str, Any]:
    """List the gifts of your units, newest first; voided ones say so."""
    return paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))
