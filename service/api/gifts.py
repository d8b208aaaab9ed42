"""Routes of /gifts."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import gifts
from service.actions.gift_checks import NewGift
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import gifts as read
from service.schemas.fields import MadeOut, VoidIn
from service.schemas.gifts import GiftCorrectionIn, GiftFilterIn, GiftIn, GiftPageOut
from workflows.vocabulary import Role

blueprint = Blueprint("gifts", __name__, description="慰问 Gifts")


@blueprint.post("/gifts")
@requires_role(Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(GiftIn)
@blueprint.response(201, MadeOut)
def record_gift(body: dict[str, Any]) -> dict[str, UUID]:
    """Record money or goods given outside a case; money is recorded by its approver and leaves its fund at once."""
    return {"id": gifts.record_gift(connection(), NewGift(**body), action_context())}


@blueprint.post("/gifts/<uuid:gift_id>/void")
@requires_role(Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(204)
def void_gift(body: dict[str, Any], gift_id: UUID) -> None:
    """Void a gift that was never so; it stays readable with the reason."""
    gifts.void_gift(connection(), gift_id, body["reason"], action_context())


@blueprint.post("/gifts/<uuid:gift_id>/correction")
@requires_role(Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(GiftCorrectionIn)
@blueprint.response(201, MadeOut)
def correct_gift(body: dict[str, Any], gift_id: UUID) -> dict[str, UUID]:
    """Record a gift as it should have been; the original stays readable with the reason."""
    reason = body.pop("reason")
    new = NewGift(**body)
    return {"id": gifts.correct_gift(connection(), gift_id, new, reason, action_context())}


@blueprint.get("/gifts")
@requires_role(*READERS)
@blueprint.arguments(GiftFilterIn, location="query")
@blueprint.response(200, GiftPageOut)
def list_gifts(query: dict[str, Any]) -> dict[str, Any]:
    """List the gifts of your units, newest first; voided ones say so."""
    return paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))
