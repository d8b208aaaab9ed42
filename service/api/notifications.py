"""Routes of /inbox and /notifications."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import notifications as notification_actions
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, caller
from service.http.errors import language
from service.http.idempotency import idempotent
from service.http.pagination import paged
from service.http.transaction import connection
from service.i18n import notification_text
from service.queries import notifications as read
from service.queries.page import Page, page_by_id
from service.schemas.fields import MadeOut, PageIn
from service.schemas.notifications import InboxOut
from workflows.vocabulary import Role

blueprint = Blueprint("notifications", __name__, description="通知 Notifications")


@blueprint.get("/inbox")
@requires_role(*EVERYONE)
@blueprint.arguments(PageIn, location="query")
@blueprint.response(200, InboxOut)
def list_inbox(query: dict[str, Any]) -> dict[str, Any]:
    """List your notifications, newest first."""
    account = caller().account

    def load_page(_filters: object, after: list[str] | None, size: int) -> Page:
        page_rows = read.inbox(connection(), account, UUID(after[0]) if after else None, size + 1)
        page = page_by_id(page_rows, size, read.arrived(connection(), account))
        return replace(page, rows=[_with_text(row) for row in page.rows])

    return paged(query, load_page) | {"unread": read.unread(connection(), account)}


def _with_text(row: dict[str, Any]) -> dict[str, Any]:
    text = notification_text.render(
        row["kind"], notification_text.STAFF, language(), case_no=row["case_no"], case_id=row["case_id"]
    )
    return row | {"subject": text.subject, "body": text.body}


@blueprint.post("/inbox/<uuid:notification_id>/read")
@requires_role(*EVERYONE)
@idempotent
@blueprint.response(200, MadeOut)
def mark_read(notification_id: UUID) -> dict[str, UUID]:
    """Mark one of your notifications as read; a second time changes nothing."""
    notification_actions.mark_read(connection(), notification_id, action_context())
    return {"id": notification_id}


@blueprint.post("/notifications/<uuid:notification_id>/resending")
@requires_role(Role.REGISTRAR, Role.ADMIN)
@idempotent
@blueprint.response(200, MadeOut)
def resend(notification_id: UUID) -> dict[str, UUID]:
    """Queue a failed notification again."""
    notification_actions.resend(connection(), notification_id, action_context())
    return {"id": notification_id}
