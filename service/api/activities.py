"""Routes of /activities."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import activities
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.schemas.activities import ActivityIn
from service.schemas.fields import MadeOut
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
