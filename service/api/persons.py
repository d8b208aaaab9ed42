"""Routes of /persons: show, correct, remove, and reveal a member."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import personal_data_access, persons
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.number_absences import NewNumberAbsence
from service.actions.possible_twins import offer_twins
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, caller
from service.http.etags import tagged, version_read
from service.http.idempotency import idempotent, release_key
from service.http.transaction import connection
from service.queries import households, masking
from service.schemas.confirmations import ProposedOut
from service.schemas.persons import MemberOut, NumberAbsenceIn, PersonEditIn, PersonIn, PersonMadeOut, RevealIn
from workflows.vocabulary import Role

blueprint = Blueprint("persons", __name__, description="人员 Persons")


def _masked_response(person_id: UUID) -> Response:
    row = households.visible_person(connection(), person_id, caller())
    if row is None:
        raise NotFound
    return tagged(MemberOut().dump(masking.member(app_state().keyring, row)), row["version"])


@blueprint.get("/persons/<uuid:person_id>")
@requires_role(*READERS)
@blueprint.response(200, MemberOut)
def see_person(person_id: UUID) -> Response:
    """Show one member, masked."""
    return _masked_response(person_id)


@blueprint.patch("/persons/<uuid:person_id>")
@requires_role(Role.REGISTRAR)
@blueprint.arguments(PersonEditIn)
@blueprint.response(200, MemberOut)
def edit_person(body: dict[str, Any], person_id: UUID) -> Response:
    """Correct fields of a member."""
    persons.edit_person(connection(), person_id, body, action_context(version_read(required=True)))
    return _masked_response(person_id)


@blueprint.delete("/persons/<uuid:person_id>")
@requires_role(Role.REGISTRAR)
@blueprint.response(204)
def deactivate_person(person_id: UUID) -> None:
    """Remove a member from the file; the row stays for the record."""
    persons.deactivate_person(connection(), person_id, action_context(version_read(required=True)))


@blueprint.post("/persons/<uuid:person_id>/reveal")
@requires_role(Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER)
@idempotent
@blueprint.arguments(RevealIn)
@blueprint.response(200, MemberOut)
def reveal(body: dict[str, Any], person_id: UUID) -> dict[str, Any]:
    """Show the full values for a stated purpose; the event log records the access."""
    plain_person = personal_data_access.reveal_personal_data(connection(), person_id, body["purpose"], action_context())
    release_key()
    return plain_person


@blueprint.post("/households/<uuid:household_id>/members")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(PersonIn)
@blueprint.response(201, PersonMadeOut)
def add_person(body: dict[str, Any], household_id: UUID) -> dict[str, Any]:
    """Add a member to a file."""
    body.pop("key")
    context = action_context(version_read(required=False))
    person_id = persons.add_person(connection(), household_id, persons.Person(**body), context)
    return {"id": person_id, "possible_twins": offer_twins(connection(), [person_id], context)}


@blueprint.post("/persons/<uuid:person_id>/number-absences")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(NumberAbsenceIn)
@blueprint.response(202, ProposedOut)
def explain_number(body: dict[str, Any], person_id: UUID) -> Response:
    """Propose the reason why a member has no identity number; another colleague sees the document and confirms."""
    content = NewNumberAbsence(person_id, **body)
    return proposed(propose(connection(), "number_absence", content, action_context()))
