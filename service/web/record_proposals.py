"""Corrections and voids of records outside cases as proposals, and the way back to the record."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import redirect
from flask.typing import ResponseReturnValue

from service.actions.confirmations import propose
from service.actions.proposals.records import RECORD_WRITES
from service.actions.proposals.write import VoidContent
from service.http.context import action_context
from service.http.transaction import connection


def to_record(place: str, record_id: UUID, **query: str) -> ResponseReturnValue:
    """Lead to the page of a record."""
    return redirect(f"{place}/{record_id}?{urlencode(query or {'done': 'yes'})}", HTTPStatus.SEE_OTHER)


def proposed(act: str, content: Any, place: str, record_id: UUID) -> ResponseReturnValue:
    """Propose a write about a record, and lead to the record, which shows whom the proposal waits for."""
    proposal = propose(connection(), act, content, action_context())
    return to_record(place, record_id, proposed=str(proposal.id))


def correct(name: str, place: str, record_id: UUID, new: Any, reason: str) -> ResponseReturnValue:
    """Propose a record of the kind `name` as it should have been."""
    act = f"{name}_correction"
    return proposed(act, RECORD_WRITES[act].content(record_id, new, reason), place, record_id)


def void(name: str, place: str, record_id: UUID, reason: str) -> ResponseReturnValue:
    """Propose to void a record of the kind `name`."""
    return proposed(f"{name}_void", VoidContent(record_id, reason), place, record_id)
