"""/persons: one member masked, correct one, take one out, and the full values for a stated purpose."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service import repeats
from service.actions import looks, persons
from service.actions.trail import Unknown
from service.api.etags import tagged, version_read
from service.auth import READERS, needs
from service.queries import households, masked
from service.request import asked, caller, house, tx
from service.schemas.households import MemberOut, PersonEditIn, RevealIn
from workflows.terms import Role

people = Blueprint("persons", __name__, description="人员 Persons")


def _masked(person_id: UUID) -> Response:
    row = households.person_seen(tx(), person_id, caller())
    if row is None:
        raise Unknown
    return tagged(MemberOut().dump(masked.member(house().ring, row)), row["version"])


@people.get("/persons/<uuid:person_id>")
@needs(*READERS)
@people.response(200, MemberOut)
def see_person(person_id: UUID) -> Response:
    """One member, masked."""
    return _masked(person_id)


@people.patch("/persons/<uuid:person_id>")
@needs(Role.REGISTRAR)
@people.arguments(PersonEditIn)
@people.response(200, MemberOut)
def edit_person(body: dict[str, Any], person_id: UUID) -> Response:
    """Correct fields of a member."""
    persons.edit_person(tx(), person_id, body, asked(version_read(required=True)))
    return _masked(person_id)


@people.delete("/persons/<uuid:person_id>")
@needs(Role.REGISTRAR)
@people.response(204)
def deactivate_person(person_id: UUID) -> None:
    """Take a member out of the file; the row stays for the record."""
    persons.deactivate_person(tx(), person_id, asked(version_read(required=True)))


@people.post("/persons/<uuid:person_id>/reveal")
@needs(Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER)
@people.arguments(RevealIn)
@people.response(200, MemberOut)
def reveal(body: dict[str, Any], person_id: UUID) -> dict[str, Any]:
    """The full values, for a stated purpose; the look itself is written into the trail."""
    seen = looks.reveal(tx(), person_id, body["purpose"], asked())
    repeats.forget(tx(), caller())
    return seen
