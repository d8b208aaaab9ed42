"""/cases: open one, list them, see one, its events and what may be done; take an action."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import case_opening
from service.actions import cases as case_actions
from service.actions.case_rows import Opening, Taken
from service.actions.trail import Unknown
from service.api.etags import tagged, version_read
from service.api.pages import paged
from service.api.steps import counted, take_step
from service.auth import CASE_ROLES, READERS, needs
from service.errors import language
from service.queries import cases as case_queries
from service.reasons import in_words
from service.request import asked, caller, today, tx
from service.schemas.cases import (
    ActionIn,
    CaseFilterIn,
    CaseIn,
    CaseOut,
    CasePageOut,
    ChoicesOut,
    EventsOut,
    TakenOut,
)
from workflows.machine import Choice
from workflows.terms import Role

cases = Blueprint("cases", __name__, description="个案 Cases")
_ACTION, _TAKEN = ActionIn(), TakenOut()
"""Made once: making a schema costs more than reading or writing with it."""


@cases.post("/cases")
@needs(Role.REGISTRAR)
@cases.arguments(CaseIn)
@cases.response(201, TakenOut)
def open_case(body: dict[str, Any]) -> Taken:
    """Open a case for a family. 409 lists every reason it was refused."""
    return counted(case_opening.open_case(tx(), Opening(**body), asked()))


@cases.get("/cases")
@needs(*READERS)
@cases.arguments(CaseFilterIn, location="query")
@cases.response(200, CasePageOut)
def list_cases(query: dict[str, Any]) -> dict[str, Any]:
    """Cases in your units, newest first, by page."""
    return paged(query, lambda filters, after, size: case_queries.page(tx(), caller(), filters, today(), after, size))


@cases.get("/cases/<uuid:case_id>")
@needs(*READERS)
@cases.doc(responses={304: {"description": "Not modified"}})
@cases.response(200, CaseOut)
def see_case(case_id: UUID) -> Response:
    """One case, with its version as ETag."""
    row = _seen(case_id)
    return tagged(CaseOut().dump(row), row["version"])


@cases.get("/cases/<uuid:case_id>/events")
@needs(*READERS)
@cases.response(200, EventsOut)
def list_events(case_id: UUID) -> dict[str, Any]:
    """The case's chain of events; each body is the very text that was hashed."""
    return {"items": case_queries.events(tx(), _seen(case_id)["id"])}


@cases.get("/cases/<uuid:case_id>/actions")
@needs(*READERS)
@cases.response(200, ChoicesOut)
def list_actions(case_id: UUID) -> dict[str, Any]:
    """What you may do now, and why the rest may not be done."""
    return {"state": _seen(case_id)["state"], "items": [_choice(each) for each in _open(case_id)]}


@cases.post("/cases/<uuid:case_id>/actions/<action>")
@needs(*CASE_ROLES)
@cases.arguments(_ACTION)
@cases.response(200, TakenOut)
def take(body: dict[str, Any], case_id: UUID, action: str) -> Response:
    """Take one action on a case. 409 lists every reason it was refused; If-Match guards against stale reading."""
    taken = take_step(case_id, action, body["answers"], version_read(required=False))
    return tagged(_TAKEN.dump(taken), taken.version)


def _open(case_id: UUID) -> tuple[Choice, ...]:
    return case_actions.open_to(tx(), case_id, asked())


def _seen(case_id: UUID) -> dict[str, Any]:
    row = case_queries.one(tx(), case_id, caller())
    if row is None:
        raise Unknown
    return row


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "action": choice.action,
        "label": choice.label,
        "target": choice.target,
        "open": not choice.reasons,
        "asks": choice.asks,
        "reasons": [
            {"code": each.code, "message": in_words(each, language()), "values": dict(each.values)}
            for each in choice.reasons
        ],
    }
