"""Routes of /activities."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import activities
from service.actions.confirmations import propose
from service.actions.proposals.records import RECORD_WRITES
from service.actions.proposals.write import VoidContent
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import activities as read
from service.schemas.activities import ActivityCorrectionIn, ActivityFilterIn, ActivityIn, ActivityPageOut
from service.schemas.confirmations import ProposedOut
from service.schemas.fields import MadeOut, VoidIn
from workflows.vocabulary import Role

blueprint = Blueprint("activities", __name__, description="活动 Activities")


@blueprint.post("/activities")
@requires_role(Role.REGISTRAR, Role.CASHIER)
@idempotent
@blueprint.arguments(ActivityIn)
@blueprint.response(201, MadeOut)
def record_activity(body: dict[str, Any]) -> dict[str, UUID]:
    """Record an activity and its cost; it is never counted as aid."""
    return {"id": activities.record_activity(connection(), activities.NewActivity(**body), action_context())}


@blueprint.post("/activities/<uuid:activity_id>/void")
@requires_role(Role.REGISTRAR, Role.CASHIER)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(202, ProposedOut)
def void_activity(body: dict[str, Any], activity_id: UUID) -> Response:
    """Propose to void an activity that was never so; it stays readable with the reason."""
    content = VoidContent(activity_id, body["reason"])
    return proposed(propose(connection(), "activity_void", content, action_context()))


@blueprint.post("/activities/<uuid:activity_id>/correction")
@requires_role(Role.REGISTRAR, Role.CASHIER)
@idempotent
@blueprint.arguments(ActivityCorrectionIn)
@blueprint.response(202, ProposedOut)
def correct_activity(body: dict[str, Any], activity_id: UUID) -> Response:
    """Propose an activity as it should have been; the original stays readable with the reason."""
    reason = body.pop("reason")
    new = activities.NewActivity(**body)
    content = RECORD_WRITES["activity_correction"].content(activity_id, new, reason)
    return proposed(propose(connection(), "activity_correction", content, action_context()))


@blueprint.get("/activities")
@requires_role(*READERS)
@blueprint.arguments(ActivityFilterIn, location="query")
@blueprint.response(200, ActivityPageOut)
def list_activities(query: dict[str, Any]) -> dict[str, Any]:
    """List the activities of your units, newest first; voided ones say so."""
    return paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))
