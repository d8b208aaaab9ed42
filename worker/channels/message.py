"""Messages, settings and results of delivery channels."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.config import MailServer


class DeliveryStatus(StrEnum):
    """The outcome of one delivery attempt."""

    DELIVERED = "delivered"
    NOT_NOW = "not_now"
    """Try again later: the message was not accepted, or the answer is unknown."""
    NEVER = "never"
    """Do not try again: the answer would be the same."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The outcome of one attempt; `why` is a short code for the row and the log, without personal data."""

    fate: DeliveryStatus
    why: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One notification with its text and address; `address` is None when the reader has none."""

    notification_id: UUID
    address: str | None
    subject: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The SMTP server and the sender's address; `server=None` turns e-mail off."""

    server: MailServer | None
    sender: str
