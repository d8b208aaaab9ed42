"""/households/<id>/kinship: declare a relative among the staff, confirm a declaration, propose its end."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from service.actions import kinship as actions
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.proposals.powers import KinshipEnd
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import household_pages
from service.web import family_options as options
from service.web.family_forms import END_KINSHIP, KIN
from service.web.forms import EMPTY, PostedForm
from service.web.record_forms import draw
from service.web.record_page import RecordPage, page_of, sent
from service.web.refusals import REFUSALS, problems_of
from workflows.code_lists import Kinship
from workflows.vocabulary import Role

blueprint = Blueprint("kinship", __name__)


@blueprint.get("/households/<uuid:household_id>/kinship")
@requires_role(*EVERYONE)
@takes_query("done", "proposed")
def show_kinship(household_id: UUID) -> str:
    """Show every declaration about a family, and the form for another; administrators see nothing else of a family."""
    return _page(household_id, EMPTY)


def _page(household_id: UUID, posted: PostedForm) -> str:
    conn = connection()
    actions.summary(conn, household_id, action_context())
    kin = household_pages.kin_of(conn, household_id)
    file = household_pages.heading(conn, household_id, caller())
    staff = options.staff_over(file["unit_path"]) if file and caller().roles & {Role.ADMIN, Role.REGISTRAR} else []
    own = (str(caller().account), caller().display_name)
    choices = {"account_id": staff if own in staff else [own, *staff], "relation": options.worded(Kinship, "kinship")}
    back = f"/households/{household_id}" if file else "/"
    page = RecordPage(KIN.key, back, draw(KIN, choices, posted), posted.problems, file=file)
    return render_template("households/kinship.html", page=page, kin=kin, is_admin=Role.ADMIN in caller().roles)


def _to(household_id: UUID, **query: str) -> ResponseReturnValue:
    return redirect(f"/households/{household_id}/kinship?{urlencode(query or {'done': 'yes'})}", HTTPStatus.SEE_OTHER)


@blueprint.post("/households/<uuid:household_id>/kinship")
@requires_role(*EVERYONE)
@idempotent
def declare(household_id: UUID) -> ResponseReturnValue:
    """Declare that an account belongs to a relative; it counts once it is confirmed."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        context = action_context()
        actions.declare_kinship(connection(), household_id, body["account_id"], body["relation"], context)
        return _to(household_id)

    return sent(KIN, lambda posted: _page(household_id, posted), act)


@blueprint.get("/households/<uuid:household_id>/kinship/<uuid:kinship_id>/confirm")
@requires_role(*EVERYONE)
def show_declaration(household_id: UUID, kinship_id: UUID) -> ResponseReturnValue:  # noqa: ARG001
    """Lead back to the declarations: the address of a form that was sent and refused, opened again."""
    return _to(household_id)


@blueprint.post("/households/<uuid:household_id>/kinship/<uuid:kinship_id>/confirm")
@requires_role(*EVERYONE)
@idempotent
def confirm(household_id: UUID, kinship_id: UUID) -> ResponseReturnValue:
    """Confirm a declaration, as the relative or as an administrator."""
    _refuse_other(household_id, kinship_id)
    try:
        actions.confirm_kinship(connection(), kinship_id, action_context())
    except REFUSALS as refusal:
        found = problems_of(refusal, {})
        return _page(household_id, PostedForm(problems=found)), found.status
    return _to(household_id)


@blueprint.get("/households/<uuid:household_id>/kinship/<uuid:kinship_id>/end")
@requires_role(Role.ADMIN)
def show_end(household_id: UUID, kinship_id: UUID) -> str:
    """Show the form that proposes to end a declaration."""
    return _end_page(household_id, kinship_id, EMPTY)


def _end_page(household_id: UUID, kinship_id: UUID, posted: PostedForm) -> str:
    _refuse_other(household_id, kinship_id)
    kin = household_pages.kin_of(connection(), household_id)
    relative = next(each["relative"] for each in kin if each["id"] == kinship_id)
    back = f"/households/{household_id}/kinship"
    return page_of(END_KINSHIP, {}, posted, back=back, about=relative, lead="second_person")


@blueprint.post("/households/<uuid:household_id>/kinship/<uuid:kinship_id>/end")
@requires_role(Role.ADMIN)
@idempotent
def end(household_id: UUID, kinship_id: UUID) -> ResponseReturnValue:
    """Propose to end a declaration; a second person confirms it."""
    _refuse_other(household_id, kinship_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        content = KinshipEnd(kinship_id, body["reason"])
        proposal = propose(connection(), "kinship_end", content, action_context())
        return _to(household_id, proposed=str(proposal.id))

    return sent(END_KINSHIP, lambda posted: _end_page(household_id, kinship_id, posted), act)


def _refuse_other(household_id: UUID, kinship_id: UUID) -> None:
    known = actions.summary(connection(), household_id, action_context())
    if kinship_id not in {each["id"] for each in known}:
        raise NotFound
