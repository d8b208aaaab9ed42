"""/units, /accounts, /me: the union tree, who works in it with which grants, and who I am."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import staff
from service.actions import units as unit_actions
from service.actions.trail import Unknown
from service.api.etags import tagged, version_read
from service.auth import EVERYONE, needs
from service.queries import letters
from service.queries import units as read
from service.request import asked, caller, today, tx
from service.schemas import offices as shapes
from service.schemas.households import MadeOut
from workflows.terms import BadAnswers, Reason, Role

units = Blueprint("units", __name__, description="单位与人员 Units and staff")


@units.get("/me")
@needs(*EVERYONE)
@units.response(200, shapes.MeOut)
def me() -> dict[str, Any]:
    """Who the token belongs to, and what he may do today."""
    who = caller()
    unread = letters.unread(tx(), who.account)
    return {**{name: getattr(who, name) for name in who.__slots__}, "unread": unread}


@units.get("/units")
@needs(*EVERYONE)
@units.response(200, shapes.UnitsOut)
def list_units() -> dict[str, Any]:
    """The units you work in, and those below them."""
    return {"items": read.seen(tx(), caller())}


@units.post("/units")
@needs(Role.ADMIN)
@units.arguments(shapes.UnitIn)
@units.response(201, MadeOut)
def add_unit(body: dict[str, Any]) -> dict[str, UUID]:
    """Add a unit below another."""
    return {"id": unit_actions.add_unit(tx(), **body, asked=asked())}


@units.get("/units/<uuid:unit_id>")
@needs(*EVERYONE)
@units.response(200, shapes.UnitOut)
def see_unit(unit_id: UUID) -> Response:
    """One unit, with its version as ETag."""
    return _unit(unit_id)


@units.patch("/units/<uuid:unit_id>")
@needs(Role.ADMIN)
@units.arguments(shapes.UnitEditIn)
@units.response(200, shapes.UnitOut)
def rename(body: dict[str, Any], unit_id: UUID) -> Response:
    """Give a unit another name."""
    unit_actions.rename(tx(), unit_id, body["name"], asked(version_read(required=True)))
    return _unit(unit_id)


def _unit(unit_id: UUID) -> Response:
    row = read.one(tx(), unit_id, caller())
    if row is None:
        raise Unknown
    return tagged(shapes.UnitOut().dump(row), row["version"])


@units.post("/accounts")
@needs(Role.ADMIN)
@units.arguments(shapes.AccountIn)
@units.response(201, MadeOut)
def add_account(body: dict[str, Any]) -> dict[str, UUID]:
    """Give somebody an account; it can do nothing until a role is granted."""
    return {"id": staff.add_account(tx(), staff.NewAccount(**body), asked())}


@units.post("/accounts/<uuid:account_id>/grants")
@needs(Role.ADMIN)
@units.arguments(shapes.GrantIn)
@units.response(201, MadeOut)
def grant_role(body: dict[str, Any], account_id: UUID) -> dict[str, UUID]:
    """Grant a role over a unit for a time, perhaps to stand in for somebody; never for a day that has gone by."""
    if body["from_on"] < today():
        raise BadAnswers(Reason.of("grant_dated_back", field="from_on"))
    return {"id": staff.grant_role(tx(), staff.NewGrant(account_id=account_id, **body), asked())}


@units.post("/grants/<uuid:grant_id>/revocation")
@needs(Role.ADMIN)
@units.response(200, MadeOut)
def revoke(grant_id: UUID) -> dict[str, UUID]:
    """End a grant today."""
    staff.revoke(tx(), grant_id, asked())
    return {"id": grant_id}
