"""/pairings and /households/<id>/pairings: the list, and pair a unit with a family; a correction or an end is proposed."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from service.actions import pairings as actions
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.pairings import Pairing
from service.actions.proposals.records import RECORD_WRITES
from service.actions.proposals.write import VoidContent
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import pairings as read
from service.web import family_options as options
from service.web.family_forms import PAIRING, PAIRING_CORRECTION, VOID
from service.web.forms import EMPTY, PostedForm
from service.web.household_page import heading
from service.web.list_filters import names_of
from service.web.pairing_view import FILTERS, read_today, with_words
from service.web.past_lists import past_list
from service.web.record_forms import Filled, RecordForm
from service.web.record_lists import list_values
from service.web.record_page import page_of, sent, to_family
from workflows.vocabulary import Role

blueprint = Blueprint("pairings", __name__)


@blueprint.get("/pairings")
@requires_role(*READERS)
@past_list
@takes_query("after", *names_of(FILTERS))
def list_pairings() -> str:
    """List the pairings of the caller's families with their ends, the newest entry first."""
    return render_template("pairings/list.html", **list_values("pairings", FILTERS, read_today, with_words))


def _page(form: RecordForm, household_id: UUID, posted: PostedForm, lead: str = "", about: str = "") -> str:
    file, choices = heading(household_id), {"unit_id": options.units_of(Role.REGISTRAR)}
    return page_of(form, choices, posted, back=f"/households/{household_id}", file=file, lead=lead, about=about)


@blueprint.get("/households/<uuid:household_id>/pairings/new")
@requires_role(Role.REGISTRAR)
def show_new(household_id: UUID) -> str:
    """Show the form for a pairing."""
    filled = Filled()
    filled.add("", {"unit_id": caller().unit_id})
    return _page(PAIRING, household_id, filled.posted())


@blueprint.post("/households/<uuid:household_id>/pairings/new")
@requires_role(Role.REGISTRAR)
@idempotent
def pair(household_id: UUID) -> ResponseReturnValue:
    """Pair a unit with the family (结对帮扶)."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        actions.record_pairing(connection(), household_id, Pairing(**body), action_context())
        return to_family(household_id)

    return sent(PAIRING, lambda posted: _page(PAIRING, household_id, posted), act)


def _pairing(pairing_id: UUID) -> dict[str, Any]:
    """Return a pairing of a family that the caller sees. Raises NotFound."""
    row = read.one(connection(), pairing_id, caller())
    if row is None:
        raise NotFound
    return row


@blueprint.get("/pairings/<uuid:pairing_id>/void")
@requires_role(Role.REGISTRAR)
def show_void(pairing_id: UUID) -> str:
    """Show the form that proposes to void a pairing."""
    return _void_page(_pairing(pairing_id), EMPTY)


@blueprint.get("/pairings/<uuid:pairing_id>/correction")
@requires_role(Role.REGISTRAR)
def show_correction(pairing_id: UUID) -> str:
    """Show a pairing as it was recorded, to be corrected."""
    row, filled = _pairing(pairing_id), Filled()
    filled.add("", {name: row[name] for name in Pairing.__slots__})
    return _page(PAIRING_CORRECTION, row["household_id"], filled.posted(), "second_person")


def _void_page(row: dict[str, Any], posted: PostedForm) -> str:
    return _page(VOID, row["household_id"], posted, "second_person", row["programme_name"])


@blueprint.post("/pairings/<uuid:pairing_id>/correction")
@requires_role(Role.REGISTRAR)
@idempotent
def correct_pairing(pairing_id: UUID) -> ResponseReturnValue:
    """Propose a pairing as it should have been, such as with its end; a second person confirms it."""
    row = _pairing(pairing_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        reason = body.pop("reason")
        content = RECORD_WRITES["pairing_correction"].content(pairing_id, Pairing(**body), reason)
        proposal = propose(connection(), "pairing_correction", content, action_context())
        return to_family(row["household_id"], proposed=str(proposal.id))

    def show(posted: PostedForm) -> str:
        return _page(PAIRING_CORRECTION, row["household_id"], posted, "second_person")

    return sent(PAIRING_CORRECTION, show, act)


@blueprint.post("/pairings/<uuid:pairing_id>/void")
@requires_role(Role.REGISTRAR)
@idempotent
def void_pairing(pairing_id: UUID) -> ResponseReturnValue:
    """Propose to void a pairing that was never so; a second person confirms it."""
    row = _pairing(pairing_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        content = VoidContent(pairing_id, body["reason"])
        proposal = propose(connection(), "pairing_void", content, action_context())
        return to_family(row["household_id"], proposed=str(proposal.id))

    return sent(VOID, lambda posted: _void_page(row, posted), act)
