"""Routes of /funds/<id>/receipts and /receipts: money received on a fund line."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.fund_receipts import NewReceipt
from service.actions.proposals.money import ReceiptContent, ReceiptCorrection
from service.actions.proposals.write import VoidContent
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import fund_receipts as read
from service.queries import funds
from service.schemas.confirmations import ProposedOut
from service.schemas.fields import VoidIn
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
@requires_role(Role.CASHIER)
@idempotent
@blueprint.arguments(ReceiptIn)
@blueprint.response(202, ProposedOut)
def record_receipt(body: dict[str, Any], fund_id: UUID) -> Response:
    """Propose money received on the fund line; a document is booked once, when another person has confirmed it."""
    content = ReceiptContent(fund_id, _new_receipt(body))
    return proposed(propose(connection(), "receipt", content, action_context()))


@blueprint.post("/receipts/<uuid:receipt_id>/void")
@requires_role(Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(202, ProposedOut)
def void_receipt(body: dict[str, Any], receipt_id: UUID) -> Response:
    """Propose to void a receipt whose money never came; it stays readable with the reason."""
    content = VoidContent(receipt_id, body["reason"])
    return proposed(propose(connection(), "receipt_void", content, action_context()))


@blueprint.post("/receipts/<uuid:receipt_id>/correction")
@requires_role(Role.CASHIER, Role.APPROVER)
@idempotent
@blueprint.arguments(ReceiptCorrectionIn)
@blueprint.response(202, ProposedOut)
def correct_receipt(body: dict[str, Any], receipt_id: UUID) -> Response:
    """Propose a receipt as it should have been; the original stays readable with the reason."""
    content = ReceiptCorrection(receipt_id, _new_receipt(body), body["reason"])
    return proposed(propose(connection(), "receipt_correction", content, action_context()))


def _new_receipt(body: dict[str, Any]) -> NewReceipt:
    return NewReceipt(Fen(body["amount"]), body["document"], body["on"], body["confirmed_repeat"])
