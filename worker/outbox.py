"""The sending of notifications: one notification, one transaction; the row is the promise, and whoever holds its lock sends it."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
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
"""How many notifications go in one message to a worker."""

SEND_SECONDS = timedelta(seconds=30)
"""How long a batch may go on starting notifications; what it leaves stays due."""

RETRY_WAITS = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 15, 60, *[60] * 22))
"""How long to wait after each failed attempt: at once, 1, 5, 15, 60 minutes, then each hour until a day is over."""


@dataclass(frozen=True)
class OutboxSender:
    """What a process that sends notifications holds; made after the process was forked and never handed to another."""

    engine: sa.Engine
    keyring: Keyring
    counter: MailSettings
    language: str
    home: str = ""
    """Where staff open the pages; notifications name bare paths where it is empty."""


def open_sender(settings: Settings) -> OutboxSender:
    """The post room of this process. Raises BadSetting when nobody said where the database is."""
    if settings.database_url is None:
        raise BadSetting("DATABASE_URL", "the post room needs a database", "`songnuan serve` names its own; or set it")
    keyring = installation_keyring(settings)
    counter = MailSettings(settings.mail, settings.mail_from)
    return OutboxSender(
        database.make_engine(settings.database_url, pool=2), keyring, counter, settings.language, settings.public_url
    )


def due(room: OutboxSender, now: datetime, limit: int) -> list[DueNotification]:
    """The notifications that may go now."""
    with room.engine.connect() as conn:
        return notifications.due_notifications(conn, now, limit)


def send_all(room: OutboxSender, ids: Iterable[UUID], clock: Callable[[], datetime]) -> Tally[DeliveryStatus]:
    """Send each notification that is still due, for at most BUDGET. A database that is gone ends it; the rest stays due."""
    fates: Tally[DeliveryStatus] = Tally()
    end = clock() + SEND_SECONDS
    for notification_id in ids:
        now = clock()
        if now >= end:
            break
        fate = send_one(room, notification_id, now)
        if fate is not None:
            fates[fate] += 1
    return fates


def send_one(room: OutboxSender, notification_id: UUID, now: datetime) -> DeliveryStatus | None:
    """Send one notification if it is due and in nobody's hands; None when there was nothing to do.

    The row is locked from before the notification leaves until its fate is written, in one transaction. So nobody else can
    hold the same notification meanwhile, a process that is killed gives the notification back at once (the database drops its
    lock), and no state has to be cleared up by hand; a state `sending`, committed first, would need all three. The
    price is a database connection that waits for the mail server, at most mail.LONGEST; the database itself ends a
    transaction that is idle for a minute. A notification is sent again only if it was handed over and its fate could not be
    written, or the server was cut off before it answered: then with the same Message-ID.
    """
    with room.engine.begin() as conn:
        owed = notifications.claim_notification(conn, notification_id, now)
        if owed is None:
            return None
        handed = _record_gift(room, owed, now)
        _record(conn, owed, handed, now)
    named = {"notification": str(owed.id), "kind": owed.kind, "channel": owed.channel, "request": owed.request}
    logs.log_event("notification", **named, attempt=owed.attempts + 1, fate=handed.fate.value, why=handed.why)
    return handed.fate


def _record_gift(room: OutboxSender, owed: ClaimedNotification, now: datetime) -> DeliveryResult:
    """Write, address and carry; a fault of ours puts the notification off, so that it never stops the notifications after it."""
    try:
        return CHANNELS[owed.channel](_message(room, owed, now), room.counter)
    except (MissingTranslation, DecryptionError) as fault:
        return DeliveryResult(DeliveryStatus.NOT_NOW, type(fault).__name__)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the row must say that it happened
        logs.log_event(
            "notification_fault",
            "error",
            notification=str(owed.id),
            request=owed.request,
            fault=logs.describe_exception(fault),
        )
        return DeliveryResult(DeliveryStatus.NOT_NOW, type(fault).__name__)


def _message(room: OutboxSender, owed: ClaimedNotification, now: datetime) -> OutgoingMessage:
    reader = notification_text.FAMILY if owed.person_id else notification_text.STAFF
    case_no, case_id = owed.case_no, owed.case_id
    text = notification_text.render(owed.kind, reader, room.language, case_no=case_no, case_id=case_id, home=room.home)
    return OutgoingMessage(owed.id, _address(room, owed), text.subject, text.body, now)


def _address(room: OutboxSender, owed: ClaimedNotification) -> str | None:
    if owed.person_id is None or owed.person_email is None:
        return owed.account_email
    return decrypt_field(room.keyring, "person.email", owed.person_id, owed.person_email)


def _record(conn: sa.Connection, owed: ClaimedNotification, handed: DeliveryResult, now: datetime) -> None:
    wait = wait_after(owed.attempts + 1)
    if handed.fate is DeliveryStatus.DELIVERED:
        mark_delivered(conn, owed.id, now)
    elif handed.fate is DeliveryStatus.NEVER:
        mark_failed(conn, owed.id, "permanent_failure", handed.why)
    elif wait is None:
        mark_failed(conn, owed.id, "technical_failure", handed.why)
    else:
        postpone(conn, owed.id, now + wait, handed.why)


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after the attempt numbered `attempts` has failed; None when a day has been tried."""
    return RETRY_WAITS[attempts - 1] if attempts <= len(RETRY_WAITS) else None
