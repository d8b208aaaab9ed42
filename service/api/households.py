"""Routes of /households: open, list, show and correct a file."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import consents, persons
from service.actions import households as household_actions
from service.actions.errors import NotFound
from service.actions.possible_twins import offer_twins
from service.api.finances import finances_of
from service.api.payees import payee_of
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, caller
from service.http.etags import tagged, version_read
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import households as read
from service.queries import masking
from service.queries.page import Page, page_by_id
from service.schemas.fields import PageIn
from service.schemas.households import HouseholdEditIn, HouseholdIn, HouseholdOut, HouseholdPageOut
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
    keys = {member.pop("key") or str(index): index for index, member in enumerate(body["members"])}
    members = tuple(persons.Person(**member) for member in body.pop("members"))
    ids = {key: members[index].id for key, index in keys.items()}
    finances, consent, payee = body.pop("finances"), body.pop("consent"), body.pop("payee")
    new = household_actions.NewHousehold(
        **body | {"observed": tuple(body["observed"])},
        members=members,
        finances=finances_of(finances, ids) if finances else None,
        consent=consents.Consent(**consent) if consent else None,
        payee=payee_of(payee, ids) if payee else None,
    )
    household_id = household_actions.create_household(connection(), new, action_context())
    twins = offer_twins(connection(), [member.id for member in members], action_context())
    return {"id": household_id, "possible_twins": twins}


@blueprint.get("/households")
@requires_role(*READERS)
@blueprint.arguments(PageIn, location="query")
@blueprint.response(200, HouseholdPageOut)
def list_households(query: dict[str, Any]) -> dict[str, Any]:
    """List the files of your units, in the order of entry."""

    def load_page(_filters: object, after: list[str] | None, size: int) -> Page:
        page_rows = read.page(connection(), caller(), UUID(after[0]) if after else None, size + 1)
        return page_by_id(page_rows, size, read.count(connection(), caller()))

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
