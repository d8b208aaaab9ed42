"""Routes of /donations."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import donations
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.schemas.donations import DonationIn
from service.schemas.fields import MadeOut
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
