"""/households/<id>/finances, payee and consent: the money of a family, where it is paid, and what it signed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from service.actions import consents, finances, payees
from service.actions.request_bodies import finances_of, payee_of
from service.http.auth import requires_role
from service.http.context import action_context
from service.http.etags import version_read
from service.http.idempotency import idempotent
from service.http.transaction import connection
from service.queries import households
from service.web import family_options as options
from service.web.family_forms import CONSENT, FINANCES, PAYEE
from service.web.forms import EMPTY, PostedForm
from service.web.household_page import heading, masked_members
from service.web.proofs import challenge, proof_input, proved, shown_payee
from service.web.record_forms import Filled, RecordForm, load
from service.web.record_page import page_of, sent, to_family
from workflows.money_format import in_yuan
from workflows.vocabulary import Role

blueprint = Blueprint("finances", __name__)


def _page(form: RecordForm, household_id: UUID, posted: PostedForm, lead: str = "") -> str:
    file = heading(household_id)
    choices = options.terms_of_family() | options.of_members(masked_members(household_id), "person")
    back = f"/households/{household_id}"
    extra = (proof_input(posted),) if form is PAYEE else ()
    return page_of(form, choices, posted, back=back, file=file, version=file["version"], lead=lead, extra=extra)


def _sent(
    form: RecordForm, household_id: UUID, act: Callable[[dict[str, Any]], object], lead: str = ""
) -> ResponseReturnValue:
    def made(body: dict[str, Any]) -> ResponseReturnValue:
        act(body)
        return to_family(household_id)

    return sent(form, lambda posted: _page(form, household_id, posted, lead), made)


@blueprint.get("/households/<uuid:household_id>/finances")
@requires_role(Role.REGISTRAR)
def show_finances(household_id: UUID) -> str:
    """Show the finance lines on file as one form."""
    file, filled = heading(household_id), Filled()
    filled.add("", {"as_of": file["finances_as_of"], "idle_able_members": file["idle_able_members"]})
    for number, line in enumerate(households.lines(connection(), household_id), start=1):
        back = in_yuan(line["reimbursed_fen"]) if line["reimbursed_fen"] else None
        row = {"what": f"{line['side']}.{line['kind']}", "amount": in_yuan(line["fen"]), "reimbursed": back}
        filled.add(f"lines.{number}.", row | {"person": line["person_id"]})
    return _page(FINANCES, household_id, filled.posted(), "finances")


@blueprint.post("/households/<uuid:household_id>/finances")
@requires_role(Role.REGISTRAR)
@idempotent
def replace_finances(household_id: UUID) -> ResponseReturnValue:
    """Replace the finance lines on file with those of the form."""

    def act(body: dict[str, Any]) -> None:
        context = action_context(version_read(required=True))
        finances.replace_finances(connection(), household_id, finances_of(body, {}), context)

    return _sent(FINANCES, household_id, act, "finances")


@blueprint.get("/households/<uuid:household_id>/payee")
@requires_role(Role.REGISTRAR)
def show_payee(household_id: UUID) -> str:
    """Show the form for another account."""
    return _page(PAYEE, household_id, EMPTY, "payee")


@blueprint.post("/households/<uuid:household_id>/payee")
@requires_role(Role.REGISTRAR)
@idempotent
def set_payee(household_id: UUID) -> ResponseReturnValue:
    """Make an account the family's payee; approvals that covered another one become void."""

    def act(body: dict[str, Any]) -> None:
        context = action_context(version_read(required=True))
        context = proved(shown_payee(household_id, context.version, body), context)
        payees.set_payee(connection(), household_id, payee_of(body, {}), context)

    return _sent(PAYEE, household_id, act, "payee")


@blueprint.post("/households/<uuid:household_id>/payee/challenge")
@requires_role(Role.REGISTRAR)
def ask_proof(household_id: UUID) -> Response:
    """Answer a browser with what a passkey must sign for the account as it is typed. Raises NotFound."""
    heading(household_id)
    return challenge(shown_payee(household_id, version_read(required=True), load(PAYEE)))


@blueprint.get("/households/<uuid:household_id>/consent")
@requires_role(*consents.RECORDERS)
def show_consent(household_id: UUID) -> str:
    """Show the form for a signed consent."""
    return _page(CONSENT, household_id, EMPTY)


@blueprint.post("/households/<uuid:household_id>/consent")
@requires_role(*consents.RECORDERS)
@idempotent
def give_consent(household_id: UUID) -> ResponseReturnValue:
    """Record a signed consent."""

    def act(body: dict[str, Any]) -> None:
        context = action_context(version_read(required=True))
        consents.record_consent(connection(), household_id, consents.Consent(**body), context)

    return _sent(CONSENT, household_id, act)
