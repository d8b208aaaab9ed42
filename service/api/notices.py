"""Routes of /notices: public notices, objections and their answers."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions.cases import take_action
from service.actions.errors import NotFound
from service.actions.step_result import StepResult
from service.http.auth import READERS, requires_role
from service.http.context import action_context, app_state, caller, today
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import masking
from service.queries import notices as read
from service.queries.page import Page
from service.schemas.cases import TakenOut
from service.schemas.notices import NoticeFilterIn, NoticeOut, NoticesOut, ObjectionAnswerIn, ObjectionIn
from workflows.vocabulary import Role

blueprint = Blueprint("notices", __name__, description="公示与异议 Notices and objections")


@blueprint.get("/notices")
@requires_role(*READERS)
@blueprint.arguments(NoticeFilterIn, location="query")
@blueprint.response(200, NoticesOut)
def list_notices(query: dict[str, Any]) -> dict[str, Any]:
    """List the notices of your units, newest first."""

    def load_page(filters: Any, after: list[str] | None, size: int) -> Page:
        page = read.page(connection(), caller(), filters, after, size)
        return replace(page, rows=[_decrypt_notice(row) for row in page.rows])

    return paged(query, load_page)


@blueprint.get("/notices/<uuid:notice_id>")
@requires_role(*READERS)
@blueprint.response(200, NoticeOut)
def see_notice(notice_id: UUID) -> dict[str, Any]:
    """Show one notice: what was posted, its name masked once the notice has ended."""
    return _decrypt_notice(_visible_notice(notice_id))


@blueprint.post("/notices/<uuid:notice_id>/objections")
@requires_role(Role.REGISTRAR)
@idempotent
@blueprint.arguments(ObjectionIn)
@blueprint.response(201, TakenOut)
def object_to(body: dict[str, Any], notice_id: UUID) -> StepResult:
    """Record an objection; it blocks approval until it is answered."""
    return _act(notice_id, "object", body)


@blueprint.post("/notices/<uuid:notice_id>/answers")
@requires_role(Role.REVIEWER)
@idempotent
@blueprint.arguments(ObjectionAnswerIn)
@blueprint.response(201, TakenOut)
def answer(body: dict[str, Any], notice_id: UUID) -> StepResult:
    """Answer the oldest open objection."""
    return _act(notice_id, "answer_objection", body)


def _visible_notice(notice_id: UUID) -> dict[str, Any]:
    row = read.one(connection(), notice_id, caller())
    if row is None:
        raise NotFound
    return row


def _decrypt_notice(row: dict[str, Any]) -> dict[str, Any]:
    shown = masking.notice(app_state().keyring, row, today())
    return {**row, "shown": shown, "objections": [_parse_days(each) for each in row["objections"] or []]}


def _parse_days(objection: dict[str, Any]) -> dict[str, Any]:
    """Return the objection with its days as dates: the database's JSON holds them as text."""
    dates = {name: objection[name] and date.fromisoformat(objection[name]) for name in ("raised_on", "answered_on")}
    return objection | dates


def _act(notice_id: UUID, action: str, body: dict[str, Any]) -> StepResult:
    """Take the action on the case of the notice, with the notice named in its form."""
    case_id = _visible_notice(notice_id)["case_id"]
    return take_action(connection(), case_id, action, {**body, "notice": str(notice_id)}, action_context())
