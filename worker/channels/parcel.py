"""What a channel is given, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.config import MailServer


class Fate(StrEnum):
    """What came of handing a letter over."""

    DELIVERED = "delivered"
    NOT_NOW = "not_now"
    """Try again later: nothing was taken, or nobody knows."""
    NEVER = "never"
    """Trying again would bring the same answer."""


@dataclass(frozen=True, slots=True)
class Handed:
    """The fate of one attempt; `why` is a short code for the row and the log, and says nothing about anybody."""

    fate: Fate
    why: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One letter, written and addressed."""

    letter_id: UUID
    address: str | None
    subject: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Counter:
    """Where mail is handed in, and who it says it is from; no `server` means that no letter leaves the house."""

    server: MailServer | None
    sender: str
