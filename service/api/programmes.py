"""/programmes: what can be asked for, and every form there is, straight from the programmes' tables."""

from typing import Any

from flask_smorest import Blueprint

from service.auth import EVERYONE, needs
from service.schemas.programmes import ProgrammesOut
from workflows.programmes import PROGRAMMES

programmes = Blueprint("programmes", __name__, description="项目 Programmes")


@programmes.get("/programmes")
@needs(*EVERYONE)
@programmes.response(200, ProgrammesOut)
def list_programmes() -> dict[str, Any]:
    """Every programme: its items, the questions of its form, its states, and its steps with theirs."""
    return {"items": list(PROGRAMMES.values())}
