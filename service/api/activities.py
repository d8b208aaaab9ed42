"""Routes of /activities."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import activities
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import activities as read
from service.schemas.activities import ActivityCorrectionIn, ActivityFilterIn, ActivityIn, ActivityPageOut
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
@blueprint.response(204)
def void_activity(body: dict[str, Any], activity_id: UUID) -> None:
    """Void an activity that was never so; it stays readable with the reason."""
    activities.void_activity(connection(), activity_id, body["reason"], action_context())


@blueprint.post("/activities/<uuid:activity_id>/correction")
@requires_role(Role.REGISTRAR, Role.CASHIER)
@idempotent
@blueprint.arguments(ActivityCorrectionIn)
@blueprint.response(201, MadeOut)
def correct_activity(body: dict[str, Any], activity_id: UUID) -> dict[str, UUID]:
    """Record an activity as it should have been; the original stays readable with the reason."""
    reason = body.pop("reason")
    new = activities.NewActivity(**body)
    return {"id": activities.correct_activity(connection(), activity_id, new, reason, action_context())}


@blueprint.get("/activities")
@requires_role(*READERS)
@blueprint.arguments(ActivityFilterIn, location="query")
@blueprint.response(200, ActivityPageOut)
def list_activities(query: dict[str, Any]) -> dict[str, Any]:
    """List the activities of your units, newest first; voided ones say so."""
    return paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))
