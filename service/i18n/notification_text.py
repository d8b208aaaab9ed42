"""The text of a notification: subject and body from the catalogue, with a case number and a path, and nothing about anybody."""

from dataclasses import dataclass
from uuid import UUID

from service.i18n.catalogue import translate

TELL_FAMILY = "tell_family"
"""What the registrar gets in the family's stead when the family gave no address (actions/notify.py)."""

CASES = "/api/v1/cases"
"""Where a case is served."""

FAMILY, STAFF = "family", "staff"


@dataclass(frozen=True, slots=True)
class Text:
    """What a reader sees."""

    subject: str
    body: str


def render(kind: str, reader: str, lang: str, *, case_no: str | None, case_id: UUID | None, home: str = "") -> Text:
    """The text of one notification: no name, no illness, no amount (design, "What always holds" 6).

    `reader` is FAMILY or STAFF. Staff get a link to the case, which only they can open: under `home`, the address of the
    pages, or as a bare path where nobody said what it is. Raises NoWords.
    """
    number = case_no or "—"
    subject = translate(f"notifications.{kind}.{reader}.subject", lang, case_no=number)
    body = translate(f"notifications.{kind}.{reader}.body", lang, case_no=number)
    link = f"{home}{CASES}/{case_id}" if case_id else f"{home}/"
    return Text(subject, translate(f"notifications.frame.{reader}", lang, body=body, case_no=number, link=link))
