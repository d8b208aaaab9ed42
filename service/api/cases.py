"""/cases: open one, list them, see one, its events and what may be done; take an action."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import case_opening
from service.actions import cases as case_actions
from service.actions.case_application import CaseApplication
from service.actions.errors import NotFound
from service.actions.possible_twins import offer_twins
from service.actions.shared_details import show_matches
from service.http.auth import CASE_WRITERS, READERS, requires_role
from service.http.context import action_context, app_state, caller, today
from service.http.errors import language
from service.http.etags import tagged, version_read
from service.http.idempotency import idempotent
from service.http.pagination import most_counted, paged
from service.http.transaction import connection
from service.i18n.reason_messages import message_for
from service.queries import case_corrections, notices
from service.queries import cases as case_queries
from service.queries.page import Page
from service.queries.sealed_remarks import words_of
from service.schemas.assessments import AssessmentsOut
from service.schemas.cases import (
    ActionIn,
    CaseFilterIn,
    CaseIn,
    CasePageOut,
    ChoicesOut,
    EventsOut,
    OneCaseOut,
    OpenedOut,
    TakenOut,
)
from workflows.state_machine import AvailableAction
from workflows.vocabulary import Reason, Role

blueprint = Blueprint("cases", __name__, description="个案 Cases")
_ACTION, _TAKEN = ActionIn(), TakenOut()
"""Made once: making a schema costs more than reading or writing with it."""


@blueprint.post("/cases")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(CaseIn)
@blueprint.response(201, OpenedOut)
def open_case(body: dict[str, Any]) -> dict[str, Any]:
    """Open a case for a family. 409 lists every reason it was refused; warnings say what the review may refuse."""
    opened = case_opening.open_case(connection(), CaseApplication(**body), action_context())
    return asdict(opened) | {
        "warnings": [_reason(each) for each in opened.warnings],
        "possible_twins": offer_twins(connection(), [body["beneficiary_id"]], action_context()),
    }


@blueprint.get("/cases")
@requires_role(*READERS)
@blueprint.arguments(CaseFilterIn, location="query")
@blueprint.response(200, CasePageOut)
def list_cases(query: dict[str, Any]) -> dict[str, Any]:
    """Cases in your units, newest first, by page."""
    most = most_counted(query)

    def load_page(filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
        return case_queries.page(connection(), caller(), filters, today(), after, size, most=most)

    return paged(query, load_page)


@blueprint.get("/cases/<uuid:case_id>")
@requires_role(*READERS)
@blueprint.doc(responses={304: {"description": "Not modified"}})
@blueprint.response(200, OneCaseOut)
def see_case(case_id: UUID) -> Response:
    """One case, with its version as ETag, what was corrected since it was last returned, and every objection."""
    row = _seen(case_id)
    return tagged(OneCaseOut().dump(row | _background(row)), row["version"])


@blueprint.get("/cases/<uuid:case_id>/events")
@requires_role(*READERS)
@blueprint.response(200, EventsOut)
def list_events(case_id: UUID) -> dict[str, Any]:
    """The case's chain of events; each body is the very text that was hashed. `words` are for those who may read them."""
    row, keyring, me = _seen(case_id), app_state().keyring, caller()
    rows = case_queries.events(connection(), row["id"])
    return {"items": [each | {"words": words_of(keyring, each["sealed"], me, row["unit_path"])} for each in rows]}


@blueprint.get("/cases/<uuid:case_id>/actions")
@requires_role(*READERS)
@blueprint.response(200, ChoicesOut)
def list_actions(case_id: UUID) -> dict[str, Any]:
    """What you may do now, why the rest may not be done, what was corrected since the last return, and every objection."""
    row = _seen(case_id)
    items = [_choice(each) for each in _open(case_id)]
    found = show_matches(connection(), row, action_context())
    shown = {"possible_twins": found.possible_twins, "shared_details": found.shared_details}
    return {"state": row["state"], **_background(row), "items": items, **shown}


@blueprint.get("/cases/<uuid:case_id>/assessment")
@requires_role(*READERS)
@blueprint.response(200, AssessmentsOut)
def see_assessment(case_id: UUID) -> dict[str, Any]:
    """The means test with every intermediate value: as it would be today, and as earlier steps stored it."""
    today_record, limits = case_actions.assess_today(connection(), case_id, action_context())
    return {
        "today": today_record,
        "limits": limits,
        "decided": case_queries.stored_assessments(connection(), _seen(case_id)["id"]),
    }


@blueprint.post("/cases/<uuid:case_id>/actions/<action>")
@requires_role(*CASE_WRITERS)
@idempotent
@blueprint.arguments(_ACTION)
@blueprint.response(200, TakenOut)
def take_action(body: dict[str, Any], case_id: UUID, action: str) -> Response:
    """Take one action on a case. 409 lists every reason it was refused; If-Match guards against stale reading."""
    taken = case_actions.take_action(
        connection(), case_id, action, body["answers"], action_context(version_read(required=False))
    )
    return tagged(_TAKEN.dump(taken), taken.version)


def _open(case_id: UUID) -> tuple[AvailableAction, ...]:
    return case_actions.available_actions(connection(), case_id, action_context())


def _seen(case_id: UUID) -> dict[str, Any]:
    row = case_queries.one(connection(), case_id, caller())
    if row is None:
        raise NotFound
    return row


def _background(row: dict[str, Any]) -> dict[str, Any]:
    """Return what those who decide must have seen: what was corrected since the last return, and every objection."""
    changes = case_corrections.changes_since_return(connection(), row)
    return {"changes": changes, "objections": notices.objections_of(connection(), row["id"])}


def _choice(choice: AvailableAction) -> dict[str, Any]:
    return {
        "action": choice.action,
        "label": choice.label,
        "target": choice.target,
        "open": not choice.reasons,
        "form": choice.form,
        "reasons": [_reason(each) for each in choice.reasons],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "message": message_for(reason, language()), "values": dict(reason.values)}
