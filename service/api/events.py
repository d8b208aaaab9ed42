"""Routes of /events: the event log, for auditors."""

from typing import Any

from flask_smorest import Blueprint

from service.actions.errors import NotFound
from service.http.auth import requires_role
from service.http.context import caller
from service.http.pagination import paged
from service.http.transaction import connection
from service.queries import events as read
from service.schemas.events import EventFilterIn, LoggedEventFullOut, LoggedEventPageOut
from workflows.vocabulary import Role

blueprint = Blueprint("events", __name__, description="留痕 Events")


@blueprint.get("/events")
@requires_role(Role.AUDITOR)
@blueprint.arguments(EventFilterIn, location="query")
@blueprint.response(200, LoggedEventPageOut)
def list_events(query: dict[str, Any]) -> dict[str, Any]:
    """List the events of your units, newest first: by subject, person, kind and day, or a ready list."""
    return paged(query, lambda filters, after, size: read.page(connection(), caller(), filters, after, size))


@blueprint.get("/events/<int:number>")
@requires_role(Role.AUDITOR)
@blueprint.response(200, LoggedEventFullOut)
def see_event(number: int) -> dict[str, Any]:
    """Show one event with its body as it was hashed."""
    row = read.one(connection(), number, caller())
    if row is None:
        raise NotFound
    return row
