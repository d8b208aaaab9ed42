"""/funds and /policy-sets: where money comes from, and the rules it is given under."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import funds as fund_actions
from service.actions import openings as opening_actions
from service.actions import policies as policy_actions
from service.actions.trail import Unknown
from service.api.etags import tagged
from service.auth import EVERYONE, READERS, needs
from service.queries import funds as read
from service.queries import openings, policies
from service.request import asked, caller, today, tx
from service.schemas import money as shapes
from service.schemas.households import MadeOut
from workflows.terms import Fen, Role

funds = Blueprint("funds", __name__, description="资金与政策 Funds and policy sets")


@funds.get("/funds")
@needs(*READERS)
@funds.response(200, shapes.FundsOut)
def list_funds() -> dict[str, Any]:
    """The fund lines of your units with their pots."""
    return {"items": read.seen(tx(), caller())}


@funds.post("/funds")
@needs(Role.CASHIER, Role.ADMIN)
@funds.arguments(shapes.FundIn)
@funds.response(201, MadeOut)
def open_line(body: dict[str, Any]) -> dict[str, UUID]:
    """Open a fund line with nothing in it."""
    listed = {"items": tuple(body["items"]), "categories": tuple(body["categories"])}
    return {"id": fund_actions.open_line(tx(), fund_actions.NewFund(**body | listed), asked())}


@funds.get("/funds/<uuid:fund_id>")
@needs(*READERS)
@funds.response(200, shapes.FundOut)
def see_fund(fund_id: UUID) -> Response:
    """One fund line with its pots."""
    row = read.one(tx(), fund_id, caller())
    if row is None:
        raise Unknown
    return tagged(shapes.FundOut().dump(row), row["version"])


@funds.post("/funds/<uuid:fund_id>/receipts")
@needs(Role.CASHIER, Role.ADMIN)
@funds.arguments(shapes.ReceiptIn)
@funds.response(201, MadeOut)
def receive(body: dict[str, Any], fund_id: UUID) -> dict[str, UUID]:
    """Money arrived on the line."""
    made = fund_actions.receive(tx(), fund_id, Fen(body["amount"]), body["document"], body["on"], asked())
    return {"id": made}


@funds.get("/funds/<uuid:fund_id>/openings")
@needs(*READERS)
@funds.response(200, shapes.OpeningsOut)
def list_openings(fund_id: UUID) -> dict[str, Any]:
    """To whom a line of your units is or was open, and what was drawn under each opening."""
    if read.one(tx(), fund_id, caller()) is None:
        raise Unknown
    return {"items": openings.of_line(tx(), fund_id)}


@funds.post("/funds/<uuid:fund_id>/openings")
@needs(Role.APPROVER)
@funds.arguments(shapes.OpeningIn)
@funds.response(201, MadeOut)
def open_to_unit(body: dict[str, Any], fund_id: UUID) -> dict[str, UUID]:
    """Open a line of yours to a unit below (下拨)."""
    ceiling = body.pop("ceiling")
    new = opening_actions.NewOpening(fund_id, **body, ceiling=Fen(ceiling) if ceiling is not None else None)
    return {"id": opening_actions.open_to_unit(tx(), new, asked())}


@funds.post("/fund-openings/<uuid:opening_id>/end")
@needs(Role.APPROVER)
@funds.response(204)
def close_opening(opening_id: UUID) -> None:
    """End an opening from today on; what was promised under it stands."""
    opening_actions.close(tx(), opening_id, asked())


@funds.get("/fund-openings")
@needs(*READERS)
@funds.response(200, shapes.OpenLinesOut)
def list_open_lines() -> dict[str, Any]:
    """Lines of units above that are open to yours today: what they are for, never their balance."""
    return {"items": openings.open_to(tx(), caller(), today())}


@funds.get("/policy-sets")
@needs(*EVERYONE)
@funds.response(200, shapes.PoliciesOut)
def list_policies() -> dict[str, Any]:
    """Every policy set, newest first."""
    return {"items": policies.all_sets(tx())}


@funds.get("/policy-sets/<uuid:policy_set_id>")
@needs(*EVERYONE)
@funds.response(200, shapes.PolicyFullOut)
def see_policy(policy_set_id: UUID) -> dict[str, Any]:
    """One policy set with the text it was loaded from."""
    row = policies.one(tx(), policy_set_id)
    if row is None:
        raise Unknown
    return row


@funds.post("/policy-sets")
@needs(Role.ADMIN)
@funds.arguments(shapes.PolicyIn)
@funds.response(201, MadeOut)
def load_policy(body: dict[str, Any]) -> dict[str, UUID]:
    """Load a policy set from its TOML text. 422 names every line that is wrong."""
    return {"id": policy_actions.load_policy(tx(), body["source"], asked())}
