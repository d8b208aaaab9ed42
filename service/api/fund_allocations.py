"""Routes of /funds/<id>/allocations and /fund-allocations."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import fund_allocations as allocation_actions
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller, today
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import fund_allocations
from service.queries import funds as read
from service.schemas.confirmations import ProposedOut
from service.schemas.fund_allocations import AllocatedFundsOut, FundAllocationIn, FundAllocationsOut
from workflows.vocabulary import Fen, Role

blueprint = Blueprint("fund_allocations", __name__, description="下拨 Fund allocations")


@blueprint.get("/funds/<uuid:fund_id>/allocations")
@requires_role(*READERS)
@blueprint.response(200, FundAllocationsOut)
def list_allocations(fund_id: UUID) -> dict[str, Any]:
    """List the past and present allocations of a fund of your units, with what was drawn under each."""
    if read.one(connection(), fund_id, caller()) is None:
        raise NotFound
    return {"items": fund_allocations.allocations_of(connection(), fund_id)}


@blueprint.post("/funds/<uuid:fund_id>/allocations")
@requires_role(Role.APPROVER)
@idempotent
@blueprint.arguments(FundAllocationIn)
@blueprint.response(202, ProposedOut)
def open_to_unit(body: dict[str, Any], fund_id: UUID) -> Response:
    """Propose to allocate a fund of your unit to a unit below it (下拨)."""
    new = allocation_actions.NewFundAllocation(fund_id, **body | {"ceiling": Fen(body["ceiling"])})
    return proposed(propose(connection(), "fund_allocation", new, action_context()))


@blueprint.post("/fund-allocations/<uuid:allocation_id>/end")
@requires_role(Role.APPROVER)
@idempotent
@blueprint.response(204)
def close_allocation(allocation_id: UUID) -> None:
    """End an allocation from today on; money committed under it stays committed."""
    allocation_actions.close_allocation(connection(), allocation_id, action_context())


@blueprint.get("/fund-allocations")
@requires_role(*READERS)
@blueprint.response(200, AllocatedFundsOut)
def list_allocated_funds() -> dict[str, Any]:
    """List the funds of units above that are allocated to yours today, without their balances."""
    return {"items": fund_allocations.allocated_to(connection(), caller(), today())}
