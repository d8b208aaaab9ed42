"""Delivery results of notifications, reading and resending them, and due reminders."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from service.actions import event_log
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import notifications, reminders
from service.queries.reminders import Reminder
from service.tables.accounts import account
from service.tables.notifications import notification
from workflows.vocabulary import Plain, Reason, Refused, Role


def mark_delivered(conn: sa.Connection, notification_id: UUID, at: datetime) -> None:
    """Mark a notification as delivered: it is in the inbox, or the mail server has accepted it.

    The caller holds the row's lock.
    """
    delivery = {"state": "delivered", "attempts": notification.c.attempts + 1, "delivered_at": at, "last_error": None}
    conn.execute(notification.update().where(notification.c.id == notification_id).values(**delivery))


def postpone(conn: sa.Connection, notification_id: UUID, until: datetime, why: str) -> None:
    """Record a failed attempt; the next one is due at `until`. `why` names no person."""
    _record_failure(conn, notification_id, "temporary_failure", why, until)


def mark_failed(conn: sa.Connection, notification_id: UUID, state: str, why: str) -> None:
    """Mark a notification as failed: refused (`permanent_failure`), or tried for a day (`technical_failure`)."""
    _record_failure(conn, notification_id, state, why, None)


def _record_failure(conn: sa.Connection, notification_id: UUID, state: str, why: str, until: datetime | None) -> None:
    failure = {"state": state, "attempts": notification.c.attempts + 1, "last_error": why}
    update = notification.update().where(notification.c.id == notification_id).values(**failure)
    conn.execute(update if until is None else update.values(not_before=until))


def mark_read(conn: sa.Connection, notification_id: UUID, context: ActionContext) -> None:
    """Mark a notification in the caller's inbox as read; the first time stays. Raises NotFound."""
    in_own_inbox = sa.and_(
        notification.c.id == notification_id,
        notification.c.account_id == context.caller.account,
        notification.c.channel == "inbox",
    )
    first_read = sa.func.coalesce(notification.c.read_at, context.at)
    if (
        conn.execute(
            notification.update().where(in_own_inbox, notification.c.state == "delivered").values(read_at=first_read)
        ).rowcount
        == 0
    ):
        raise NotFound


def resend(conn: sa.Connection, notification_id: UUID, context: ActionContext) -> None:
    """Queue a failed notification again from its first attempt; its message id stays.

    For a registrar or an administrator of the case's unit. Raises NotFound, Refused (role_missing,
    notification_not_dead).
    """
    failed_notification = notifications.failed_one(conn, notification_id, context.caller)
    if failed_notification is None:
        raise NotFound
    state, unit_path = failed_notification
    roles = (Role.REGISTRAR, Role.ADMIN)
    if not context.caller.holds(roles, unit_path):
        raise Refused(Reason.of("role_missing", roles=[role.value for role in roles]))
    if state not in notifications.FAILED:
        raise Refused(Reason.of("notification_not_dead", state=state))
    # A case's version is the number of its last event, so the event goes to the chain of the caller's account.
    conn.execute(sa.select(account.c.id).where(account.c.id == context.caller.account).with_for_update(key_share=True))
    event_log.append_event(
        conn, "account", context.caller.account, "resend_notification", {"notification": str(notification_id)}, context
    )
    requeued = {"state": "created", "attempts": 0, "not_before": sa.func.now(), "last_error": None}
    conn.execute(notification.update().where(notification.c.id == notification_id).values(**requeued))


def queue_reminder(conn: sa.Connection, reminder: Reminder, context: ActionContext) -> int:
    """Queue a reminder to the registrar of each case it is due for; return how many notifications were queued.

    It refers to the case's latest event. The outbox's unique key (event, kind, channel, reader) allows one for each
    event, due_reminders one for each deadline. The event is on the chain of the scheduler's account.
    """
    rows = [
        {
            "id": new_id(),
            "subject_id": due_case.id,
            "seq": due_case.version,
            "case_id": due_case.id,
            "kind": reminder.kind,
        }
        | {"channel": channel, "account_id": due_case.account_id, "on": context.today, "request": context.request}
        | {"not_before": context.at, "created_at": context.at}
        for due_case in reminders.due_reminders(conn, reminder, context.today)
        for channel in (("inbox", "email") if due_case.mailed else ("inbox",))
    ]
    insert = pg.insert(notification).on_conflict_do_nothing().returning(notification.c.id)
    inserted_ids = set(conn.scalars(insert, rows)) if rows else set()
    if not inserted_ids:
        return 0
    batch = WriteBatch()
    # A reminder changes nothing about the case, and an event of the case would change its version.
    batch.note_inserted(notification, *(row for row in rows if row["id"] in inserted_ids))
    facts: dict[str, Plain] = {"kind": reminder.kind, "notifications": len(inserted_ids)}
    event_log.append_event(conn, "account", context.caller.account, "remind", facts, context, batch)
    return len(inserted_ids)
