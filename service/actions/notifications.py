"""Notifications as they are sent, read, sent again, and owed by the calendar."""

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
    """The notification is in the reader's inbox, or the mail server has taken it. The row is locked by the caller."""
    went = {"state": "delivered", "attempts": notification.c.attempts + 1, "delivered_at": at, "last_error": None}
    conn.execute(notification.update().where(notification.c.id == notification_id).values(**went))


def postpone(conn: sa.Connection, notification_id: UUID, until: datetime, why: str) -> None:
    """The notification did not go and is to be tried again from `until`. `why` says nothing about anybody."""
    _failed(conn, notification_id, "temporary_failure", why, until)


def mark_failed(conn: sa.Connection, notification_id: UUID, state: str, why: str) -> None:
    """The notification will not go: refused for good (`permanent_failure`), or tried for a day (`technical_failure`)."""
    _failed(conn, notification_id, state, why, None)


def _failed(conn: sa.Connection, notification_id: UUID, state: str, why: str, until: datetime | None) -> None:
    failed = {"state": state, "attempts": notification.c.attempts + 1, "last_error": why}
    tried = notification.update().where(notification.c.id == notification_id).values(**failed)
    conn.execute(tried if until is None else tried.values(not_before=until))


def mark_read(conn: sa.Connection, notification_id: UUID, context: ActionContext) -> None:
    """The caller has read a notification in his inbox; reading it again changes nothing. Raises Unknown."""
    mine = sa.and_(
        notification.c.id == notification_id,
        notification.c.account_id == context.caller.account,
        notification.c.channel == "inbox",
    )
    first = sa.func.coalesce(notification.c.read_at, context.at)
    if (
        conn.execute(
            notification.update().where(mine, notification.c.state == "delivered").values(read_at=first)
        ).rowcount
        == 0
    ):
        raise NotFound


def resend(conn: sa.Connection, notification_id: UUID, context: ActionContext) -> None:
    """Have a dead notification sent again, from its first attempt; its message id stays.

    For a registrar or an administrator of the case's unit. A case's version is the number of its last event, so what
    was done is written on the chain of the account that did it. Raises Unknown, and Refused when the notification lives.
    """
    found = notifications.failed_one(conn, notification_id, context.caller)
    if found is None:
        raise NotFound
    state, unit_path = found
    roles = (Role.REGISTRAR, Role.ADMIN)
    if not context.caller.holds(roles, unit_path):
        raise Refused(Reason.of("role_missing", roles=[role.value for role in roles]))
    if state not in notifications.FAILED:
        raise Refused(Reason.of("notification_not_dead", state=state))
    conn.execute(sa.select(account.c.id).where(account.c.id == context.caller.account).with_for_update(key_share=True))
    event_log.append_event(
        conn, "account", context.caller.account, "resend_notification", {"notification": str(notification_id)}, context
    )
    again = {"state": "created", "attempts": 0, "not_before": sa.func.now(), "last_error": None}
    conn.execute(notification.update().where(notification.c.id == notification_id).values(**again))


def queue_reminder(conn: sa.Connection, reminder: Reminder, context: ActionContext) -> int:
    """Owe a reminder to the registrar of each case it has come due for; returns how many notifications were owed.

    A reminder is no event of the case: a case's version is the number of its last event, and a reminder changes nothing
    about the case. It hangs on the case's latest event, and the outbox's unique key (event, kind, channel, reader) keeps
    it to once for each event; `reminders.owed` keeps it to once for each deadline. That it was owed stands on the chain
    of the clock's own account.
    """
    owed = [
        {"id": new_id(), "subject_id": each.id, "seq": each.version, "case_id": each.id, "kind": reminder.kind}
        | {"channel": channel, "account_id": each.account_id, "on": context.today, "request": context.request}
        | {"not_before": context.at, "created_at": context.at}
        for each in reminders.due_reminders(conn, reminder, context.today)
        for channel in (("inbox", "email") if each.mailed else ("inbox",))
    ]
    insert = pg.insert(notification).on_conflict_do_nothing().returning(notification.c.id)
    went = set(conn.scalars(insert, owed)) if owed else set()
    if not went:
        return 0
    batch = WriteBatch()
    batch.note_inserted(notification, *(each for each in owed if each["id"] in went))
    facts: dict[str, Plain] = {"kind": reminder.kind, "notifications": len(went)}
    event_log.append_event(conn, "account", context.caller.account, "remind", facts, context, batch)
    return len(went)
