"""/persons: members of a family: added, corrected, removed, shown unmasked, and without a number."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from service.actions import personal_data_access, persons
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.number_absences import NewNumberAbsence
from service.actions.personal_data_access import REVEALERS
from service.actions.possible_twins import twins_of_unfiled
from service.http.auth import requires_role
from service.http.context import action_context, app_state, caller
from service.http.etags import version_read
from service.http.idempotency import idempotent, release_key
from service.http.transaction import connection
from service.queries import households, masking
from service.schemas.fields import In
from service.schemas.persons import RevealIn
from service.web import family_options as options
from service.web import forms
from service.web.family_forms import ABSENCE, CLEARED, EDIT_MEMBER, NEW_MEMBER
from service.web.forms import EMPTY, PostedForm
from service.web.household_page import heading
from service.web.record_forms import Filled, RecordForm, load, one
from service.web.record_page import TWINS_SEEN, page_of, sent, to_family, twins_are_new
from workflows.form_fields import FormField, Kind
from workflows.household_change_codes import NumberAbsence
from workflows.vocabulary import Role

blueprint = Blueprint("persons", __name__)
REVEAL = one("reveal", RevealIn, FormField("purpose", "", Kind.CODE))
REMOVE = RecordForm("remove_member", In, ())
"""A form without fields: the page asks once more."""


def _member(person_id: UUID) -> dict[str, Any]:
    """Return an active member, masked. Raises NotFound."""
    row = households.visible_person(connection(), person_id, caller())
    if row is None or not row["active"]:
        raise NotFound
    return masking.member(app_state().keyring, row)


@blueprint.post("/persons/<uuid:person_id>/reveal")
@requires_role(*REVEALERS)
@idempotent
def reveal(person_id: UUID) -> ResponseReturnValue:
    """Show the full values once, for a stated purpose; the event log records it, and no answer is stored."""
    purpose = load(REVEAL)["purpose"]
    person = personal_data_access.reveal_personal_data(connection(), person_id, purpose, action_context())
    release_key()
    return render_template("households/revealed.html", person=person)


@blueprint.get("/persons/<uuid:person_id>/reveal")
@requires_role(*REVEALERS)
def show_reveal(person_id: UUID) -> ResponseReturnValue:
    """Lead back to the family: what was shown once is not shown again."""
    return to_family(_member(person_id)["household_id"])


@blueprint.get("/households/<uuid:household_id>/members/new")
@requires_role(Role.REGISTRAR)
def show_new(household_id: UUID) -> str:
    """Show the form for a new member."""
    return _new(household_id, EMPTY)


def _new(household_id: UUID, posted: PostedForm, **more: Any) -> str:
    file = heading(household_id)
    back = f"/households/{household_id}"
    choices = options.terms_of_family()
    return page_of(NEW_MEMBER, choices, posted, back=back, file=file, version=file["version"], **more)


@blueprint.post("/households/<uuid:household_id>/members/new")
@requires_role(Role.REGISTRAR)
@idempotent
def add_person(household_id: UUID) -> ResponseReturnValue:
    """Add a member; warn of possible twins before they are saved."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        body.pop("key")
        new, context = persons.Person(**body), action_context(version_read(required=True))

        def write() -> list[UUID]:
            return [persons.add_person(connection(), household_id, new, context)]

        twins = twins_of_unfiled(connection(), write, context)
        if twins_are_new(twins):
            return _new(household_id, PostedForm(request.form), twins=twins, hidden={TWINS_SEEN: "yes"})
        write()
        return to_family(household_id)

    return sent(NEW_MEMBER, lambda posted: _new(household_id, posted), act)


@blueprint.get("/persons/<uuid:person_id>/edit")
@requires_role(Role.REGISTRAR)
def show_edit(person_id: UUID) -> str:
    """Show a member's record as a form: what is sealed is masked, and stays as it is where nothing is typed."""
    return _edit(person_id, EMPTY)


def _edit(person_id: UUID, posted: PostedForm) -> str:
    member, filled = _member(person_id), Filled()
    filled.add("", {name: member[name] for name in ("relation", "student_stage")})
    shown = posted if posted is not EMPTY else filled.posted()
    return page_of(
        EDIT_MEMBER,
        options.terms_of_family(),
        shown,
        back=f"/households/{member['household_id']}",
        file=heading(member["household_id"]),
        version=member["version"],
        subject=person_id,
        about=_masked(member),
        lead="edit_member",
        extra=forms.draw("edit_member", CLEARED, {}, posted),
    )


def _masked(member: dict[str, Any]) -> str:
    names = ("name", "id_no", "phone", "email", "address", "workplace")
    return " · ".join(member[name] for name in names if member[name])


@blueprint.post("/persons/<uuid:person_id>/edit")
@requires_role(Role.REGISTRAR)
@idempotent
def edit_person(person_id: UUID) -> ResponseReturnValue:
    """Correct a member's record."""
    member = _member(person_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        cleared = dict.fromkeys(set(request.form.getlist("cleared")) & set(CLEARED[0].choices))
        changes = {"student_stage": None, **cleared, **body}
        persons.edit_person(connection(), person_id, changes, action_context(version_read(required=True)))
        return to_family(member["household_id"])

    return sent(EDIT_MEMBER, lambda posted: _edit(person_id, posted), act)


@blueprint.get("/persons/<uuid:person_id>/remove")
@requires_role(Role.REGISTRAR)
def show_remove(person_id: UUID) -> str:
    """Ask whether a member is to be taken off the file."""
    return _remove(person_id, EMPTY)


def _remove(person_id: UUID, posted: PostedForm) -> str:
    member = _member(person_id)
    back = f"/households/{member['household_id']}"
    file = heading(member["household_id"])
    more: dict[str, Any] = {
        "version": member["version"],
        "subject": person_id,
        "about": _masked(member),
        "lead": "remove_member",
    }
    return page_of(REMOVE, {}, posted, back=back, file=file, **more)


@blueprint.post("/persons/<uuid:person_id>/remove")
@requires_role(Role.REGISTRAR)
@idempotent
def deactivate_person(person_id: UUID) -> ResponseReturnValue:
    """Take a member off the file; the row stays for the record."""
    member = _member(person_id)

    def act(_body: dict[str, Any]) -> ResponseReturnValue:
        persons.deactivate_person(connection(), person_id, action_context(version_read(required=True)))
        return to_family(member["household_id"])

    return sent(REMOVE, lambda posted: _remove(person_id, posted), act)


@blueprint.get("/persons/<uuid:person_id>/number-absence")
@requires_role(Role.REGISTRAR)
def show_absence(person_id: UUID) -> str:
    """Show the form for the reason why a member has no identity number."""
    return _absence(person_id, EMPTY)


def _absence(person_id: UUID, posted: PostedForm) -> str:
    member = _member(person_id)
    choices = {"reason": options.worded(NumberAbsence, "number_absence")}
    back, file = f"/households/{member['household_id']}", heading(member["household_id"])
    return page_of(ABSENCE, choices, posted, back=back, file=file, about=member["name"], lead="second_person")


@blueprint.post("/persons/<uuid:person_id>/number-absence")
@requires_role(Role.REGISTRAR)
@idempotent
def explain_number(person_id: UUID) -> ResponseReturnValue:
    """Propose the reason why a member has no identity number; a second person confirms it."""
    member = _member(person_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        content = NewNumberAbsence(person_id, **body)
        proposal = propose(connection(), "number_absence", content, action_context())
        return to_family(member["household_id"], proposed=str(proposal.id))

    return sent(ABSENCE, lambda posted: _absence(person_id, posted), act)
