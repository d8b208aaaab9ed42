"""Routes of /funds/<id>/receipts and /receipts: money received on a fund line."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import fund_receipts
from service.actions.errors import NotFound
from service.actions.fund_receipts import NewReceipt
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import fund_receipts as read
from service.queries import funds
from service.schemas.fields import MadeOut, VoidIn
from service.schemas.fund_receipts import ReceiptCorrectionIn, ReceiptIn, ReceiptsOut
from workflows.vocabulary import Fen, Role

blueprint = Blueprint("fund_receipts", __name__, description="到账 Receipts")


@blueprint.get("/funds/<uuid:fund_id>/receipts")
@requires_role(*READERS)
@blueprint.response(200, ReceiptsOut)
def list_receipts(fund_id: UUID) -> dict[str, Any]:
    """List the receipts of the fund line; voided ones say so."""
    if funds.one(connection(), fund_id, caller()) is None:
        raise NotFound
    return {"items": read.of_fund(connection(), fund_id)}


@blueprint.post("/funds/<uuid:fund_id>/receipts")
@requires_role(Role.CASHIER, Role.ADMIN)
@idempotent
@blueprint.arguments(ReceiptIn)
@blueprint.response(201, MadeOut)
def record_receipt(body: dict[str, Any], fund_id: UUID) -> dict[str, UUID]:
    """Record money received on the fund line; a document is booked once."""
    return {"id": fund_receipts.record_receipt(connection(), fund_id, _new_receipt(body), action_context())}


@blueprint.post("/receipts/<uuid:receipt_id>/void")
@requires_role(Role.APPROVER)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(204)
def void_receipt(body: dict[str, Any], receipt_id: UUID) -> None:
    """Void a receipt whose money never came; it stays readable with the reason."""
    fund_receipts.void_receipt(connection(), receipt_id, body["reason"], action_context())


@blueprint.post("/receipts/<uuid:receipt_id>/correction")
@requires_role(Role.APPROVER)
@idempotent
@blueprint.arguments(ReceiptCorrectionIn)
@blueprint.response(201, MadeOut)
def correct_receipt(body: dict[str, Any], receipt_id: UUID) -> dict[str, UUID]:
    """Record a receipt as it should have been; the original stays readable with the reason."""
    new, reason = _new_receipt(body), body["reason"]
    return {"id": fund_receipts.correct_receipt(connection(), receipt_id, new, reason, action_context())}


def _new_receipt(body: dict[str, Any]) -> NewReceipt:
    return NewReceipt(Fen(body["amount"]), body["document"], body["on"], body["confirmed_repeat"])
