"""Routes of /households/<id>/changes: show what a change stops, make it, list the changes made."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions.errors import NotFound
from service.actions.household_changes import two_steps
from service.actions.household_changes.effects import CaseEffect, Effects
from service.actions.request_bodies import change_of
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.errors import language
from service.http.idempotency import idempotent, release_key
from service.http.transaction import connection
from service.i18n.reason_messages import message_for
from service.queries import household_changes, households
from service.schemas.fields import MadeOut
from service.schemas.household_changes import ChangeIn, ChangesOut, EffectsOut, MadeChangeIn
from workflows.vocabulary import Reason, Role

blueprint = Blueprint("household_changes", __name__, description="档案变动 Changes of a household's file")


@blueprint.get("/households/<uuid:household_id>/changes")
@requires_role(*READERS)
@blueprint.response(200, ChangesOut)
def list_changes(household_id: UUID) -> dict[str, Any]:
    """List the changes of a file: heads, exits, filings again, moves, members who left or joined."""
    if households.one(connection(), household_id, caller()) is None:
        raise NotFound
    return {"items": household_changes.changes(connection(), household_id, caller())}


@blueprint.post("/households/<uuid:household_id>/changes/preview")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(ChangeIn)
@blueprint.response(200, EffectsOut)
def preview_change(body: dict[str, Any], household_id: UUID) -> dict[str, Any]:
    """Show what a change stops or changes in open cases, without making it."""
    effects = two_steps.preview(connection(), household_id, change_of(body), action_context())
    release_key()
    return _shown(effects)


@blueprint.post("/households/<uuid:household_id>/changes")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(MadeChangeIn)
@blueprint.response(201, MadeOut)
def make_change(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Make a change whose effects were shown; 409 when they are others by now."""
    seen = body.pop("seen")
    return {"id": two_steps.make(connection(), household_id, change_of(body), seen, action_context())}


def _shown(effects: Effects) -> dict[str, Any]:
    names = ("payments_in_transit", "pairings", "kinships", "consented_until", "payee_before", "payee_after", "seen")
    shown = {name: getattr(effects, name) for name in names}
    return {**shown, "refusals": _reasons(effects.refusals), "cases": [_case(each) for each in effects.cases]}


def _case(effect: CaseEffect) -> dict[str, Any]:
    before, after = effect.before, effect.after
    same = {"case_id": before.id, "case_no": before.case_no, "state": before.state, "phase": before.phase}
    caps = {"cap_before": before.cap, "cap_after": after.cap}
    categories = {"category_before": before.category, "category_after": after.category}
    units = {"unit_before": before.unit_id, "unit_after": after.unit_id, "outstanding": before.outstanding_fen}
    return {**same, **caps, **categories, **units, "stops": _reasons(effect.stops), "permits": _reasons(effect.permits)}


def _reasons(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    return [
        {"code": each.code, "message": message_for(each, language()), "values": dict(each.values)} for each in reasons
    ]
