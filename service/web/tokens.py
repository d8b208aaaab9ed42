"""/account/tokens: the caller's own tokens of the API; /tokens: an administrator ends one of an account."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.actions import accounts as actions
from service.actions.errors import NotFound
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, caller, real_time
from service.http.idempotency import idempotent, release_key
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import accounts as read
from service.queries import credentials, staff_list
from service.queries.credentials import ProofKind
from service.web.forms import EMPTY, PostedForm
from service.web.layout import text
from service.web.proofs import proof_label, proved_own_keys
from service.web.record_page import page_of, sent
from service.web.refusals import NO_PROBLEMS, Problems, problems_of
from service.web.staff_forms import TOKEN_END
from workflows.vocabulary import InvalidForm, Reason, Refused, Role

blueprint = Blueprint("tokens", __name__)
LONGEST, USUAL = 366, 90
"""Days that a token may be valid, and those of a form that was not filled in."""


@blueprint.get("/account/tokens")
@requires_role(*EVERYONE)
@takes_query("done")
def show_tokens() -> str:
    """List the caller's own tokens, ended ones too; never a token itself."""
    return _page(NO_PROBLEMS)


def _page(problems: Problems, token: str = "") -> str:
    rows, asked = read.tokens_of(connection(), caller().account), request.form
    typed = {"label": asked.get("label", ""), "days": asked.get("days", str(USUAL))}
    by_code = credentials.asked_proof(connection(), caller().account).kind is ProofKind.TOTP
    shown = {"rows": rows, "problems": problems, "token": token, "typed": typed, "now": real_time()}
    return render_template("account/tokens.html", **shown, by_code=by_code, longest=LONGEST)


@blueprint.post("/account/tokens")
@requires_role(*EVERYONE)
@idempotent
def make_token() -> ResponseReturnValue:
    """Make a token of the caller's own, and show it once."""
    try:
        days = _days(request.form.get("days", ""))
        context = proved_own_keys("make_token", action_context())
        expires_at, label = real_time() + timedelta(days=days), request.form.get("label", "")
        token = actions.create_token(connection(), caller().account, label, expires_at, context)
    except (InvalidForm, Refused) as refusal:
        labels = {name: text(f"tokens.{name}") for name in ("label", "days")}
        problems = problems_of(refusal, labels | proof_label())
        return _page(problems), problems.status
    release_key()
    return _page(NO_PROBLEMS, token)


def _days(typed: str) -> int:
    """Return the number of days. Raises InvalidForm."""
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= len(str(LONGEST)) else 0
    if not 0 < days <= LONGEST:
        raise InvalidForm(Reason.of("not_a_number", field="days", lowest=1, highest=LONGEST))
    return days


@blueprint.post("/account/tokens/<uuid:token_id>/end")
@requires_role(*EVERYONE)
@idempotent
def end_own(token_id: UUID) -> ResponseReturnValue:
    """End one of the caller's own tokens now."""
    if all(row["id"] != token_id for row in read.tokens_of(connection(), caller().account)):
        raise NotFound
    actions.revoke_token(connection(), token_id, action_context())
    return redirect("/account/tokens?done=ended", HTTPStatus.SEE_OTHER)


@blueprint.get("/tokens/<uuid:token_id>/revocation")
@requires_role(Role.ADMIN)
def show_revocation(token_id: UUID) -> str:
    """Show what ends with a token of an account of the administrator's units."""
    return _revocation(*_of_account(token_id), EMPTY)


def _of_account(token_id: UUID) -> tuple[dict[str, Any], str]:
    """Return the account that a token is of, and the token's label. Raises NotFound."""
    found = read.token_of(connection(), token_id)
    row = staff_list.one(connection(), found.account_id, caller()) if found else None
    if row is None or found is None:
        raise NotFound
    return row, found.label


def _revocation(row: dict[str, Any], label: str, posted: PostedForm) -> str:
    back = {"back": f"/staff/{row['id']}", "back_label": row["display_name"]}
    return page_of(TOKEN_END, {}, posted, **back, lead="token_end", about=label)


@blueprint.post("/tokens/<uuid:token_id>/revocation")
@requires_role(Role.ADMIN)
@idempotent
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    """End a token of an account now."""
    row, label = _of_account(token_id)

    def act(_body: dict[str, Any]) -> ResponseReturnValue:
        actions.revoke_token(connection(), token_id, action_context())
        return redirect(f"/staff/{row['id']}?done=yes", HTTPStatus.SEE_OTHER)

    return sent(TOKEN_END, lambda posted: _revocation(row, label, posted), act)
