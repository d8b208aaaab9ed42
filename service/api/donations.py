"""Routes of /donations."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import donations
from service.actions.confirmations import propose
from service.actions.proposals.records import RECORD_WRITES
from service.actions.proposals.write import VoidContent
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import donations as read
from service.schemas.confirmations import ProposedOut
from service.schemas.donations import DonationCorrectionIn, DonationFilterIn, DonationIn, DonationPageOut
from service.schemas.fields import MadeOut, VoidIn
from workflows.vocabulary import Role

blueprint = Blueprint("donations", __name__, description="捐款 Donations")


@blueprint.post("/donations")
@requires_role(Role.REGISTRAR, Role.CASHIER)
@idempotent
@blueprint.arguments(DonationIn)
@blueprint.response(201, MadeOut)
def record_donation(body: dict[str, Any]) -> dict[str, UUID]:
    """Record a donation passed on or received."""
    return {"id": donations.record_donation(connection(), donations.NewDonation(**body), action_context())}


@blueprint.post("/donations/<uuid:donation_id>/void")
@requires_role(Role.REGISTRAR, Role.CASHIER)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(202, ProposedOut)
def void_donation(body: dict[str, Any], donation_id: UUID) -> Response:
    """Propose to void a donation that was never so; it stays readable with the reason."""
    content = VoidContent(donation_id, body["reason"])
    return proposed(propose(connection(), "donation_void", content, action_context()))


@blueprint.post("/donations/<uuid:donation_id>/correction")
@requires_role(Role.REGISTRAR, Role.CASHIER)
@idempotent
@blueprint.arguments(DonationCorrectionIn)
@blueprint.response(202, ProposedOut)
def correct_donation(body: dict[str, Any], donation_id: UUID) -> Response:
    """Propose a donation as it should have been; the original stays readable with the reason."""
    reason = body.pop("reason")
    new = donations.NewDonation(**body)
    content = RECORD_WRITES["donation_correction"].content(donation_id, new, reason)
    return proposed(propose(connection(), "donation_correction", content, action_context()))


@blueprint.get("/donations")
@requires_role(*READERS)
@blueprint.arguments(DonationFilterIn, location="query")
@blueprint.response(200, DonationPageOut)
def list_donations(query: dict[str, Any]) -> dict[str, Any]:
    """List the donations of your units, newest first; voided ones say so."""
    return paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))
