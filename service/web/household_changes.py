"""/households/<id>/changes: what a change of a file stops is shown first, then the same form makes it."""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from service.actions.household_changes import two_steps
from service.actions.household_changes.effects import Effects
from service.actions.request_bodies import KINDS, change_of
from service.http.auth import requires_role
from service.http.context import action_context, app_state, caller, today
from service.http.idempotency import idempotent, release_key
from service.http.transaction import connection
from service.queries import household_pages, masking
from service.web import family_options as options
from service.web.family_forms import CHANGES, MADE
from service.web.forms import PostedForm
from service.web.household_page import heading, masked_members
from service.web.record_forms import ADD, Filled, draw, load, problems
from service.web.record_page import RecordPage, to_family
from service.web.refusals import REFUSALS, messages_of
from workflows.household_change_codes import (
    ExitReason,
    FilingAgainReason,
    HeadChangeReason,
    LeavingReason,
    MoveReason,
)
from workflows.vocabulary import InvalidForm, Reason, Role

blueprint = Blueprint("household_changes", __name__)
SEEN = "_seen"
"""The hidden field with the digest of the effects that were shown."""

REASONS: Mapping[str, tuple[type[StrEnum], str]] = {
    "change_head": (HeadChangeReason, "head_change_reason"),
    "exit": (ExitReason, "exit_reason"),
    "file_again": (FilingAgainReason, "filing_again_reason"),
    "move": (MoveReason, "move_reason"),
    "transfer": (LeavingReason, "leaving_reason"),
}
"""The reasons of each kind of change, and the group of terms with their words."""

_KIND = f"<any({','.join(KINDS)}):kind>"


@blueprint.get(f"/households/<uuid:household_id>/changes/{_KIND}")
@requires_role(Role.REGISTRAR)
def show_change(household_id: UUID, kind: str) -> str:
    """Show the form of a change."""
    filled = Filled()
    filled.add("", {"on": today()})
    return _page(household_id, kind, filled.posted())


def _page(household_id: UUID, kind: str, posted: PostedForm, effects: Effects | None = None) -> str:
    file = heading(household_id)
    people = _everybody(household_id) if kind == "file_again" else masked_members(household_id)
    choices = options.terms_of_family() | options.of_members(people, "new_head", "person_id")
    choices |= {"reason": options.worded(*REASONS[kind]), "to_unit_id": options.units_of(Role.REGISTRAR)}
    page = RecordPage(
        kind,
        back=f"/households/{household_id}",
        sections=draw(CHANGES[kind], choices, posted),
        problems=posted.problems,
        file=file,
        lead=kind,
        hidden={SEEN: effects.seen} if effects and not effects.refusals else {},
    )
    shown = _shown(effects) if effects else None
    return render_template("households/change.html", page=page, effects=shown)


def _everybody(household_id: UUID) -> list[dict[str, Any]]:
    keyring = app_state().keyring
    return [masking.member(keyring, each) for each in household_pages.former_members(connection(), household_id)]


def _shown(effects: Effects) -> dict[str, Any]:
    """Return the effects with their reasons as sentences."""
    cases = [
        {
            "case": each,
            "stops": messages_of(each.stops),
            "permits": messages_of(each.permits),
            "moves": each.before.unit_id != each.after.unit_id,
        }
        for each in effects.cases
    ]
    return {"effects": effects, "cases": cases, "refusals": messages_of(effects.refusals)}


@blueprint.post(f"/households/<uuid:household_id>/changes/{_KIND}")
@requires_role(Role.REGISTRAR)
@idempotent
def change_household(household_id: UUID, kind: str) -> ResponseReturnValue:
    """Show what the change does; sent again with what was shown, make it."""
    posted, seen = PostedForm(request.form), request.form.get(SEEN)
    if ADD in request.form:
        release_key()
        return _page(household_id, kind, posted)
    form = MADE[kind] if seen else CHANGES[kind]
    try:
        body = load(form, **_more(kind, seen))
        if not seen:
            return _preview(household_id, kind, body)
        body.pop("seen")
        two_steps.make(connection(), household_id, change_of(body), seen, action_context())
    except REFUSALS as refusal:
        found = problems(form, refusal)
        return _page(household_id, kind, PostedForm(request.form, found)), found.status
    return to_family(household_id)


def _preview(household_id: UUID, kind: str, body: dict[str, Any]) -> ResponseReturnValue:
    """Answer with the form and its effects; a change that cannot be made says why."""
    effects = two_steps.preview(connection(), household_id, change_of(body), action_context())
    release_key()
    page = _page(household_id, kind, PostedForm(request.form), effects)
    return page, HTTPStatus.CONFLICT if effects.refusals else HTTPStatus.OK


def _more(kind: str, seen: str | None) -> dict[str, Any]:
    """Return what the body has besides what was typed: the digest shown, and the other file by its number."""
    more: dict[str, Any] = {"seen": seen} if seen else {}
    if kind == "transfer":
        file_no = request.form.get("transfer.to_household_id", "").strip()
        found = household_pages.file_by_number(connection(), file_no, caller())
        if found is None:
            raise InvalidForm(Reason.of("file_no_unknown", field="transfer.to_household_id"))
        names = ("reason", "person_id", "relation")
        typed = {name: request.form.get(f"transfer.{name}") or None for name in names}
        more["transfer"] = {**typed, "to_household_id": str(found)}
    return more
