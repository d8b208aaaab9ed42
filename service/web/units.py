"""/units: the units of the union's tree that a person works in, a new unit below one, another name."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from service.actions import units as actions
from service.actions.errors import NotFound
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, caller
from service.http.etags import version_read
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import units as read
from service.web import family_options as options
from service.web import staff_forms as forms
from service.web.forms import PostedForm
from service.web.layout import text
from service.web.record_forms import Filled
from service.web.record_page import page_of, sent
from workflows.vocabulary import Role

blueprint = Blueprint("units", __name__)
LIST = "/units"


@blueprint.get("/units")
@requires_role(*EVERYONE)
@takes_query("done")
def list_units() -> str:
    """List the units that the caller works in, each before the units below it."""
    rows = read.visible_units(connection(), caller())
    depths = {row["id"]: row["path"].count("/") for row in rows}
    top = min(depths.values(), default=0)
    may_add = Role.ADMIN in caller().roles
    return render_template("units/list.html", rows=rows, depths=depths, top=top, may_add=may_add)


@blueprint.get("/units/new")
@requires_role(Role.ADMIN)
def show_new() -> str:
    """Show the form for a unit below another."""
    own, filled = read.one(connection(), caller().unit_id, caller()) or {}, Filled()
    filled.add("", {"parent_id": own.get("id"), "division": own.get("division")})
    return _new(filled.posted())


def _new(posted: PostedForm) -> str:
    choices = {"parent_id": options.units_of(Role.ADMIN)} | forms.unit_terms()
    return page_of(forms.UNIT, choices, posted, back=LIST, back_label=text("menu.units"))


@blueprint.post("/units/new")
@requires_role(Role.ADMIN)
@idempotent
def add_unit() -> ResponseReturnValue:
    """Add a unit below another."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        actions.add_unit(connection(), **body, context=action_context())
        return redirect(f"{LIST}?done=yes", HTTPStatus.SEE_OTHER)

    return sent(forms.UNIT, _new, act)


def _unit(unit_id: UUID) -> dict[str, Any]:
    row = read.one(connection(), unit_id, caller())
    if row is None:
        raise NotFound
    return row


def _name(row: dict[str, Any], posted: PostedForm) -> str:
    label = text("menu.units")
    return page_of(forms.UNIT_NAME, {}, posted, back=LIST, back_label=label, about=row["name"], version=row["version"])


@blueprint.get("/units/<uuid:unit_id>/name")
@requires_role(Role.ADMIN)
def show_name(unit_id: UUID) -> str:
    """Show the form for another name of a unit."""
    row, filled = _unit(unit_id), Filled()
    filled.add("", {"name": row["name"]})
    return _name(row, filled.posted())


@blueprint.post("/units/<uuid:unit_id>/name")
@requires_role(Role.ADMIN)
@idempotent
def rename(unit_id: UUID) -> ResponseReturnValue:
    """Rename a unit."""
    row = _unit(unit_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        actions.rename_unit(connection(), unit_id, body["name"], action_context(version_read(required=True)))
        return redirect(f"{LIST}?done=yes", HTTPStatus.SEE_OTHER)

    return sent(forms.UNIT_NAME, lambda posted: _name(row, posted), act)
