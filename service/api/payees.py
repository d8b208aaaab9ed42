"""Routes of /households/<id>/payee: set, and reveal."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import payees
from service.actions.errors import NotFound
from service.actions.personal_data_access import PAYEE_REVEALERS
from service.actions.personal_data_access import reveal_payee as reveal
from service.actions.request_bodies import payee_of
from service.http.auth import requires_role
from service.http.context import action_context, caller
from service.http.etags import version_read
from service.http.idempotency import idempotent, release_key
from service.http.transaction import connection
from service.queries import households
from service.schemas.fields import MadeOut
from service.schemas.payees import PayeeIn, RevealedPayeeOut
from service.schemas.persons import RevealIn
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


@blueprint.post("/households/<uuid:household_id>/payee/reveal")
@requires_role(*PAYEE_REVEALERS)
@idempotent
@blueprint.arguments(RevealIn)
@blueprint.response(200, RevealedPayeeOut)
def reveal_payee(body: dict[str, Any], household_id: UUID) -> dict[str, Any]:
    """Show the account to pay in full for a stated purpose; the event log records the access."""
    row = households.one(connection(), household_id, caller())
    if row is None:
        raise NotFound
    plain = reveal(connection(), household_id, row["unit_path"], body["purpose"], action_context())
    release_key()
    return plain
