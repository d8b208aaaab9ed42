"""Routes of /confirmations: what waits for a second person."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import confirmations
from service.actions.errors import NotFound
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, app_state, caller
from service.http.idempotency import idempotent, release_key
from service.http.pagination import paged
from service.http.transaction import connection
from service.imports.proposed_import import ALL_WRITES
from service.queries import confirmations as read
from service.queries import policy_changes
from service.schemas.confirmations import (
    ConfirmationFilterIn,
    ConfirmationFullOut,
    ConfirmationPageOut,
    ConfirmedOut,
    ConfirmIn,
    RefuseIn,
)
from workflows.disclosure import Profile, shown

blueprint = Blueprint("confirmations", __name__, description="待确认 Confirmations")


@blueprint.get("/confirmations")
@requires_role(*EVERYONE)
@blueprint.arguments(ConfirmationFilterIn, location="query")
@blueprint.response(200, ConfirmationPageOut)
def list_confirmations(query: dict[str, Any]) -> dict[str, Any]:
    """List the confirmations of your units, newest first: all, those that wait for you, or your own."""
    page = paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))
    return {**page, "items": [{**row, "digest": row["digest"].hex()} for row in page["items"]]}


@blueprint.get("/confirmations/<uuid:confirmation_id>")
@requires_role(*EVERYONE)
@blueprint.response(200, ConfirmationFullOut)
def see_confirmation(confirmation_id: UUID) -> dict[str, Any]:
    """Show one confirmation: what is proposed, by whom, who must confirm it, and what it would change."""
    row = read.one(connection(), confirmation_id, caller())
    if row is None:
        raise NotFound
    content = read.content_of(row, app_state().keyring)
    columns = {name: getattr(row, name) for name in row._fields if name != "content_sealed"}
    changes = policy_changes.changes(connection(), content["source"]) if row.act == "policy_set" else []
    shown_content = {"content": _masked(content), "confirmers": read.confirmers_of(connection(), [confirmation_id])}
    return {**columns, "digest": row.digest.hex(), **shown_content, "changes": changes}


def _masked(content: Any) -> Any:
    """Return the content with identity numbers masked and files left out."""
    if isinstance(content, list):
        return [_masked(each) for each in content]
    if not isinstance(content, dict):
        return content
    masked = {name: _masked(value) for name, value in content.items() if name not in {"first_hash", "base64"}}
    if isinstance(masked.get("id_no"), str):
        masked["id_no"] = shown("id_number", masked["id_no"], Profile.LIST)
    return masked


@blueprint.post("/confirmations/<uuid:confirmation_id>/confirmation")
@requires_role(*EVERYONE)
@idempotent
@blueprint.arguments(ConfirmIn)
@blueprint.response(200, ConfirmedOut)
def confirm(body: dict[str, Any], confirmation_id: UUID) -> dict[str, Any]:
    """Confirm what another person proposed; the last person it needs does the write."""
    made = confirmations.confirm(connection(), confirmation_id, body["digest"], action_context(), ALL_WRITES)
    if made is None:
        return {"done": False, "id": None, "shown_once": []}
    if made.shown_once:
        release_key()
    return {"done": True, "id": made.id, "shown_once": list(made.shown_once)}


@blueprint.post("/confirmations/<uuid:confirmation_id>/refusal")
@requires_role(*EVERYONE)
@idempotent
@blueprint.arguments(RefuseIn)
@blueprint.response(204)
def refuse(body: dict[str, Any], confirmation_id: UUID) -> None:
    """Refuse what another person proposed, with a reason."""
    confirmations.refuse(connection(), confirmation_id, body["reason"], action_context(), ALL_WRITES)


@blueprint.post("/confirmations/<uuid:confirmation_id>/withdrawal")
@requires_role(*EVERYONE)
@idempotent
@blueprint.response(204)
def withdraw(confirmation_id: UUID) -> None:
    """Take back your own proposal."""
    confirmations.withdraw(connection(), confirmation_id, action_context())
