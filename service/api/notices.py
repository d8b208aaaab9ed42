"""/notices: what hangs or hung, exactly as shown; objections to it and their answers go through the case."""

import json
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions.case_rows import Taken
from service.actions.trail import Unknown
from service.api.pages import paged
from service.api.steps import take_step
from service.auth import READERS, needs
from service.privacy import unseal
from service.queries import notices as read
from service.queries.page import Page
from service.request import caller, house, tx
from service.schemas import money as shapes
from service.schemas.cases import TakenOut
from workflows.terms import Role

notices = Blueprint("notices", __name__, description="公示与异议 Notices and objections")


@notices.get("/notices")
@needs(*READERS)
@notices.arguments(shapes.NoticeFilterIn, location="query")
@notices.response(200, shapes.NoticesOut)
def list_notices(query: dict[str, Any]) -> dict[str, Any]:
    """Notices of your units, newest first."""

    def run(filters: Any, after: list[str] | None, size: int) -> Page:
        page = read.page(tx(), caller(), filters, after, size)
        return replace(page, rows=[_opened(row) for row in page.rows])

    return paged(query, run)


@notices.get("/notices/<uuid:notice_id>")
@needs(*READERS)
@notices.response(200, shapes.NoticeOut)
def see_notice(notice_id: UUID) -> dict[str, Any]:
    """One notice with exactly what it showed."""
    return _opened(_seen(notice_id))


@notices.post("/notices/<uuid:notice_id>/objections")
@needs(Role.REGISTRAR)
@notices.arguments(shapes.ObjectionIn)
@notices.response(201, TakenOut)
def object_to(body: dict[str, Any], notice_id: UUID) -> Taken:
    """Record an objection; it stops approval until it is answered."""
    return take_step(_seen(notice_id)["case_id"], "object", {**body, "notice": str(notice_id)})


@notices.post("/notices/<uuid:notice_id>/answers")
@needs(Role.REVIEWER)
@notices.arguments(shapes.ObjectionAnswerIn)
@notices.response(201, TakenOut)
def answer(body: dict[str, Any], notice_id: UUID) -> Taken:
    """Answer the oldest open objection."""
    return take_step(_seen(notice_id)["case_id"], "answer_objection", {**body, "notice": str(notice_id)})


def _seen(notice_id: UUID) -> dict[str, Any]:
    row = read.one(tx(), notice_id, caller())
    if row is None:
        raise Unknown
    return row


def _opened(row: dict[str, Any]) -> dict[str, Any]:
    shown = json.loads(unseal(house().ring, "notice.shown", row["id"], row["shown_sealed"]))
    return {**row, "shown": shown, "objections": [_dated(each) for each in row["objections"] or []]}


def _dated(objection: dict[str, Any]) -> dict[str, Any]:
    """Its days as days: they come out of the database's JSON as text."""
    days = {name: objection[name] and date.fromisoformat(objection[name]) for name in ("raised_on", "answered_on")}
    return objection | days
