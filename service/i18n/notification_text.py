"""This module renders notifications from the catalogue, without personal data."""

from dataclasses import dataclass
from uuid import UUID

from service.i18n.catalogue import translate

TELL_FAMILY = "tell_family"
"""Kind of the notification that asks the registrar to inform a family without an address (actions/notify.py)."""

CASES = "/cases"
"""Path of the page of a case, before its id."""

FAMILY, STAFF = "family", "staff"


@dataclass(frozen=True, slots=True)
class Text:
    """Subject and body of a notification."""

    subject: str
    body: str


def render(
    kind: str,
    reader: str,
    lang: str,
    *,
    case_no: str | None,
    case_id: UUID | None,
    home: str = "",
    checkpoint: str | None = None,
) -> Text:
    """Return the text of one notification, without name, illness or amount (docs/design.md, "What always holds" 6).

    `reader` is FAMILY or STAFF. The link for staff to the case begins with `home`, the base URL of the pages; with an
    empty `home` it is a path. A letter with a `checkpoint` is about no case: `case_no` is the number of its anchor, and
    the note stands at its end as it is. Raises MissingTranslation.
    """
    number = case_no or "—"
    subject = translate(f"notifications.{kind}.{reader}.subject", lang, case_no=number)
    body = translate(f"notifications.{kind}.{reader}.body", lang, case_no=number)
    if checkpoint is not None:
        return Text(subject, translate("notifications.frame.checkpoint", lang, body=body, checkpoint=checkpoint))
    link = f"{home}{CASES}/{case_id}" if case_id else f"{home}/"
    return Text(subject, translate(f"notifications.frame.{reader}", lang, body=body, case_no=number, link=link))
