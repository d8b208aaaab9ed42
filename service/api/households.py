"""Routes of /households: open, list, show and correct a file."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import households as household_actions
from service.actions import search
from service.actions.errors import NotFound
from service.actions.possible_twins import offer_twins
from service.actions.request_bodies import new_household_of
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, caller
from service.http.etags import tagged, version_read
from service.http.idempotency import idempotent
from service.http.pagination import most_counted, paged
from service.http.transaction import connection
from service.queries import households as read
from service.queries import masking
from service.queries.page import Page
from service.schemas.households import (
    HouseholdEditIn,
    HouseholdFilterIn,
    HouseholdIn,
    HouseholdOut,
    HouseholdPageOut,
)
from service.schemas.persons import PersonMadeOut
from workflows.vocabulary import Role

blueprint = Blueprint("households", __name__, description="家庭档案 Household files")


@blueprint.post("/households")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(HouseholdIn)
@blueprint.response(201, PersonMadeOut)
def file_household(body: dict[str, Any]) -> dict[str, Any]:
    """Open a household's file with members, finances, consent and payee; 422 names every wrong field."""
    new = new_household_of(body)
    household_id = household_actions.create_household(connection(), new, action_context())
    twins = offer_twins(connection(), [member.id for member in new.members], action_context())
    return {"id": household_id, "possible_twins": twins}


@blueprint.get("/households")
@requires_role(*READERS)
@blueprint.arguments(HouseholdFilterIn, location="query")
@blueprint.response(200, HouseholdPageOut)
def list_households(query: dict[str, Any]) -> dict[str, Any]:
    """List the files of your units, in the order of entry or another; a search for a person is recorded."""
    most = most_counted(query)

    def load_page(filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
        return search.list_households(connection(), filters, after, size, action_context(), most=most)

    return paged(query, load_page)


@blueprint.get("/households/<uuid:household_id>")
@requires_role(*READERS)
@blueprint.response(200, HouseholdOut)
def see_household(household_id: UUID) -> Response:
    """Show one file with its persons masked, and its version as ETag."""
    return _household_response(household_id)


def _household_response(household_id: UUID) -> Response:
    row = read.one(connection(), household_id, caller())
    if row is None:
        raise NotFound
    row["members"] = [
        masking.member(app_state().keyring, member) for member in read.members(connection(), household_id)
    ]
    row["lines"], row["consents"] = read.lines(connection(), household_id), read.consents(connection(), household_id)
    row["payee"] = masking.payee(app_state().keyring, read.payee(connection(), household_id))
    return tagged(HouseholdOut().dump(row), row["version"])


@blueprint.patch("/households/<uuid:household_id>")
@requires_role(Role.REGISTRAR)
@blueprint.arguments(HouseholdEditIn)
@blueprint.response(200, HouseholdOut)
def edit_household(body: dict[str, Any], household_id: UUID) -> Response:
    """Correct fields of a file; a change of what an approval covers voids the approval."""
    household_actions.edit_household(connection(), household_id, body, action_context(version_read(required=True)))
    return _household_response(household_id)
