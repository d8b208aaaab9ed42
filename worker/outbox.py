"""The outbox sends each due notification in its own transaction."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.notifications import mark_delivered, mark_failed, postpone
from service.config import BadSetting, Settings
from service.crypto.encryption import DecryptionError, Keyring, decrypt_field, installation_keyring
from service.db import engine as database
from service.i18n import notification_text
from service.i18n.catalogue import MissingTranslation
from service.observability import logs
from service.queries import notifications
from service.queries.notifications import ClaimedNotification, DueNotification
from worker.channels import CHANNELS
from worker.channels.message import DeliveryResult, DeliveryStatus, MailSettings, OutgoingMessage

SEND_BATCH_SIZE = 100
"""The number of notifications in one message to a worker."""

SEND_SECONDS = timedelta(seconds=30)
"""How long a batch may start new deliveries; the rest stays due."""

RETRY_WAITS = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 15, 60, *[60] * 22))
"""The wait after each failed attempt: 0, 1, 5, 15, 60 minutes, then an hour each time, for about a day in all."""


@dataclass(frozen=True)
class OutboxSender:
    """The database, keys and settings of a process that sends notifications; created after the fork, never shared."""

    engine: sa.Engine
    keyring: Keyring
    mail: MailSettings
    language: str
    home: str = ""
    """The address of the pages, for links to staff; when empty, notifications have paths only."""


def open_sender(settings: Settings) -> OutboxSender:
    """Return the sender of this process. Raises BadSetting when DATABASE_URL is not set."""
    if settings.database_url is None:
        raise BadSetting(
            "DATABASE_URL", "the worker needs a database", "Set it, or run `songnuan serve`, which starts its own"
        )
    keyring = installation_keyring(settings)
    mail_settings = MailSettings(settings.mail, settings.mail_from)
    return OutboxSender(
        database.make_engine(settings.database_url, pool=2),
        keyring,
        mail_settings,
        settings.language,
        settings.public_url,
    )


def due(sender: OutboxSender, now: datetime, limit: int) -> list[DueNotification]:
    """Return at most `limit` notifications that may be sent now."""
    with sender.engine.connect() as conn:
        return notifications.due_notifications(conn, now, limit)


def send_all(sender: OutboxSender, ids: Iterable[UUID], clock: Callable[[], datetime]) -> Counter[DeliveryStatus]:
    """Send each notification that is still due, starting none after SEND_SECONDS, and count the outcomes.

    Raises DBAPIError when the database is lost; the rest stays due.
    """
    outcomes: Counter[DeliveryStatus] = Counter()
    end = clock() + SEND_SECONDS
    for notification_id in ids:
        now = clock()
        if now >= end:
            break
        fate = send_one(sender, notification_id, now)
        if fate is not None:
            outcomes[fate] += 1
    return outcomes


def send_one(sender: OutboxSender, notification_id: UUID, now: datetime) -> DeliveryStatus | None:
    """Send one notification if it is due and no other process has locked it. Returns None when there was nothing to do.

    A notification is sent again only when its outcome could not be written, or when the connection to the mail server
    broke before the answer: then with the same Message-ID.
    """
    # The row stays locked from before the delivery until its outcome is written, in one transaction. No other process
    # can send it meanwhile; when this process is killed, the database drops the lock and the row is due again. A
    # committed state `sending` would need a clean-up for both. The price: the database connection waits for the mail
    # server, at most mail.DELIVERY_TIMEOUT. PostgreSQL ends a transaction that is idle for 60 s (service/db/engine.py).
    with sender.engine.begin() as conn:
        claimed = notifications.claim_notification(conn, notification_id, now)
        if claimed is None:
            return None
        result = _deliver(sender, claimed, now)
        _record_result(conn, claimed, result, now)
    facts = {
        "notification": str(claimed.id),
        "kind": claimed.kind,
        "channel": claimed.channel,
        "request": claimed.request,
    }
    logs.log_event("notification", **facts, attempt=claimed.attempts + 1, fate=result.fate.value, why=result.why)
    return result.fate


def _deliver(sender: OutboxSender, claimed: ClaimedNotification, now: datetime) -> DeliveryResult:
    """Compose and send one notification; an error of ours postpones it and does not stop the next ones."""
    try:
        return CHANNELS[claimed.channel](_message(sender, claimed, now), sender.mail)
    except (MissingTranslation, DecryptionError) as fault:
        return DeliveryResult(DeliveryStatus.NOT_NOW, type(fault).__name__)
    except Exception as fault:  # noqa: BLE001 - the row must record any error
        logs.log_event(
            "notification_fault",
            "error",
            notification=str(claimed.id),
            request=claimed.request,
            fault=logs.describe_exception(fault),
        )
        return DeliveryResult(DeliveryStatus.NOT_NOW, type(fault).__name__)


def _message(sender: OutboxSender, claimed: ClaimedNotification, now: datetime) -> OutgoingMessage:
    reader = notification_text.FAMILY if claimed.person_id else notification_text.STAFF
    number = claimed.case_no if claimed.anchor_no is None else str(claimed.anchor_no)
    about: dict[str, Any] = {"case_no": number, "case_id": claimed.case_id, "checkpoint": claimed.checkpoint}
    text = notification_text.render(claimed.kind, reader, sender.language, home=sender.home, **about)
    return OutgoingMessage(claimed.id, _address(sender, claimed), text.subject, text.body, now)


def _address(sender: OutboxSender, claimed: ClaimedNotification) -> str | None:
    if claimed.person_id is None or claimed.person_email is None:
        return claimed.account_email
    return decrypt_field(sender.keyring, "person.email", claimed.person_id, claimed.person_email)


def _record_result(conn: sa.Connection, claimed: ClaimedNotification, result: DeliveryResult, now: datetime) -> None:
    wait = wait_after(claimed.attempts + 1)
    if result.fate is DeliveryStatus.DELIVERED:
        mark_delivered(conn, claimed.id, now)
    elif result.fate is DeliveryStatus.NEVER:
        mark_failed(conn, claimed.id, "permanent_failure", result.why)
    elif wait is None:
        mark_failed(conn, claimed.id, "technical_failure", result.why)
    else:
        postpone(conn, claimed.id, now + wait, result.why)


def wait_after(attempts: int) -> timedelta | None:
    """Return the wait after failed attempt number `attempts`, or None after the 28th, which is the last."""
    return RETRY_WAITS[attempts - 1] if attempts <= len(RETRY_WAITS) else None
