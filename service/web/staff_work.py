"""/staff/…/work: what would stop if a person left, as numbers: their cases, duties, proposals, tokens."""

from uuid import UUID

from flask import Blueprint, render_template

from service.actions.errors import NotFound
from service.http.auth import requires_role
from service.http.context import caller, real_time, today
from service.http.transaction import connection
from service.queries import staff_list
from service.queries.account_work import LOOKED_AT, work_of
from workflows.vocabulary import Role

blueprint = Blueprint("staff_work", __name__)


@blueprint.get("/staff/<uuid:account_id>/work")
@requires_role(Role.ADMIN)
def show_work(account_id: UUID) -> str:
    """Show the work of an account of the administrator's units; no case and no family is named."""
    row = staff_list.one(connection(), account_id, caller())
    if row is None:
        raise NotFound
    work = work_of(connection(), account_id, today(), real_time())
    return render_template("staff/work.html", row=row, work=work, looked_at=LOOKED_AT)
