"""Failed sign-ins are counted; the fifth in a row locks an account for a quarter of an hour."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.actions import event_log
from service.actions.confirmation_notices import CHANGED, notices
from service.actions.context import ActionContext, BrowserRequest, Moment
from service.actions.errors import RecordedRefusal
from service.queries import accounts
from service.tables.credentials import sign_in_count
from workflows.vocabulary import Plain, Reason, Refused

MAX_FAILURES = 5
LOCK = timedelta(minutes=15)


def is_locked(until: datetime | None, at: datetime) -> bool:
    """Return whether a lock that ends at `until` holds at an instant."""
    return until is not None and until > at


def unknown(code: str) -> RecordedRefusal:
    """Return the refusal of somebody who is not known: it leaves only its attempt."""
    return RecordedRefusal(Reason.of(code), record=_nothing)


def _nothing(_conn: sa.Connection) -> None:
    """Record nothing."""


def failure(account_id: UUID, how: str, reason: Reason, browser: BrowserRequest, moment: Moment) -> RecordedRefusal:
    """Return the refusal of a wrong password or code, which is counted and recorded after the rollback."""
    record = partial(record_failure, account_id=account_id, how=how, browser=browser, moment=moment)
    return RecordedRefusal(reason, record=record)


def own_failure(context: ActionContext, how: str, reason: Reason) -> Refused:
    """Return the refusal of what a signed-in person showed; from a browser it counts like a failed sign-in."""
    if context.browser is None:
        return Refused(reason)
    moment = Moment(context.at, context.today, context.keyring, context.request, context.clock)
    return failure(context.caller.account, how, reason, context.browser, moment)


def is_locked_now(conn: sa.Connection, context: ActionContext) -> bool:
    """Return whether the caller's account is locked; locks its counters."""
    locked_until = lock_count(conn, context.caller.account).locked_until
    return context.browser is not None and is_locked(locked_until, context.browser.at)


def record_failure(conn: sa.Connection, account_id: UUID, how: str, browser: BrowserRequest, moment: Moment) -> None:
    """Count a failure; the fifth locks the account for a quarter of an hour. Nothing is counted during a lock."""
    count = lock_count(conn, account_id)
    context = context_of(conn, account_id, moment)
    if context is None or is_locked(count.locked_until, browser.at):
        return
    is_last = count.failed + 1 >= MAX_FAILURES
    news = {"failed": 0 if is_last else count.failed + 1, "locked_until": browser.at + LOCK if is_last else None}
    conn.execute(sa.update(sign_in_count).where(sign_in_count.c.account_id == account_id).values(news))
    facts: dict[str, Plain] = {"how": how, "network": browser.network, "locked": is_last}
    told = notices(conn, CHANGED, [account_id], context) if is_last else []
    event_log.append_event(conn, "account", account_id, "sign_in_failed", facts, context, told=told)


def record_wrong_key(conn: sa.Connection, account_id: UUID, browser: BrowserRequest, moment: Moment) -> None:
    """Record that a passkey of an account did not sign: it is not counted, because nobody can guess a passkey."""
    context = context_of(conn, account_id, moment)
    if context is not None:
        facts: dict[str, Plain] = {"how": "passkey", "network": browser.network, "locked": False}
        event_log.append_event(conn, "account", account_id, "sign_in_failed", facts, context)


def lock_count(conn: sa.Connection, account_id: UUID) -> Any:
    """Lock the counters of an account, and return failures, end of the lock and last time step."""
    conn.execute(insert(sign_in_count).values(account_id=account_id).on_conflict_do_nothing())
    columns = sa.select(sign_in_count.c.failed, sign_in_count.c.locked_until, sign_in_count.c.totp_step)
    return conn.execute(columns.where(sign_in_count.c.account_id == account_id).with_for_update(key_share=True)).one()


def context_of(conn: sa.Connection, account_id: UUID, moment: Moment) -> ActionContext | None:
    """Return the context in which an account acts on itself; None for an account that has ended."""
    caller = accounts.caller_by_id(conn, account_id, moment.today)
    if caller is None:
        return None
    return ActionContext(caller, moment.at, moment.today, moment.keyring, request=moment.request, clock=moment.clock)
