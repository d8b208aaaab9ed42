"""/cases/<id>/matches: what a family shares with others, for those who decide on its case."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from service.actions.errors import NotFound
from service.actions.shared_details import decides, show_matches
from service.http.auth import requires_role
from service.http.context import action_context, caller
from service.http.idempotency import idempotent, release_key
from service.http.transaction import connection
from service.queries import cases
from service.web.household_page import masked_members
from workflows.vocabulary import Role

blueprint = Blueprint("case_matches", __name__)
DECIDERS = (Role.REVIEWER, Role.APPROVER)


@blueprint.post("/cases/<uuid:case_id>/matches")
@requires_role(*DECIDERS)
@idempotent
def show_matches_of_case(case_id: UUID) -> ResponseReturnValue:
    """Show whom the family may be, or be tied to; each showing is recorded on the other person's chain.

    A button, and no part of the page of the case: what is shown counts towards the matches of a day.
    """
    row = cases.one(connection(), case_id, caller())
    if row is None:
        raise NotFound
    release_key()
    if not decides(caller(), row):
        return lead_back(case_id)
    found = show_matches(connection(), row, action_context())
    names = {each["id"]: each["name"] for each in masked_members(row["household_id"])}
    return render_template("cases/matches.html", case=row, matches=found, names=names)


@blueprint.get("/cases/<uuid:case_id>/matches")
@requires_role(*DECIDERS)
def lead_back(case_id: UUID) -> ResponseReturnValue:
    """Lead back to the case: each showing is asked for, and recorded, by its button."""
    return redirect(url_for("web.cases.show_case", case_id=case_id), HTTPStatus.SEE_OTHER)
