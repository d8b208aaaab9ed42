"""Letters as they are sent, read, sent again, and owed by the calendar."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from service.actions import trail
from service.actions.rows import Rows
from service.actions.trail import Asked, Unknown
from service.db import new_id
from service.queries import letters, reminders
from service.queries.reminders import Reminder
from service.tables.letters import letter
from service.tables.units import account
from workflows.terms import Plain, Reason, Refused, Role


def delivered(tx: sa.Connection, letter_id: UUID, at: datetime) -> None:
    """The letter is in the reader's inbox, or the mail server has taken it. The row is locked by the caller."""
    went = {"state": "delivered", "attempts": letter.c.attempts + 1, "delivered_at": at, "last_error": None}
    tx.execute(letter.update().where(letter.c.id == letter_id).values(**went))


def put_off(tx: sa.Connection, letter_id: UUID, until: datetime, why: str) -> None:
    """The letter did not go and is to be tried again from `until`. `why` says nothing about anybody."""
    _failed(tx, letter_id, "temporary_failure", why, until)


def given_up(tx: sa.Connection, letter_id: UUID, state: str, why: str) -> None:
    """The letter will not go: refused for good (`permanent_failure`), or tried for a day (`technical_failure`)."""
    _failed(tx, letter_id, state, why, None)


def _failed(tx: sa.Connection, letter_id: UUID, state: str, why: str, until: datetime | None) -> None:
    failed = {"state": state, "attempts": letter.c.attempts + 1, "last_error": why}
    tried = letter.update().where(letter.c.id == letter_id).values(**failed)
    tx.execute(tried if until is None else tried.values(not_before=until))


def mark_read(tx: sa.Connection, letter_id: UUID, asked: Asked) -> None:
    """The caller has read a letter in his inbox; reading it again changes nothing. Raises Unknown."""
    mine = sa.and_(letter.c.id == letter_id, letter.c.account_id == asked.caller.account, letter.c.channel == "inbox")
    first = sa.func.coalesce(letter.c.read_at, asked.at)
    if tx.execute(letter.update().where(mine, letter.c.state == "delivered").values(read_at=first)).rowcount == 0:
        raise Unknown


def resend(tx: sa.Connection, letter_id: UUID, asked: Asked) -> None:
    """Have a dead letter sent again, from its first attempt; its message id stays.

    For a registrar or an administrator of the case's unit. A case's version is the number of its last event, so what
    was done is written on the chain of the account that did it. Raises Unknown, and Refused when the letter lives.
    """
    found = letters.dead_one(tx, letter_id, asked.caller)
    if found is None:
        raise Unknown
    state, unit_path = found
    roles = (Role.REGISTRAR, Role.ADMIN)
    if not asked.caller.holds(roles, unit_path):
        raise Refused(Reason.of("role_missing", roles=[role.value for role in roles]))
    if state not in letters.DEAD:
        raise Refused(Reason.of("letter_not_dead", state=state))
    tx.execute(sa.select(account.c.id).where(account.c.id == asked.caller.account).with_for_update(key_share=True))
    trail.append(tx, "account", asked.caller.account, "resend_letter", {"letter": str(letter_id)}, asked)
    again = {"state": "created", "attempts": 0, "not_before": sa.func.now(), "last_error": None}
    tx.execute(letter.update().where(letter.c.id == letter_id).values(**again))


def remind(tx: sa.Connection, reminder: Reminder, asked: Asked) -> int:
    """Owe a reminder to the registrar of each case it has come due for; returns how many letters were owed.

    A reminder is no event of the case: a case's version is the number of its last event, and a reminder changes nothing
    about the case. It hangs on the case's latest event, and the outbox's unique key (event, kind, channel, reader) keeps
    it to once for each event; `reminders.owed` keeps it to once for each deadline. That it was owed stands on the chain
    of the clock's own account.
    """
    owed = [
        {"id": new_id(), "subject_id": each.id, "seq": each.version, "case_id": each.id, "kind": reminder.kind}
        | {"channel": channel, "account_id": each.account_id, "on": asked.today, "request": asked.request}
        | {"not_before": asked.at, "created_at": asked.at}
        for each in reminders.owed(tx, reminder, asked.today)
        for channel in (("inbox", "email") if each.mailed else ("inbox",))
    ]
    insert = pg.insert(letter).on_conflict_do_nothing().returning(letter.c.id)
    went = set(tx.scalars(insert, owed)) if owed else set()
    if not went:
        return 0
    rows = Rows()
    rows.there(letter, *(each for each in owed if each["id"] in went))
    facts: dict[str, Plain] = {"kind": reminder.kind, "letters": len(went)}
    trail.append(tx, "account", asked.caller.account, "remind", facts, asked, rows)
    return len(went)
