"""Routes of /funds: fund lines."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.funds import NewFund
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.etags import tagged
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import funds as read
from service.schemas.confirmations import ProposedOut
from service.schemas.funds import FundIn, FundOut, FundsOut
from workflows.vocabulary import Role

blueprint = Blueprint("funds", __name__, description="资金 Funds")


@blueprint.get("/funds")
@requires_role(*READERS)
@blueprint.response(200, FundsOut)
def list_funds() -> dict[str, Any]:
    """List the fund lines of your units with their pots."""
    return {"items": read.visible_funds(connection(), caller())}


@blueprint.post("/funds")
@requires_role(Role.CASHIER)
@idempotent
@blueprint.arguments(FundIn)
@blueprint.response(202, ProposedOut)
def open_line(body: dict[str, Any]) -> Response:
    """Propose a fund line without money."""
    lists = {"items": tuple(body["items"]), "categories": tuple(body["categories"])}
    return proposed(propose(connection(), "fund_line", NewFund(**body | lists), action_context()))


@blueprint.get("/funds/<uuid:fund_id>")
@requires_role(*READERS)
@blueprint.response(200, FundOut)
def see_fund(fund_id: UUID) -> Response:
    """Show one fund line with its pots."""
    row = read.one(connection(), fund_id, caller())
    if row is None:
        raise NotFound
    return tagged(FundOut().dump(row), row["version"])
