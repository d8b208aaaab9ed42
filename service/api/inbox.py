"""/inbox: what I must hear, in words; and letters that died, to be sent again."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service import letter_text
from service.actions import letters as letter_actions
from service.api.pages import paged
from service.auth import EVERYONE, needs
from service.errors import language
from service.queries import letters as read
from service.queries.page import Page, page_by_id
from service.request import asked, caller, tx
from service.schemas.fields import PageIn
from service.schemas.households import MadeOut
from service.schemas.offices import InboxOut
from workflows.terms import Role

inbox = Blueprint("inbox", __name__, description="收件箱 Inbox")


@inbox.get("/inbox")
@needs(*EVERYONE)
@inbox.arguments(PageIn, location="query")
@inbox.response(200, InboxOut)
def list_inbox(query: dict[str, Any]) -> dict[str, Any]:
    """Your letters, newest first."""
    account = caller().account

    def run(_filters: object, after: list[str] | None, size: int) -> Page:
        found = read.inbox(tx(), account, UUID(after[0]) if after else None, size + 1)
        page = page_by_id(found, size, read.arrived(tx(), account))
        return replace(page, rows=[_in_words(row) for row in page.rows])

    return paged(query, run) | {"unread": read.unread(tx(), account)}


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    text = letter_text.write(row["kind"], letter_text.STAFF, language(), case_no=row["case_no"], case_id=row["case_id"])
    return row | {"subject": text.subject, "body": text.body}


@inbox.post("/inbox/<uuid:letter_id>/read")
@needs(*EVERYONE)
@inbox.response(200, MadeOut)
def mark_read(letter_id: UUID) -> dict[str, UUID]:
    """Mark one of your letters as read; reading it again changes nothing."""
    letter_actions.mark_read(tx(), letter_id, asked())
    return {"id": letter_id}


@inbox.post("/letters/<uuid:letter_id>/resending")
@needs(Role.REGISTRAR, Role.ADMIN)
@inbox.response(200, MadeOut)
def resend(letter_id: UUID) -> dict[str, UUID]:
    """Have a letter that died sent again."""
    letter_actions.resend(tx(), letter_id, asked())
    return {"id": letter_id}
