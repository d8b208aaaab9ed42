"""/gifts: the list of gifts, one gift, and new, corrected and void ones; money waits for a second person."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.actions import gifts as actions
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.gift_checks import NewGift
from service.actions.gifts import RECORDERS
from service.actions.proposals.money import GiftCorrection
from service.actions.proposals.write import VoidContent
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import gifts as read
from service.queries import household_pages
from service.web import gift_forms as forms
from service.web.formatting import day
from service.web.forms import EMPTY, FormInput, PostedForm
from service.web.gift_view import FILTERS, gift_view, with_words
from service.web.household_page import heading, masked_members
from service.web.layout import text
from service.web.list_filters import names_of
from service.web.past_lists import past_list
from service.web.record_forms import RecordForm
from service.web.record_lists import list_values
from service.web.record_page import page_of, sent, to_family
from service.web.record_proposals import proposed, to_record
from service.web.record_view import shown
from service.web.refusals import NO_PROBLEMS, problems_of
from workflows.vocabulary import InvalidForm, Reason, Role

blueprint = Blueprint("gifts", __name__)
Act = Callable[[dict[str, Any]], ResponseReturnValue]


@blueprint.get("/gifts")
@requires_role(*READERS)
@past_list
@takes_query("after", *names_of(FILTERS))
def list_gifts() -> str:
    """List the gifts of the caller's units, the newest entry first, with their count and sum."""
    may_record = bool(set(RECORDERS) & caller().roles)
    listed = list_values("gifts", FILTERS, read.page_with_total, with_words)
    return render_template("gifts/list.html", may_record=may_record, **listed)


@blueprint.get("/gifts/new")
@requires_role(*RECORDERS)
@takes_query("file_no")
def find_family() -> ResponseReturnValue:
    """Lead to the form for a gift to the family of a file number; without such a file, ask for it again."""
    file_no = request.args.get("file_no", "").replace("\x00", "").strip()
    found = household_pages.file_by_number(connection(), file_no, caller())
    if found is not None:
        return redirect(f"/households/{found}/gifts/goods", HTTPStatus.SEE_OTHER)
    label, unknown = text("records.new_gift_for"), InvalidForm(Reason.of("file_no_unknown", field="file_no"))
    problems = problems_of(unknown, {"file_no": label}) if file_no else NO_PROBLEMS
    drawn = FormInput("file_no", label, "name", file_no, problems=tuple(problems.of_fields.get("file_no", ())))
    return render_template("gifts/family.html", input=drawn, problems=problems)


@blueprint.get("/gifts/<uuid:gift_id>")
@requires_role(*READERS)
@takes_query("proposed", "done")
def show_gift(gift_id: UUID) -> str:
    """Show one gift: what was given, by and to which persons, and what can be done with it."""
    return shown(gift_view(_gift(gift_id)))


def _gift(gift_id: UUID) -> dict[str, Any]:
    """Return a gift that the caller sees. Raises NotFound."""
    row = read.one(connection(), gift_id, caller())
    if row is None:
        raise NotFound
    return row


def _new_page(form: RecordForm, household_id: UUID, posted: PostedForm) -> str:
    file, members = heading(household_id), masked_members(household_id)
    choices = forms.choices_of(household_id, members, posted)
    return page_of(form, choices, posted, back=f"/households/{household_id}", file=file, lead=form.key)


def _sent_new(form: RecordForm, household_id: UUID, act: Act, **more: Any) -> ResponseReturnValue:
    family = str(heading(household_id)["id"])
    return sent(form, lambda posted: _new_page(form, household_id, posted), act, household_id=family, **more)


@blueprint.get("/households/<uuid:household_id>/gifts/goods")
@requires_role(*RECORDERS)
def show_goods(household_id: UUID) -> str:
    """Show the form for goods given to a family."""
    return _new_page(forms.GOODS, household_id, forms.filled_new())


@blueprint.post("/households/<uuid:household_id>/gifts/goods")
@requires_role(*RECORDERS)
@idempotent
def record_goods(household_id: UUID) -> ResponseReturnValue:
    """Record goods given to a family outside a case."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        return to_record("/gifts", actions.record_gift(connection(), NewGift(**body), action_context()))

    return _sent_new(forms.GOODS, household_id, act)


@blueprint.get("/households/<uuid:household_id>/gifts/money")
@requires_role(Role.APPROVER)
def show_money(household_id: UUID) -> str:
    """Show the form for money given to a family, which its approver proposes."""
    return _new_page(forms.MONEY, household_id, forms.filled_new())


@blueprint.post("/households/<uuid:household_id>/gifts/money")
@requires_role(Role.APPROVER)
@idempotent
def propose_money(household_id: UUID) -> ResponseReturnValue:
    """Propose money for a family as its approver; the person who hands it over confirms it."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        proposal = propose(connection(), "gift", NewGift(**body), action_context())
        return to_family(household_id, proposed=str(proposal.id))

    return _sent_new(forms.MONEY, household_id, act, approved_by=str(caller().account))


def _page(form: RecordForm, row: dict[str, Any], posted: PostedForm, **choices: Any) -> str:
    lead = "gift_at_once" if row["fen"] is None else "second_person"
    label, about = f"{text('records.gift')} {day(row['on'])}", f"{row['file_no']} · {row['purpose']}"
    return page_of(form, choices, posted, back=f"/gifts/{row['id']}", back_label=label, lead=lead, about=about)


def _family_gift(gift_id: UUID) -> dict[str, Any]:
    """Return a gift whose family the caller sees. Raises NotFound."""
    row = _gift(gift_id)
    if row["household_id"] is None:
        raise NotFound
    return row


def _correction_page(row: dict[str, Any], posted: PostedForm) -> str:
    family = row["household_id"]
    choices = forms.choices_of(family, masked_members(family), posted)
    return _page(forms.correction_of(row), row, posted, **choices)


@blueprint.get("/gifts/<uuid:gift_id>/correction")
@requires_role(*RECORDERS)
def show_correction(gift_id: UUID) -> str:
    """Show a gift as it was recorded, to be corrected."""
    row = _family_gift(gift_id)
    return _correction_page(row, forms.filled_with(row))


@blueprint.post("/gifts/<uuid:gift_id>/correction")
@requires_role(*RECORDERS)
@idempotent
def correct_gift(gift_id: UUID) -> ResponseReturnValue:
    """Record goods as they should have been, or propose it for money; the original stays readable with the reason."""
    row = _family_gift(gift_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        reason, new = body.pop("reason"), NewGift(**body)
        if row["fen"] is not None:
            content = GiftCorrection(gift_id, new, reason)
            return proposed("gift_correction", content, "/gifts", gift_id)
        return to_record("/gifts", actions.correct_gift(connection(), gift_id, new, reason, action_context()))

    more: dict[str, Any] = {"household_id": str(row["household_id"])}
    more |= {"approved_by": str(caller().account)} if row["fen"] is not None else {}
    return sent(forms.correction_of(row), lambda posted: _correction_page(row, posted), act, **more)


@blueprint.get("/gifts/<uuid:gift_id>/void")
@requires_role(*RECORDERS)
def show_void(gift_id: UUID) -> str:
    """Show the form that voids goods, or proposes to void money."""
    return _page(forms.GIFT_VOID, _gift(gift_id), EMPTY)


@blueprint.post("/gifts/<uuid:gift_id>/void")
@requires_role(*RECORDERS)
@idempotent
def void_gift(gift_id: UUID) -> ResponseReturnValue:
    """Void goods that were never given, or propose it for money; the gift stays readable with the reason."""
    row = _gift(gift_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        if row["fen"] is not None:
            return proposed("gift_void", VoidContent(gift_id, body["reason"]), "/gifts", gift_id)
        actions.void_gift(connection(), gift_id, body["reason"], action_context())
        return to_record("/gifts", gift_id)

    return sent(forms.GIFT_VOID, lambda posted: _page(forms.GIFT_VOID, row, posted), act)
