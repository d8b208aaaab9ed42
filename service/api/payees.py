"""Routes of /households/<id>/payee."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import payees
from service.actions.request_bodies import payee_of
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.etags import version_read
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.schemas.fields import MadeOut
from service.schemas.payees import PayeeIn
from workflows.vocabulary import Role

blueprint = Blueprint("payees", __name__, description="收款账户 Payees")


@blueprint.post("/households/<uuid:household_id>/payee")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(PayeeIn)
@blueprint.response(201, MadeOut)
def set_payee(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Make this account the household's payee; approvals that covered another payee become void."""
    return {
        "id": payees.set_payee(
            connection(), household_id, payee_of(body, {}), action_context(version_read(required=False))
        )
    }
