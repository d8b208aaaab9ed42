"""Routes of /programmes, read from the programmes' tables."""

from typing import Any

from flask_smorest import Blueprint

from service.http.auth import EVERYONE, requires_role
from service.schemas.programmes import ProgrammesOut
from workflows.programmes import PROGRAMMES

blueprint = Blueprint("programmes", __name__, description="项目 Programmes")


@blueprint.get("/programmes")
@requires_role(*EVERYONE)
@blueprint.response(200, ProgrammesOut)
def list_programmes() -> dict[str, Any]:
    """List every programme: its items, the fields of its form, its states, and its steps with their forms."""
    return {"items": list(PROGRAMMES.values())}
