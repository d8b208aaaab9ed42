"""The text of a letter: subject and body from the catalogue, with a case number and a path, and nothing about anybody."""

from dataclasses import dataclass
from uuid import UUID

from service.words import say

TELL_FAMILY = "tell_family"
"""What the registrar gets in the family's stead when the family gave no address (actions/post.py)."""

CASES = "/api/v1/cases"
"""Where a case is served."""

FAMILY, STAFF = "family", "staff"


@dataclass(frozen=True, slots=True)
class Text:
    """What a reader sees."""

    subject: str
    body: str


def write(kind: str, reader: str, lang: str, *, case_no: str | None, case_id: UUID | None, home: str = "") -> Text:
    """The text of one letter: no name, no illness, no amount (design, "What always holds" 6).

    `reader` is FAMILY or STAFF. Staff get a link to the case, which only they can open: under `home`, the address of the
    pages, or as a bare path where nobody said what it is. Raises NoWords.
    """
    number = case_no or "—"
    subject = say(f"letters.{kind}.{reader}.subject", lang, case_no=number)
    body = say(f"letters.{kind}.{reader}.body", lang, case_no=number)
    link = f"{home}{CASES}/{case_id}" if case_id else f"{home}/"
    return Text(subject, say(f"letters.frame.{reader}", lang, body=body, case_no=number, link=link))
