"""/staff: the accounts of an administrator's units, their roles with dates, and proposals of accounts, roles and invitations."""

from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.actions import account_ends, accounts, invitations
from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.proposals.powers import AccountContent, InvitationContent, Invited
from service.http.auth import requires_role
from service.http.context import action_context, caller, real_time, today
from service.http.idempotency import idempotent, release_key
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import accounts as accounts_read
from service.queries import staff_list
from service.queries.own_proposals import own_proposal
from service.web import family_options as options
from service.web import lists
from service.web import staff_forms as forms
from service.web.case_filters import unit_names
from service.web.formatting import term
from service.web.forms import EMPTY, PostedForm
from service.web.layout import text
from service.web.record_forms import Filled, RecordForm
from service.web.record_page import page_of, sent
from service.web.staff_filters import FILTERS, staff_filters, staff_labels
from workflows.vocabulary import Role

blueprint = Blueprint("staff", __name__)


@blueprint.get("/staff")
@requires_role(Role.ADMIN)
@takes_query("after", *FILTERS)
def list_staff() -> str:
    """List the accounts of the administrator's units with their roles of today."""
    filters, names = staff_filters(), unit_names(caller())
    key = lists.cursor_key(filters)
    page = staff_list.page(connection(), caller(), filters, today(), key, lists.PAGE_SIZE)
    return render_template(
        "staff/list.html",
        rows=page.rows,
        count=page.count,
        next_url=lists.next_url(page.last, filters),
        chosen=lists.chosen_filters(staff_labels(filters, names)),
        filters=filters,
        units=names,
        roles=tuple(Role),
    )


@blueprint.get("/staff/<uuid:account_id>")
@requires_role(Role.ADMIN)
@takes_query("proposed", "done")
def show_account(account_id: UUID) -> str:
    """Show one account: its roles with their dates, and what can be done with it."""
    conn, row, proposed = connection(), _account(account_id), None
    with suppress(ValueError):
        proposed = UUID(request.args.get("proposed", ""))
    proposal = own_proposal(conn, proposed, caller()) if proposed else None
    grants = staff_list.grants_of(conn, account_id, today())
    live = [each for each in accounts_read.tokens_of(conn, account_id) if _is_live(each)]
    return render_template("staff/show.html", row=row, grants=grants, proposal=proposal, tokens=live)


def _is_live(token: dict[str, Any]) -> bool:
    return token["revoked_at"] is None and token["expires_at"] > real_time()


def _account(account_id: UUID) -> dict[str, Any]:
    """Return an account of the administrator's units. Raises NotFound."""
    row = staff_list.one(connection(), account_id, caller())
    if row is None:
        raise NotFound
    return row


def _page(form: RecordForm, row: dict[str, Any], posted: PostedForm, lead: str, **choices: Any) -> str:
    return page_of(form, choices, posted, back=f"/staff/{row['id']}", back_label=row["display_name"], lead=lead)


def _revocation_page(grant_id: UUID, row: dict[str, Any], posted: PostedForm) -> str:
    grants = staff_list.grants_of(connection(), row["id"], today())
    [about] = (f"{term(each['role'], 'role')} · {each['unit_name']}" for each in grants if each["id"] == grant_id)
    back, name = f"/staff/{row['id']}", row["display_name"]
    return page_of(forms.REVOCATION, {}, posted, back=back, back_label=name, lead="revocation", about=about)


def _to_account(account_id: UUID, **query: str) -> ResponseReturnValue:
    return redirect(f"/staff/{account_id}?{urlencode(query or {'done': 'yes'})}", HTTPStatus.SEE_OTHER)


def _half_shown(half: str) -> str:
    """Show the proposer's half of an invitation, once: it is stored nowhere."""
    release_key()
    return render_template("staff/half.html", half=half)


@blueprint.get("/staff/new")
@requires_role(Role.ADMIN)
def show_new() -> str:
    """Show the form for a new account."""
    filled = Filled()
    filled.add("", {"unit_id": caller().unit_id})
    return _new(filled.posted())


def _new(posted: PostedForm) -> str:
    choices, label = {"unit_id": options.units_of(Role.ADMIN)}, text("menu.staff")
    return page_of(forms.ACCOUNT, choices, posted, back="/staff", back_label=label, lead="account")


@blueprint.post("/staff/new")
@requires_role(Role.ADMIN)
@idempotent
def add_account() -> ResponseReturnValue:
    """Propose an account; the page shows half of its owner's invitation, and who confirms it gets the other half."""

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        half = invitations.new_half()
        content = AccountContent(accounts.NewAccount(**body), invitations.half_hash(half))
        propose(connection(), "account", content, action_context())
        return _half_shown(half)

    return sent(forms.ACCOUNT, _new, act)


@blueprint.get("/staff/<uuid:account_id>/invitation")
@requires_role(Role.ADMIN)
def show_invitation(account_id: UUID) -> str:
    """Show what an invitation does."""
    return _page(forms.INVITATION, _account(account_id), EMPTY, "invitation")


@blueprint.post("/staff/<uuid:account_id>/invitation")
@requires_role(Role.ADMIN)
@idempotent
def invite(account_id: UUID) -> ResponseReturnValue:
    """Propose that the owner of an account makes a new credential; the page shows half of the invitation."""
    row = _account(account_id)

    def act(_body: dict[str, Any]) -> ResponseReturnValue:
        half = invitations.new_half()
        content = InvitationContent(row["unit_id"], (Invited(account_id, invitations.half_hash(half)),))
        propose(connection(), "invitation", content, action_context())
        return _half_shown(half)

    return sent(forms.INVITATION, lambda posted: _page(forms.INVITATION, row, posted, "invitation"), act)


@blueprint.get("/staff/<uuid:account_id>/grants/new")
@requires_role(Role.ADMIN)
def show_grant(account_id: UUID) -> str:
    """Show the form for a role over a unit for a period."""
    row, filled = _account(account_id), Filled()
    until = today().replace(month=12, day=31)
    filled.add("", {"unit_id": row["unit_id"], "from_on": today(), "until_on": until})
    return _grant(row, filled.posted())


def _grant(row: dict[str, Any], posted: PostedForm) -> str:
    staff = [pair for pair in options.staff_over(row["path"]) if pair[0] != str(row["id"])]
    units = options.units_of(Role.ADMIN)
    return _page(forms.GRANT, row, posted, "second_person", unit_id=units, for_account_id=staff, **forms.grant_terms())


@blueprint.post("/staff/<uuid:account_id>/grants/new")
@requires_role(Role.ADMIN)
@idempotent
def grant_role(account_id: UUID) -> ResponseReturnValue:
    """Propose a role over a unit for a period; another person confirms it."""
    row = _account(account_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        new = accounts.NewGrant(account_id=account_id, **body | {"reason": body["reason"] or ""})
        proposal = propose(connection(), "grant", new, action_context())
        return _to_account(account_id, proposed=str(proposal.id))

    return sent(forms.GRANT, lambda posted: _grant(row, posted), act)


@blueprint.get("/grants/<uuid:grant_id>/revocation")
@requires_role(Role.ADMIN)
def show_revocation(grant_id: UUID) -> str:
    """Show what ends with a role."""
    return _revocation_page(grant_id, _of_grant(grant_id), EMPTY)


@blueprint.post("/grants/<uuid:grant_id>/revocation")
@requires_role(Role.ADMIN)
@idempotent
def revoke(grant_id: UUID) -> ResponseReturnValue:
    """End a role today."""
    row = _of_grant(grant_id)

    def act(_body: dict[str, Any]) -> ResponseReturnValue:
        accounts.revoke_role(connection(), grant_id, action_context())
        return _to_account(row["id"])

    return sent(forms.REVOCATION, lambda posted: _revocation_page(grant_id, row, posted), act)


def _of_grant(grant_id: UUID) -> dict[str, Any]:
    """Return the account that a grant is of. Raises NotFound."""
    account_id = staff_list.account_of_grant(connection(), grant_id)
    if account_id is None:
        raise NotFound
    return _account(account_id)


@blueprint.get("/staff/<uuid:account_id>/end")
@requires_role(Role.ADMIN)
def show_end(account_id: UUID) -> str:
    """Show what ends with an account."""
    return _page(forms.END_ACCOUNT, _account(account_id), EMPTY, "end_account")


@blueprint.post("/staff/<uuid:account_id>/end")
@requires_role(Role.ADMIN)
@idempotent
def end_account(account_id: UUID) -> ResponseReturnValue:
    """End an account now, with its roles, tokens, sessions and invitations."""
    row = _account(account_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        account_ends.end_account(connection(), account_id, body["reason"], action_context())
        return _to_account(account_id)

    return sent(forms.END_ACCOUNT, lambda posted: _page(forms.END_ACCOUNT, row, posted, "end_account"), act)
