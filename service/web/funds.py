"""/funds: the list of fund lines, one line with its journal, and proposals of lines, receipts and allocations."""

from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from service.actions import fund_allocations as allocation_actions
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.fund_receipts import NewReceipt
from service.actions.funds import NewFund
from service.actions.proposals.money import ReceiptContent, ReceiptCorrection
from service.actions.proposals.write import VoidContent
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller, today
from service.http.idempotency import idempotent
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import fund_allocations, fund_list, fund_receipts, units
from service.queries import funds as read
from service.web import family_options as options
from service.web import fund_forms as forms
from service.web import lists
from service.web.case_filters import unit_names
from service.web.forms import EMPTY, PostedForm
from service.web.fund_page import FILTERS, fund_filters, fund_labels, fund_page
from service.web.layout import text
from service.web.past_lists import past_list
from service.web.record_forms import Filled, RecordForm
from service.web.record_page import page_of, sent
from workflows.code_lists import FUND_ITEMS, FundSource
from workflows.money_format import in_yuan
from workflows.vocabulary import Fen, Role

blueprint = Blueprint("funds", __name__)
RECEIPT_ENDERS = (Role.CASHIER, Role.APPROVER)


@blueprint.get("/funds")
@requires_role(*READERS)
@past_list
@takes_query("after", "done", *FILTERS)
def list_funds() -> str:
    """List the fund lines of the caller's units with their pots, and the lines of other units that are open to them."""
    conn, filters, names = connection(), fund_filters(), unit_names(caller())
    page = fund_list.page(conn, caller(), filters, lists.cursor_key(filters), lists.PAGE_SIZE)
    return render_template(
        "funds/list.html",
        rows=page.rows,
        count=page.count,
        sums=fund_list.sums(conn, caller(), filters),
        next_url=lists.next_url(page.last, filters),
        chosen=lists.chosen_filters(fund_labels(filters, names)),
        filters=filters,
        units=names,
        years=fund_list.years(conn, caller()),
        sources=tuple(FundSource),
        items=FUND_ITEMS,
        open_to_us=fund_allocations.allocated_to(conn, caller(), today()),
        may_propose=Role.CASHIER in caller().roles,
    )


@blueprint.get("/funds/<uuid:fund_id>")
@requires_role(*READERS)
@takes_query("after", "on", "proposed", "done")
def show_fund(fund_id: UUID) -> str:
    """Show a fund line: its pots on a day, receipts, allocations, and its journal."""
    return render_template("funds/show.html", page=fund_page(fund_id))


def _fund(fund_id: UUID) -> dict[str, Any]:
    """Return a line that the caller sees. Raises NotFound."""
    row = read.one(connection(), fund_id, caller())
    if row is None:
        raise NotFound
    return row


def _page(form: RecordForm, line: dict[str, Any], posted: PostedForm, about: str = "", **choices: Any) -> str:
    lead = "end_allocation" if form is forms.END_ALLOCATION else "second_person"
    label = f"{line['code']} {line['year']} {line['title']}"
    return page_of(form, choices, posted, back=f"/funds/{line['id']}", back_label=label, lead=lead, about=about)


def _to_fund(fund_id: UUID, **query: str) -> ResponseReturnValue:
    return redirect(f"/funds/{fund_id}?{urlencode(query or {'done': 'yes'})}", HTTPStatus.SEE_OTHER)


def _proposed(act: str, content: Any, fund_id: UUID) -> ResponseReturnValue:
    proposal = propose(connection(), act, content, action_context())
    return _to_fund(fund_id, proposed=str(proposal.id))


@blueprint.get("/funds/new")
@requires_role(Role.CASHIER)
def show_new() -> str:
    """Show the form for a new fund line."""
    year, filled = today().year, Filled()
    days = {"opens_on": date(year, 1, 1), "expires_on": date(year, 12, 31)}
    filled.add("", {"unit_id": caller().unit_id, "year": year, **days})
    return _new(filled.posted())


def _new(posted: PostedForm) -> str:
    choices = forms.fund_terms() | {"unit_id": options.units_of(Role.CASHIER)}
    label = text("menu.funds")
    return page_of(forms.NEW_LINE, choices, posted, back="/funds", back_label=label, lead="second_person")


@blueprint.post("/funds/new")
@requires_role(Role.CASHIER)
@idempotent
def open_line() -> ResponseReturnValue:
    """Propose a fund line without money; the people of its unit confirm it."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        more = {"items": tuple(body["items"]), "categories": tuple(body["categories"])}
        proposal = propose(connection(), "fund_line", NewFund(**body | more), action_context())
        return redirect(f"/confirmations/{proposal.id}", HTTPStatus.SEE_OTHER)

    return sent(forms.NEW_LINE, _new, act)


@blueprint.get("/funds/<uuid:fund_id>/receipts/new")
@requires_role(Role.CASHIER)
def show_receipt(fund_id: UUID) -> str:
    """Show the form for money received."""
    return _page(forms.RECEIPT, _fund(fund_id), EMPTY)


@blueprint.post("/funds/<uuid:fund_id>/receipts/new")
@requires_role(Role.CASHIER)
@idempotent
def record_receipt(fund_id: UUID) -> ResponseReturnValue:
    """Propose money received on the line; it counts when another person has confirmed it."""
    line = _fund(fund_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        return _proposed("receipt", ReceiptContent(fund_id, _receipt_of(body)), fund_id)

    return sent(forms.RECEIPT, lambda posted: _page(forms.RECEIPT, line, posted), act)


def _receipt_of(body: dict[str, Any]) -> NewReceipt:
    return NewReceipt(Fen(body["amount"]), body["document"], body["on"], body["confirmed_repeat"])


def _receipt(receipt_id: UUID) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a receipt and its line. Raises NotFound."""
    row = fund_receipts.one(connection(), receipt_id)
    if row is None:
        raise NotFound
    return row, _fund(row["fund_id"])


@blueprint.get("/receipts/<uuid:receipt_id>/void")
@requires_role(*RECEIPT_ENDERS)
def show_void(receipt_id: UUID) -> str:
    """Show the form that proposes to void a receipt."""
    row, line = _receipt(receipt_id)
    return _page(forms.RECEIPT_VOID, line, EMPTY, row["document"])


@blueprint.post("/receipts/<uuid:receipt_id>/void")
@requires_role(*RECEIPT_ENDERS)
@idempotent
def void_receipt(receipt_id: UUID) -> ResponseReturnValue:
    """Propose to void a receipt whose money never came; it stays readable with the reason."""
    row, line = _receipt(receipt_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        return _proposed("receipt_void", VoidContent(receipt_id, body["reason"]), row["fund_id"])

    return sent(forms.RECEIPT_VOID, lambda posted: _page(forms.RECEIPT_VOID, line, posted, row["document"]), act)


@blueprint.get("/receipts/<uuid:receipt_id>/correction")
@requires_role(*RECEIPT_ENDERS)
def show_correction(receipt_id: UUID) -> str:
    """Show a receipt as it was recorded, to be corrected."""
    (row, line), filled = _receipt(receipt_id), Filled()
    filled.add("", {"amount": in_yuan(row["fen"]), "document": row["document"], "on": row["on"]})
    return _page(forms.RECEIPT_CORRECTION, line, filled.posted())


@blueprint.post("/receipts/<uuid:receipt_id>/correction")
@requires_role(*RECEIPT_ENDERS)
@idempotent
def correct_receipt(receipt_id: UUID) -> ResponseReturnValue:
    """Propose a receipt as it should have been; the original stays readable with the reason."""
    row, line = _receipt(receipt_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        content = ReceiptCorrection(receipt_id, _receipt_of(body), body["reason"])
        return _proposed("receipt_correction", content, row["fund_id"])

    return sent(forms.RECEIPT_CORRECTION, lambda posted: _page(forms.RECEIPT_CORRECTION, line, posted), act)


@blueprint.get("/funds/<uuid:fund_id>/allocations/new")
@requires_role(Role.APPROVER)
def show_allocation(fund_id: UUID) -> str:
    """Show the form that opens the line to a unit below."""
    line, filled = _fund(fund_id), Filled()
    filled.add("", {"from_on": today(), "until_on": line["expires_on"]})
    return _allocation(line, filled.posted())


def _allocation(line: dict[str, Any], posted: PostedForm) -> str:
    seen = units.visible_units(connection(), caller())
    below = [each for each in seen if each["path"].startswith(line["unit_path"]) and each["path"] != line["unit_path"]]
    return _page(forms.ALLOCATION, line, posted, unit_id=[(str(each["id"]), each["name"]) for each in below])


@blueprint.post("/funds/<uuid:fund_id>/allocations/new")
@requires_role(Role.APPROVER)
@idempotent
def open_to_unit(fund_id: UUID) -> ResponseReturnValue:
    """Propose to open the line to a unit below it (下拨), up to a ceiling."""
    line = _fund(fund_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        new = allocation_actions.NewFundAllocation(fund_id, **body | {"ceiling": Fen(body["ceiling"])})
        return _proposed("fund_allocation", new, fund_id)

    return sent(forms.ALLOCATION, lambda posted: _allocation(line, posted), act)


@blueprint.get("/fund-allocations/<uuid:allocation_id>/end")
@requires_role(Role.APPROVER)
def show_end(allocation_id: UUID) -> str:
    """Show what ends with an allocation."""
    row = _allocated(allocation_id)
    return _page(forms.END_ALLOCATION, _fund(row["fund_id"]), EMPTY, row["unit_name"])


@blueprint.post("/fund-allocations/<uuid:allocation_id>/end")
@requires_role(Role.APPROVER)
@idempotent
def close_allocation(allocation_id: UUID) -> ResponseReturnValue:
    """End an allocation from today on; money committed under it stays committed."""
    row = _allocated(allocation_id)
    line = _fund(row["fund_id"])

    def act(_body: dict[str, Any]) -> ResponseReturnValue:
        allocation_actions.close_allocation(connection(), allocation_id, action_context())
        return _to_fund(row["fund_id"])

    return sent(forms.END_ALLOCATION, lambda posted: _page(forms.END_ALLOCATION, line, posted, row["unit_name"]), act)


def _allocated(allocation_id: UUID) -> dict[str, Any]:
    row = fund_allocations.one(connection(), allocation_id)
    if row is None:
        raise NotFound
    return row
