"""The account to pay, shown in full once: from the page of a case, or of its family."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from service.actions import personal_data_access
from service.actions.errors import NotFound
from service.actions.personal_data_access import PAYEE_REVEALERS
from service.http.auth import requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent, release_key
from service.http.transaction import connection
from service.queries import cases, households
from service.schemas.persons import RevealIn
from service.web.record_forms import load, one
from service.web.record_page import to_family
from workflows.form_fields import FormField, Kind

blueprint = Blueprint("payees", __name__)
REVEAL = one("reveal", RevealIn, FormField("purpose", "", Kind.CODE))


@blueprint.post("/cases/<uuid:case_id>/payee/reveal")
@requires_role(*PAYEE_REVEALERS)
@idempotent
def reveal_for_case(case_id: UUID) -> ResponseReturnValue:
    """Show the account that a case is paid to, once, for a stated purpose; the event log records it."""
    row = _case(case_id)
    return _reveal(row["household_id"], row["unit_path"], case_id)


@blueprint.get("/cases/<uuid:case_id>/payee/reveal")
@requires_role(*PAYEE_REVEALERS)
def show_reveal_for_case(case_id: UUID) -> ResponseReturnValue:
    """Lead back to the case: what was shown once is not shown again."""
    return redirect(url_for("web.cases.show_case", case_id=_case(case_id)["id"]), HTTPStatus.SEE_OTHER)


@blueprint.post("/households/<uuid:household_id>/payee/reveal")
@requires_role(*PAYEE_REVEALERS)
@idempotent
def reveal_for_family(household_id: UUID) -> ResponseReturnValue:
    """Show the account of a family, once, for a stated purpose; the event log records it."""
    return _reveal(household_id, _family(household_id)["unit_path"], None)


@blueprint.get("/households/<uuid:household_id>/payee/reveal")
@requires_role(*PAYEE_REVEALERS)
def show_reveal_for_family(household_id: UUID) -> ResponseReturnValue:
    """Lead back to the family: what was shown once is not shown again."""
    return to_family(_family(household_id)["id"])


def _case(case_id: UUID) -> dict[str, Any]:
    row = cases.one(connection(), case_id, caller())
    if row is None:
        raise NotFound
    return row


def _family(household_id: UUID) -> dict[str, Any]:
    row = households.one(connection(), household_id, caller())
    if row is None:
        raise NotFound
    return row


def _reveal(household_id: UUID, unit_path: str, case_id: UUID | None) -> ResponseReturnValue:
    purpose = load(REVEAL)["purpose"]
    payee = personal_data_access.reveal_payee(connection(), household_id, unit_path, purpose, action_context())
    release_key()
    return render_template("households/revealed_payee.html", payee=payee, household_id=household_id, case_id=case_id)
