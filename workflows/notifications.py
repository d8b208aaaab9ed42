"""Notification kinds are rows that name their audiences.

Their text is in the message catalogue under `notifications.<kind>`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """The recipients of a notification. A family without an e-mail address is informed by its registrar."""

    FAMILY = "family"
    REGISTRAR = "registrar"
    REVIEWERS = "reviewers"
    NEXT_APPROVERS = "next_approvers"
    CASHIERS = "cashiers"
    STAFF = "staff"
    NAMED = "named"
    """The people that a confirmation or an account is about (service/actions/confirmation_notices.py)."""
    AUDITORS = "auditors"


@dataclass(frozen=True, slots=True)
class NotificationKind:
    """One kind of notification and its audiences."""

    kind: str
    to: tuple[Audience, ...]


CHECKPOINT = NotificationKind("checkpoint", (Audience.AUDITORS,))
"""The day's checkpoint of the event log, which the anchor sends and no step."""

_ROWS = (
    CHECKPOINT,
    NotificationKind("returned", (Audience.REGISTRAR,)),
    NotificationKind("notice_posted", (Audience.FAMILY, Audience.REGISTRAR)),
    NotificationKind("objection_raised", (Audience.REVIEWERS,)),
    NotificationKind("objection_answered", (Audience.REGISTRAR,)),
    NotificationKind("approval_due", (Audience.NEXT_APPROVERS,)),
    NotificationKind("approved", (Audience.FAMILY, Audience.CASHIERS)),
    NotificationKind("declined", (Audience.FAMILY, Audience.REGISTRAR)),
    NotificationKind("withdrawn", (Audience.REGISTRAR,)),
    NotificationKind("advice_due", (Audience.CASHIERS,)),
    NotificationKind("paid", (Audience.FAMILY, Audience.REGISTRAR)),
    NotificationKind("payment_returned", (Audience.REGISTRAR,)),
    NotificationKind("recall", (Audience.FAMILY, Audience.REGISTRAR)),
    NotificationKind("recovered", (Audience.REGISTRAR,)),
    NotificationKind("overdue", (Audience.STAFF,)),
    NotificationKind("follow_up_due", (Audience.REGISTRAR,)),
    NotificationKind("hold_over", (Audience.REGISTRAR,)),
    NotificationKind("confirmation_due", (Audience.NAMED,)),
    NotificationKind("confirmation_ended", (Audience.NAMED,)),
    NotificationKind("account_changed", (Audience.NAMED,)),
)

NOTIFICATIONS: Mapping[str, NotificationKind] = {notification.kind: notification for notification in _ROWS}
