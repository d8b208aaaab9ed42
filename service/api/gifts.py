"""Routes of /gifts."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import gifts
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.schemas.fields import MadeOut
from service.schemas.gifts import GiftIn
from workflows.vocabulary import Role

blueprint = Blueprint("gifts", __name__, description="慰问 Gifts")


@blueprint.post("/gifts")
@requires_role(Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(GiftIn)
@blueprint.response(201, MadeOut)
def record_gift(body: dict[str, Any]) -> dict[str, UUID]:
    """Record money or goods given outside a case; money is recorded by its approver and leaves its fund at once."""
    return {"id": gifts.record_gift(connection(), gifts.NewGift(**body), action_context())}
