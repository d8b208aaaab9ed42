"""Routes of /households/<id>/finances."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import finances
from service.actions.request_bodies import finances_of
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.etags import version_read
from service.http.transaction import connection
from service.schemas.finances import FinancesIn
from workflows.vocabulary import Role

blueprint = Blueprint("finances", __name__, description="家庭收支 Household finances")


@blueprint.put("/households/<uuid:household_id>/finances")
@requires_role(Role.REGISTRAR)
@blueprint.arguments(FinancesIn)
@blueprint.response(204)
def replace_finances(body: dict[str, Any], household_id: UUID) -> None:
    """Replace the household's finance lines with these."""
    finances.replace_finances(
        connection(), household_id, finances_of(body, {}), action_context(version_read(required=True))
    )
