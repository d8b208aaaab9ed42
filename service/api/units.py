"""Routes of /units."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import units as unit_actions
from service.actions.errors import NotFound
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, caller
from service.http.etags import tagged, version_read
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import units as read
from service.schemas.fields import MadeOut
from service.schemas.units import UnitEditIn, UnitIn, UnitOut, UnitsOut
from workflows.vocabulary import Role

blueprint = Blueprint("units", __name__, description="单位 Units")


@blueprint.get("/units")
@requires_role(*EVERYONE)
@blueprint.response(200, UnitsOut)
def list_units() -> dict[str, Any]:
    """List the units you work in, and the units below them."""
    return {"items": read.visible_units(connection(), caller())}


@blueprint.post("/units")
@requires_role(Role.ADMIN)
@idempotent
@blueprint.arguments(UnitIn)
@blueprint.response(201, MadeOut)
def add_unit(body: dict[str, Any]) -> dict[str, UUID]:
    """Add a unit below another."""
    return {"id": unit_actions.add_unit(connection(), **body, context=action_context())}


@blueprint.get("/units/<uuid:unit_id>")
@requires_role(*EVERYONE)
@blueprint.response(200, UnitOut)
def see_unit(unit_id: UUID) -> Response:
    """Show one unit, with its version as ETag."""
    return _unit_response(unit_id)


@blueprint.patch("/units/<uuid:unit_id>")
@requires_role(Role.ADMIN)
@blueprint.arguments(UnitEditIn)
@blueprint.response(200, UnitOut)
def rename(body: dict[str, Any], unit_id: UUID) -> Response:
    """Rename a unit."""
    unit_actions.rename_unit(connection(), unit_id, body["name"], action_context(version_read(required=True)))
    return _unit_response(unit_id)


def _unit_response(unit_id: UUID) -> Response:
    row = read.one(connection(), unit_id, caller())
    if row is None:
        raise NotFound
    return tagged(UnitOut().dump(row), row["version"])
