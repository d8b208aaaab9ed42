"""Routes of /visits: record a visit and list visits."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import visits as visit_actions
from service.actions.cases import take_action
from service.actions.confirmations import propose
from service.actions.proposals.records import RECORD_WRITES
from service.actions.proposals.write import VoidContent
from service.api.proposing import proposed
from service.http.auth import READERS, requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import visits as read
from service.schemas.confirmations import ProposedOut
from service.schemas.fields import MadeOut, VoidIn
from service.schemas.visits import VisitCorrectionIn, VisitFilterIn, VisitIn, VisitPageOut
from workflows.vocabulary import InvalidForm, Reason, Role

blueprint = Blueprint("visits", __name__, description="走访 Visits")

CASE_ACTIONS = {"survey": "record_visit", "follow_up": "record_follow_up"}
"""The action that records a visit of a case, by the kind of visit."""


@blueprint.post("/visits")
@requires_role(Role.VISITOR, Role.REGISTRAR)
@idempotent
@blueprint.arguments(VisitIn)
@blueprint.response(201, MadeOut)
def record_visit(body: dict[str, Any]) -> dict[str, UUID]:
    """Record a visit; with `case_id` it is the case's survey or follow-up, and the id returned is the case's."""
    case_id, kind = body.pop("case_id"), body["kind"]
    if case_id is not None:
        return {"id": take_action(connection(), case_id, _action(kind), _answers(body), action_context()).case_id}
    if body["unit_id"] is None:
        raise InvalidForm(Reason.of("answer_missing", field="unit_id", kind="id"))
    body.pop("conclusion")
    return {"id": visit_actions.record_visit(connection(), _new_visit(body), action_context())}


def _new_visit(body: dict[str, Any]) -> visit_actions.NewVisit:
    return visit_actions.NewVisit(**body | {name: tuple(body[name]) for name in ("visitors", "photos")})


def _action(kind: str) -> str:
    if kind not in CASE_ACTIONS:
        raise InvalidForm(Reason.of("not_a_choice", field="kind", choices=list(CASE_ACTIONS)))
    return CASE_ACTIONS[kind]


def _answers(body: dict[str, Any]) -> dict[str, object]:
    answers = {key: body[key] for key in ("place", "conclusion", "story") if body[key] is not None}
    answers |= {name: [str(row_id) for row_id in body[name]] for name in ("visitors", "photos") if body[name]}
    return {**answers, "on": body["on"].isoformat()}


@blueprint.get("/visits")
@requires_role(*READERS)
@blueprint.arguments(VisitFilterIn, location="query")
@blueprint.response(200, VisitPageOut)
def list_visits(query: dict[str, Any]) -> dict[str, Any]:
    """List the visits of your units, newest first."""
    return paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))


@blueprint.post("/visits/<uuid:visit_id>/void")
@requires_role(Role.VISITOR, Role.REGISTRAR)
@idempotent
@blueprint.arguments(VoidIn)
@blueprint.response(202, ProposedOut)
def void_visit(body: dict[str, Any], visit_id: UUID) -> Response:
    """Propose to void a visit outside cases that was never so; it stays readable with the reason."""
    content = VoidContent(visit_id, body["reason"])
    return proposed(propose(connection(), "visit_void", content, action_context()))


@blueprint.post("/visits/<uuid:visit_id>/correction")
@requires_role(Role.VISITOR, Role.REGISTRAR)
@idempotent
@blueprint.arguments(VisitCorrectionIn)
@blueprint.response(202, ProposedOut)
def correct_visit(body: dict[str, Any], visit_id: UUID) -> Response:
    """Propose a visit outside cases as it should have been; the original stays readable with the reason."""
    reason = body.pop("reason")
    content = RECORD_WRITES["visit_correction"].content(visit_id, _new_visit(body), reason)
    return proposed(propose(connection(), "visit_correction", content, action_context()))
