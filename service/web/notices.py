"""/notices/<id>/print: a public notice as it hangs on the board."""

from uuid import UUID

from flask import Blueprint, render_template

from service.actions.errors import NotFound
from service.http.auth import READERS, requires_role
from service.http.context import app_state, caller, today
from service.http.transaction import connection
from service.queries import masking, notices
from service.web.case_record import notice_lines

blueprint = Blueprint("notices", __name__)


@blueprint.get("/notices/<uuid:notice_id>/print")
@requires_role(*READERS)
def print_notice(notice_id: UUID) -> str:
    """Show a notice alone, to be printed and posted; its name is masked once the notice has ended."""
    row = notices.one(connection(), notice_id, caller())
    if row is None:
        raise NotFound
    shown = masking.notice(app_state().keyring, row, today())
    is_over = row["ended_on"] is not None or row["ends_on"] < today()
    return render_template("notices/print.html", notice=row, shown=shown, lines=notice_lines(shown), is_over=is_over)
