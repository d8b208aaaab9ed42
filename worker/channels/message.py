"""What a channel is given, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.config import MailServer


class DeliveryStatus(StrEnum):
    """What came of handing a notification over."""

    DELIVERED = "delivered"
    NOT_NOW = "not_now"
    """Try again later: nothing was taken, or nobody knows."""
    NEVER = "never"
    """Trying again would bring the same answer."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The fate of one attempt; `why` is a short code for the row and the log, and says nothing about anybody."""

    fate: DeliveryStatus
    why: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One notification, written and addressed."""

    notification_id: UUID
    address: str | None
    subject: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where mail is handed in, and who it says it is from; no `server` means that no notification leaves the house."""

    server: MailServer | None
    sender: str
