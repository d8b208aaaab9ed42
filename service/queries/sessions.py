"""Sessions of browsers: the live one of a cookie, and those of an account."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.accounts import caller_of, select_account
from service.queries.credentials import has_second_factor
from service.queries.scope import Caller
from service.tables.accounts import account
from service.tables.sessions import session, sign_in_attempt

IDLE = timedelta(minutes=30)
"""How long a session lives without a request."""

ABSOLUTE = timedelta(hours=12)
"""How long a session lives at most."""

_AT = sa.bindparam("at", type_=sa.DateTime(timezone=True))
_SEEN_AFTER = sa.bindparam("seen_after", type_=sa.DateTime(timezone=True))


def live(at: sa.ColumnElement[datetime] | datetime, seen_after: sa.ColumnElement[datetime] | datetime) -> Any:
    """Return the condition for sessions that live at an instant."""
    return sa.and_(session.c.ended_at.is_(None), session.c.ends_at > at, session.c.last_seen_at > seen_after)


_BY_TOKEN = PreparedStatement(
    select_account()
    .join(session, session.c.account_id == account.c.id)
    .add_columns(session.c.id.label("session_id"), session.c.csrf_token, session.c.last_seen_at, session.c.ends_at)
    .add_columns(session.c.proved_at, session.c.challenge, has_second_factor(account.c.id).label("has_second_factor"))
    .where(session.c.token_hash == sa.bindparam("hash", type_=sa.LargeBinary()), live(_AT, _SEEN_AFTER))
)


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A live session with its account and the account's grants of the day."""

    id: UUID
    caller: Caller
    csrf_token: str
    last_seen_at: datetime
    ends_at: datetime
    proved_at: datetime | None
    challenge: bytes | None
    has_second_factor: bool


def by_token(conn: sa.Connection, token_hash: bytes, at: datetime, on: date) -> LiveSession | None:
    """Return the session whose token has this SHA-256 and that lives at `at`; grants are those of the day `on`."""
    rows = _BY_TOKEN.rows(conn, {"hash": token_hash, "at": at, "seen_after": at - IDLE, "on": on})
    caller = caller_of(rows)
    if caller is None:
        return None
    row = rows[0]
    return LiveSession(
        row.session_id,
        caller,
        row.csrf_token,
        row.last_seen_at,
        row.ends_at,
        row.proved_at,
        bytes(row.challenge) if row.challenge is not None else None,
        row.has_second_factor,
    )


def sessions_of(conn: sa.Connection, account_id: UUID, at: datetime) -> list[dict[str, Any]]:
    """Return the live sessions of an account, newest first."""
    columns = (session.c.id, session.c.label, session.c.network, session.c.created_at, session.c.last_seen_at)
    rows = sa.select(*columns, session.c.ends_at).where(session.c.account_id == account_id, live(at, at - IDLE))
    return [dict(row) for row in conn.execute(rows.order_by(session.c.created_at.desc(), session.c.id)).mappings()]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A browser that is signing in; `account_id` once its password was right."""

    id: UUID
    csrf_token: str
    account_id: UUID | None
    network: str
    next_path: str | None
    challenge: bytes | None
    state: str | None


def attempt_by_token(conn: sa.Connection, token_hash: bytes, at: datetime) -> Attempt | None:
    """Return the open attempt whose token has this SHA-256."""
    table = sign_in_attempt.c
    columns = (
        table.id,
        table.csrf_token,
        table.account_id,
        table.network,
        table.next_path,
        table.challenge,
        table.state,
    )
    is_open = sa.and_(table.done_at.is_(None), table.ends_at > at)
    row = conn.execute(sa.select(*columns).where(table.token_hash == token_hash, is_open)).one_or_none()
    return Attempt(*row) if row is not None else None
