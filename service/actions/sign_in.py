"""Signing in with a browser: password, second factor, session (docs/decisions/0035)."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, one_time_codes
from service.actions.accounts import lock_account
from service.actions.confirmation_notices import CHANGED, notices
from service.actions.context import ActionContext, BrowserRequest, Moment
from service.actions.failed_sign_ins import context_of, failure, is_locked, lock_count, unknown
from service.actions.sessions import end_session
from service.actions.write_batch import WriteBatch
from service.crypto.passwords import is_password
from service.db.columns import new_id
from service.queries import credentials as read
from service.queries.scope import Caller
from service.queries.sessions import ABSOLUTE, IDLE, Attempt, live
from service.tables.credentials import sign_in_count
from service.tables.sessions import session, sign_in_attempt
from workflows.powers import SECOND_FACTOR
from workflows.vocabulary import Plain, Reason

ATTEMPT_LIVES = timedelta(minutes=10)
MAX_SESSIONS = 3
BY_RECOVERY_CODE = "password+recovery"
"""The way to sign in of which the owner is told: somebody else may have found a code."""


@dataclass(frozen=True, slots=True)
class NewCookie:
    """A row of an attempt or a session, with the token that its cookie holds: shown only here."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Continued:
    """An attempt that goes on with the second factor, and the new token of its cookie."""

    token: str


def token_hash(token: str) -> bytes:
    """Return what is stored of the token in a cookie."""
    return sha256(token.encode()).digest()


def begin_attempt(conn: sa.Connection, next_path: str | None, browser: BrowserRequest) -> NewCookie:
    """Add an attempt to sign in, which lives for ten minutes."""
    attempt_id, token = new_id(), secrets.token_urlsafe(32)
    dates = {"created_at": browser.at, "ends_at": browser.at + ATTEMPT_LIVES}
    columns = {"token_hash": token_hash(token), "csrf_token": secrets.token_urlsafe(24), "network": browser.network}
    conn.execute(sa.insert(sign_in_attempt).values(id=attempt_id, next_path=next_path, **columns, **dates))
    return NewCookie(attempt_id, token)


def enter_password(
    conn: sa.Connection,
    attempt: Attempt,
    login: str,
    password: str,
    browser: BrowserRequest,
    moment: Moment,
    *,
    second_factor: bool = True,
) -> NewCookie | Continued:
    """Return the new session, or the continued attempt where the account has a second factor, asked for next.

    Raises RecordedRefusal (sign_in_wrong): the same for an unknown login, a wrong password and a locked account.
    """
    known = read.sign_in_facts(conn, login)
    right = is_password(known.password_hash if known else None, password)
    if known is None:
        raise unknown("sign_in_wrong")
    if not right or is_locked(known.locked_until, browser.at):
        raise failure(known.account_id, "password", Reason.of("sign_in_wrong"), browser, moment)
    if second_factor and known.has_second_factor:
        return ask_second_factor(conn, attempt, known.account_id)
    return finish(conn, attempt, known.account_id, "password", None, browser, moment)


def ask_second_factor(conn: sa.Connection, attempt: Attempt, account_id: UUID) -> Continued:
    """Note in the attempt whose first proof was right, and give it a new token: an older cookie leads nowhere."""
    token = secrets.token_urlsafe(32)
    news = {"token_hash": token_hash(token), "csrf_token": secrets.token_urlsafe(24)}
    conn.execute(_of(attempt).values(account_id=account_id, challenge=None, **news))
    return Continued(token)


def enter_code(conn: sa.Connection, attempt: Attempt, code: str, browser: BrowserRequest, moment: Moment) -> NewCookie:
    """Return the new session of an attempt whose password was right, for a one-time code or a recovery code.

    Raises RecordedRefusal (code_wrong) for a wrong, used or locked one.
    """
    account_id = attempt.account_id
    if account_id is None:
        raise unknown("sign_in_wrong")
    batch = WriteBatch()
    if is_locked(lock_count(conn, account_id).locked_until, browser.at):
        raise failure(account_id, "code", Reason.of("code_wrong", field="code"), browser, moment)
    method = one_time_codes.use_code(conn, account_id, code, browser.at, moment.keyring, batch)
    if method is None:
        raise failure(account_id, "code", Reason.of("code_wrong", field="code"), browser, moment)
    return finish(conn, attempt, account_id, f"password+{method}", browser.at, browser, moment, batch)


def _of(attempt: Attempt) -> sa.Update:
    return sa.update(sign_in_attempt).where(sign_in_attempt.c.id == attempt.id)


def finish(
    conn: sa.Connection,
    attempt: Attempt,
    account_id: UUID,
    method: str,
    proved_at: datetime | None,
    browser: BrowserRequest,
    moment: Moment,
    batch: WriteBatch | None = None,
) -> NewCookie:
    """Return the new session of an attempt that has been proved. Raises RecordedRefusal for an account that has ended."""
    context = context_of(conn, account_id, moment)
    if context is None:
        raise unknown("sign_in_wrong")
    conn.execute(_of(attempt).values(account_id=account_id, done_at=browser.at))
    conn.execute(sa.update(sign_in_count).where(sign_in_count.c.account_id == account_id).values(failed=0))
    return start_session(conn, method, proved_at, browser, context, batch)


def start_session(
    conn: sa.Connection,
    method: str,
    proved_at: datetime | None,
    browser: BrowserRequest,
    context: ActionContext,
    batch: WriteBatch | None = None,
) -> NewCookie:
    """Start a session of the context's account; end that of the same browser, and its oldest where it has three already."""
    account_id = context.caller.account
    _end_replaced(conn, browser, context)
    lock_account(conn, account_id)
    batch, ended = batch or WriteBatch(), _end_oldest(conn, account_id, browser.at)
    for each in ended:
        batch.change(session, {"id": each, "ended_at": browser.at})
    session_id, token = new_id(), secrets.token_urlsafe(32)
    secrets_of_it = {"token_hash": token_hash(token), "csrf_token": secrets.token_urlsafe(24)}
    dates = {
        "created_at": browser.at,
        "ends_at": browser.at + ABSOLUTE,
        "last_seen_at": browser.at,
        "proved_at": proved_at,
    }
    columns = {"account_id": account_id, "label": browser.label, "network": browser.network}
    batch.add(session, {"id": session_id, **columns, **secrets_of_it, **dates})
    facts: dict[str, Plain] = {"session": str(session_id), "method": method, "network": browser.network}
    facts |= {"ended": [str(each) for each in ended]} if ended else {}
    told = notices(conn, CHANGED, [account_id], context) if method == BY_RECOVERY_CODE else []
    event_log.append_event(conn, "account", account_id, "sign_in", facts, context, batch, told=told)
    return NewCookie(session_id, token)


def _end_replaced(conn: sa.Connection, browser: BrowserRequest, context: ActionContext) -> None:
    """End the live session that the browser brings, of whichever account: its cookie is overwritten, a copy must not live on."""
    if browser.session_hash is None:
        return
    brought = sa.and_(session.c.token_hash == browser.session_hash, live(browser.at, browser.at - IDLE))
    row = conn.execute(sa.select(session.c.id, session.c.account_id).where(brought)).one_or_none()
    moment = Moment(context.at, context.today, context.keyring, context.request, context.clock)
    own = context_of(conn, row.account_id, moment) if row is not None else None
    if row is not None and own is not None:
        end_session(conn, row.id, "end_session", browser.at, own)


def _end_oldest(conn: sa.Connection, account_id: UUID, at: datetime) -> list[UUID]:
    """Return the sessions to end, so that with the new one there are no more than three."""
    alive = sa.select(session.c.id).where(session.c.account_id == account_id, live(at, at - IDLE))
    newest_first = list(conn.scalars(alive.order_by(session.c.created_at.desc(), session.c.id)))
    return newest_first[MAX_SESSIONS - 1 :]


def active_in_browser(caller: Caller, *, is_proved: bool) -> Caller:
    """Return the caller without the roles that need a second factor, where the session has shown none."""
    if is_proved:
        return caller
    return replace(caller, held=tuple(held for held in caller.held if held.role not in SECOND_FACTOR))
