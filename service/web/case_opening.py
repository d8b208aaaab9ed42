"""/households/<id>/cases/new: open a case in one form, with the income test of today beside it."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.actions import case_opening
from service.actions.case_application import CaseApplication
from service.actions.errors import NotFound
from service.actions.possible_twins import offer_twins
from service.http.auth import requires_role
from service.http.context import action_context, caller, today
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import cases as case_queries
from service.queries import household_pages, households
from service.schemas.cases import CaseIn
from service.web import family_options as options
from service.web import forms
from service.web.family_assessment import assessment_of
from service.web.forms import PostedForm
from service.web.household_page import heading, masked_members, policy_today
from service.web.record_forms import Filled, RecordForm, Section, draw, load, problems
from service.web.record_page import RecordPage
from service.web.refusals import REFUSALS, messages_of
from workflows.form_fields import FormField, Kind
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Role

blueprint = Blueprint("case_opening", __name__)


def form_of(programme: Programme) -> RecordForm:
    """Return the application form of a programme."""
    what = (
        FormField("item", "", Kind.CODE, choices=tuple(str(each) for each in programme.items)),
        FormField("beneficiary_id", "", Kind.ID),
        FormField("requested", "", Kind.MONEY),
    )
    return RecordForm("open_case", CaseIn, (Section("", what), Section("answers", programme.answers)))


@blueprint.get("/households/<uuid:household_id>/cases/new")
@requires_role(Role.REGISTRAR)
@takes_query("programme")
def show_new(household_id: UUID) -> str:
    """Show the application form of a programme, and the income test of today."""
    programme, filled = _programme(request.args.get("programme", "hardship")), Filled()
    if len(programme.items) == 1:
        filled.add("", {"item": programme.items[0]})
    return _page(household_id, programme, filled.posted())


def _programme(key: str) -> Programme:
    if key not in PROGRAMMES:
        raise NotFound
    return PROGRAMMES[key]


def _page(household_id: UUID, programme: Programme, posted: PostedForm) -> str:
    file, members = heading(household_id), masked_members(household_id)
    items = [(str(each), forms.choice_label("item", str(each))) for each in programme.items]
    choices = options.of_members(members, "beneficiary_id") | {"item": items}
    page = RecordPage(
        "open_case",
        back=f"/households/{household_id}",
        sections=draw(form_of(programme), choices, posted),
        problems=posted.problems,
        file=file,
        head=next((each["name"] or "" for each in members if each["relation"] == "head"), ""),
    )
    rows = households.lines(connection(), household_id)
    given = household_pages.received(connection(), household_id, caller())
    test = assessment_of(file, len(members), rows, given, policy_today(file["division"]), today())
    return render_template(
        "households/open_case.html", page=page, programme=programme, programmes=PROGRAMMES, assessment=test
    )


@blueprint.post("/households/<uuid:household_id>/cases/new")
@requires_role(Role.REGISTRAR)
@idempotent
@takes_query("programme")
def open_case(household_id: UUID) -> ResponseReturnValue:
    """Open a case; with a warning, the next page shows it."""
    programme = _programme(request.args.get("programme", "hardship"))
    form, household = form_of(programme), heading(household_id)
    try:
        body: dict[str, Any] = load(form, programme=programme.key, household_id=str(household["id"]))
        opened = case_opening.open_case(connection(), CaseApplication(**body), action_context())
    except REFUSALS as refusal:
        found = problems(form, refusal)
        return _page(household_id, programme, PostedForm(request.form, found)), found.status
    target = "web.case_opening.show_opened" if opened.warnings or _may_be_twin(body) else "web.cases.show_case"
    return redirect(url_for(target, case_id=opened.case_id), HTTPStatus.SEE_OTHER)


def _may_be_twin(body: dict[str, Any]) -> bool:
    twins = offer_twins(connection(), [body["beneficiary_id"]], action_context())
    return twins.withheld or bool(twins.items)


@blueprint.get("/cases/<uuid:case_id>/opened")
@requires_role(Role.REGISTRAR)
def show_opened(case_id: UUID) -> str:
    """Show what the review of a case just opened may refuse, and possible twins of its beneficiary."""
    row = case_queries.one(connection(), case_id, caller())
    if row is None:
        raise NotFound
    warnings = messages_of(case_opening.warnings_of(connection(), case_id, action_context()))
    twins = offer_twins(connection(), [row["beneficiary_id"]], action_context())
    return render_template("households/opened.html", case=row, warnings=warnings, twins=twins)
