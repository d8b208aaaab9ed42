"""/policies: the policy sets with their parameters in words, and previews and proposals of new ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.actions.confirmations import propose
from service.actions.errors import NotFound
from service.actions.proposals.rules import PolicyContent, PolicyWithdrawal
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, app_state, caller, today
from service.http.idempotency import idempotent, release_key
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import accounts, policies
from service.queries import confirmations as read
from service.web import lists
from service.web.forms import EMPTY, PostedForm
from service.web.policy_forms import WITHDRAWAL
from service.web.policy_phrases import say
from service.web.policy_preview import PolicyPreview, TypedPolicy, file_problems, labels, preview, typed_policy
from service.web.policy_words import Parameter, changes, parameters
from service.web.record_page import page_of, proposal_made, sent
from service.web.refusals import REFUSALS, Problems
from workflows.policy import PolicySet
from workflows.policy_parser import InvalidPolicy, read_policy
from workflows.vocabulary import InvalidForm, Role

blueprint = Blueprint("policies", __name__)
PROPOSED = ("policy_set", "policy_withdrawal")
"""Proposals that the list shows."""


@dataclass(frozen=True, slots=True)
class WaitingPolicy:
    """A proposed set, or the proposed withdrawal of one, that waits for its second person."""

    id: UUID
    act: str
    title: str
    document: str
    effective_from: date
    until_on: date
    proposer: str


@dataclass(frozen=True, slots=True)
class Group:
    """The parameters of one group of a set, under its heading."""

    title: str
    parameters: tuple[Parameter, ...]


@blueprint.get("/policies")
@requires_role(*EVERYONE)
@takes_query("after")
def list_policies() -> str:
    """List the policy sets, the one in force last first, and those that wait to be confirmed."""
    page = policies.page(connection(), lists.cursor_key({}), lists.PAGE_SIZE)
    return render_template(
        "policies/list.html",
        rows=[row | {"state": state_of(row, today())} for row in page.rows],
        count=page.count,
        next_url=lists.next_url(page.last, {}),
        waiting=_waiting(),
        may_propose=Role.ADMIN in caller().roles,
    )


def state_of(row: dict[str, Any], on: date) -> str:
    """Return the state of a set on a day: withdrawn, later, over, or in force."""
    if row["withdrawn_on"] is not None:
        return "withdrawn"
    if row["effective_from"] > on:
        return "later"
    return "over" if row["last_on"] is not None and row["last_on"] < on else "in_force"


def _waiting() -> list[WaitingPolicy]:
    found = []
    for row in read.open_of(connection(), PROPOSED, caller()):
        content = read.content_of(row, app_state().keyring)
        policy = _proposed_set(row.act, content)
        about = (policy.title, policy.document, policy.effective_from)
        found.append(WaitingPolicy(row.id, row.act, *about, row.until_on, row.proposer))
    return found


def _proposed_set(act: str, content: dict[str, Any]) -> PolicySet:
    if act == "policy_set":
        return read_policy(content["source"])
    return policies.policy_by_id(connection(), UUID(content["policy_set_id"]))


def groups_of(policy: PolicySet) -> list[Group]:
    """Return the parameters of a set in words, group by group."""
    by_group = groupby(parameters(policy), key=lambda each: each.group)
    return [Group(say(f"policy.group.{group}"), tuple(rows)) for group, rows in by_group]


@blueprint.get("/policies/<uuid:policy_set_id>")
@requires_role(*EVERYONE)
@takes_query("proposed")
def show_policy(policy_set_id: UUID) -> str:
    """Show one set: its parameters in words, what differs from the set before, and how much cites it."""
    conn, row = connection(), _row(policy_set_id)
    policy = policies.policy_by_id(conn, policy_set_id)
    before, cited = policies.set_before(conn, policy), policies.citations(conn, policy_set_id)
    return render_template(
        "policies/show.html",
        row=row | {"state": state_of(row, today())},
        groups=groups_of(policy),
        before=before,
        changes=changes(before, policy) if before is not None else (),
        cited=cited,
        loaded_by=_name(row["loaded_by"]),
        proposal=proposal_made(),
        may_withdraw=Role.ADMIN in caller().roles and row["withdrawn_on"] is None and not cited.value,
    )


def _row(policy_set_id: UUID) -> dict[str, Any]:
    row = policies.one(connection(), policy_set_id)
    if row is None:
        raise NotFound
    return row


def _name(account_id: UUID | None) -> str | None:
    ids: Iterable[UUID] = (account_id,) if account_id else ()
    return accounts.display_names(connection(), ids).get(account_id) if account_id else None


@blueprint.get("/policies/new")
@requires_role(Role.ADMIN)
def show_new() -> str:
    """Show the form for a policy file."""
    return _form(TypedPolicy(), Problems())


def _form(typed: TypedPolicy, problems: Problems, shown: PolicyPreview | None = None, *, other: bool = False) -> str:
    """Return the form, with its preview; `other` says that the text is not the one whose preview was confirmed."""
    page = {"typed": typed, "problems": problems, "preview": shown, "labels": labels(), "other": other}
    return render_template("policies/new.html", **page)


@blueprint.post("/policies/new")
@requires_role(Role.ADMIN)
@idempotent
def load_policy() -> ResponseReturnValue:
    """Show what a policy file would do; propose it where it is sent again as it was shown."""
    try:
        typed = typed_policy()
    except InvalidForm as refusal:
        problems = file_problems(refusal, "")
        return _form(TypedPolicy(request.form.get("source", "")), problems), problems.status
    proposes, same = request.form.get("_do") == "propose", request.form.get("seen") == typed.digest
    if proposes and same:
        return _propose(typed)
    release_key()
    shown, problems = preview(typed)
    return _form(typed, problems, shown, other=proposes and not same), problems.status


def _propose(typed: TypedPolicy) -> ResponseReturnValue:
    try:
        proposal = propose(connection(), "policy_set", PolicyContent(typed.source, typed.urgent), action_context())
    except (*REFUSALS, InvalidPolicy) as refusal:
        problems = file_problems(refusal, typed.source)
        return _form(typed, problems), problems.status
    return redirect(f"/confirmations/{proposal.id}", HTTPStatus.SEE_OTHER)


@blueprint.get("/policies/<uuid:policy_set_id>/withdrawal")
@requires_role(Role.ADMIN)
def show_withdrawal(policy_set_id: UUID) -> str:
    """Show the form that proposes to withdraw a set."""
    return _withdrawal(_row(policy_set_id), EMPTY)


def _withdrawal(row: dict[str, Any], posted: PostedForm) -> str:
    back = f"/policies/{row['id']}"
    return page_of(WITHDRAWAL, {}, posted, back=back, back_label=row["title"], lead="policy_withdrawal")


@blueprint.post("/policies/<uuid:policy_set_id>/withdrawal")
@requires_role(Role.ADMIN)
@idempotent
def withdraw_policy(policy_set_id: UUID) -> ResponseReturnValue:
    """Propose to withdraw a set that nothing cites; another person confirms it."""
    row = _row(policy_set_id)

    def act(body: dict[str, Any]) -> ResponseReturnValue:
        content = PolicyWithdrawal(policy_set_id, body["reason"])
        proposal = propose(connection(), "policy_withdrawal", content, action_context())
        target = f"/policies/{policy_set_id}?{urlencode({'proposed': str(proposal.id)})}"
        return redirect(target, HTTPStatus.SEE_OTHER)

    return sent(WITHDRAWAL, lambda posted: _withdrawal(row, posted), act)
