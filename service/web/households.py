"""/households: the list, the page of one family, a new file, and its facts."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from service.actions import households as actions
from service.actions import search
from service.actions.possible_twins import twins_of_unfiled
from service.actions.request_bodies import new_household_of
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller, today
from service.http.csrf import is_from_another_site
from service.http.etags import version_read
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import units
from service.queries.household_list import ORDERS
from service.web import family_options as options
from service.web import lists
from service.web.case_filters import unit_names
from service.web.family_forms import EDIT_FILE, NEW_FILE
from service.web.forms import EMPTY, PostedForm
from service.web.household_filters import FILTERS, household_filters, household_labels
from service.web.household_page import heading, household_page
from service.web.past_lists import past_list
from service.web.record_forms import Filled, row_numbers
from service.web.record_page import TWINS_SEEN, page_of, sent, to_family, twins_are_new
from service.web.refusals import NO_PROBLEMS, Problems, problems_of
from workflows.vocabulary import Refused, Role

blueprint = Blueprint("households", __name__)
KEPT = ("identity", "division", "cause", "category", "observed", "event_kind")
"""Facts of a file that its form shows; the story stays sealed."""


@blueprint.get("/households")
@requires_role(*READERS)
@past_list
@takes_query("after", *FILTERS)
def list_households() -> ResponseReturnValue:
    """List the files of the caller's units; a text searches among them, but not that of a link on another site."""
    filters, names = household_filters(), unit_names(caller())
    if "q" in filters and is_from_another_site():
        return _unsearched(filters, names, NO_PROBLEMS, waits=True)
    try:
        page = search.list_households(
            connection(), filters, lists.cursor_key(filters), lists.PAGE_SIZE, action_context()
        )
    except Refused as refusal:
        found = problems_of(refusal, {})
        return _unsearched(filters, names, found), found.status
    return render_template(
        "households/list.html",
        rows=page.rows,
        count=page.count,
        is_capped=page.count_is_capped,
        next_url=lists.next_url(page.last, filters),
        chosen=lists.chosen_filters(household_labels(filters, names)),
        filters=filters,
        units=names,
        orders=tuple(ORDERS),
        problems=NO_PROBLEMS,
        may_file=Role.REGISTRAR in caller().roles,
    )


def _unsearched(filters: dict[str, Any], names: dict[UUID, str], problems: Problems, *, waits: bool = False) -> str:
    """Return the page of the list without a search; with `waits`, the text waits in the form until it is sent."""
    orders = tuple(ORDERS)
    return render_template(
        "households/list.html", rows=[], problems=problems, filters=filters, units=names, orders=orders, waits=waits
    )


@blueprint.get("/households/<uuid:household_id>")
@requires_role(*READERS)
@takes_query("done", "proposed")
def show_household(household_id: UUID) -> str:
    """Show the family on one page."""
    return render_template("households/show.html", page=household_page(household_id, _id(request.args.get("proposed"))))


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


@blueprint.get("/households/new")
@requires_role(Role.REGISTRAR)
def show_new() -> str:
    """Show the form for a new file."""
    filled = Filled()
    own = units.one(connection(), caller().unit_id, caller()) or {}
    filled.add("", {"unit_id": own.get("id"), "division": own.get("division"), "kind": "worker", "filed_on": today()})
    filled.add("members.1.", {"relation": "head"})
    filled.add("members.2.", {"relation": ""})
    return _new(filled.posted())


def _new(posted: PostedForm, **more: Any) -> str:
    numbers = row_numbers(NEW_FILE.sections[1], posted.typed)
    choices = options.terms_of_family() | {
        "unit_id": options.units_of(Role.REGISTRAR),
        "person": options.of_typed_members(posted.typed, numbers),
    }
    return page_of(NEW_FILE, choices, posted, back="/households", **more)


@blueprint.post("/households/new")
@requires_role(Role.REGISTRAR)
@idempotent
def file_household() -> ResponseReturnValue:
    """Open a file with its members, finances, consent and payee; warn of possible twins before it is saved."""
    return sent(NEW_FILE, _new, _filed)


def _filed(body: dict[str, Any]) -> ResponseReturnValue:
    numbers = [str(number) for number in row_numbers(NEW_FILE.sections[1], request.form)]
    for number, member in zip(_filled_rows(numbers), body["members"], strict=True):
        member["key"] = number
    new, context = new_household_of(body), action_context()

    def write() -> list[UUID]:
        actions.create_household(connection(), new, context)
        return [member.id for member in new.members]

    twins = twins_of_unfiled(connection(), write, context)
    if twins_are_new(twins):
        return _new(PostedForm(request.form), twins=twins, hidden={TWINS_SEEN: "yes"})
    return to_family(actions.create_household(connection(), new, context))


def _filled_rows(numbers: list[str]) -> list[str]:
    """Return the numbers of the rows in which something was typed."""
    names = [field.key for field in NEW_FILE.sections[1].fields]
    return [each for each in numbers if any(request.form.get(f"members.{each}.{name}", "").strip() for name in names)]


@blueprint.get("/households/<uuid:household_id>/edit")
@requires_role(Role.REGISTRAR)
def show_edit(household_id: UUID) -> str:
    """Show the facts of a file as a form."""
    return _edit(household_id, EMPTY)


def _edit(household_id: UUID, posted: PostedForm) -> str:
    file, filled = heading(household_id), Filled(MultiDict())
    filled.add("", {name: file[name] for name in KEPT})
    shown = posted if posted is not EMPTY else filled.posted()
    return page_of(
        EDIT_FILE,
        options.terms_of_family(),
        shown,
        back=f"/households/{household_id}",
        file=file,
        version=file["version"],
        lead="edit_file",
    )


@blueprint.post("/households/<uuid:household_id>/edit")
@requires_role(Role.REGISTRAR)
@idempotent
def edit_household(household_id: UUID) -> ResponseReturnValue:
    """Correct the facts of a file; those left as they are are not touched."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        file = heading(household_id)
        given = {"category": None, "event_kind": None, "observed": [], **body}
        changes = {name: value for name, value in given.items() if name not in KEPT or value != file[name]}
        context = action_context(version_read(required=True))
        actions.edit_household(connection(), household_id, changes, context)
        return to_family(household_id)

    return sent(EDIT_FILE, lambda posted: _edit(household_id, posted), act)
