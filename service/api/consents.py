"""Routes of /households/<id>/consents."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import consents
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.etags import version_read
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.schemas.consents import ConsentIn
from service.schemas.fields import MadeOut

blueprint = Blueprint("consents", __name__, description="授权 Consents")


@blueprint.post("/households/<uuid:household_id>/consents")
@requires_role(*consents.RECORDERS)
@idempotent
@blueprint.arguments(ConsentIn)
@blueprint.response(201, MadeOut)
def give_consent(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Record a household's signed consent."""
    return {
        "id": consents.record_consent(
            connection(), household_id, consents.Consent(**body), action_context(version_read(required=False))
        )
    }
