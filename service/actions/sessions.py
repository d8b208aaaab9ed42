"""Sessions of browsers: touched by requests, ended by their owner."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log
from service.actions.accounts import lock_account
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.write_batch import WriteBatch
from service.queries.credentials import has_second_factor
from service.tables.sessions import session
from workflows.vocabulary import Plain

TOUCHED_EVERY = timedelta(minutes=1)
"""How often the last request of a session is written down at most."""


def touch_session(conn: sa.Connection, session_id: UUID, last_seen_at: datetime, at: datetime) -> None:
    """Write down that a session made a request, at most once a minute."""
    if at - last_seen_at >= TOUCHED_EVERY:
        conn.execute(sa.update(session).where(session.c.id == session_id).values(last_seen_at=at))


def note_proof(conn: sa.Connection, session_id: UUID, at: datetime) -> None:
    """Write down when the second factor was last shown in a session."""
    conn.execute(sa.update(session).where(session.c.id == session_id).values(proved_at=at))


def unprove_sessions(conn: sa.Connection, account_id: UUID) -> None:
    """Close the roles that need a second factor in every session of an account that has none left.

    Else the password alone would prove the acts of a session that was begun with a factor which has ended since.
    """
    if not conn.scalar(sa.select(has_second_factor(sa.literal(account_id)))):
        own = sa.and_(session.c.account_id == account_id, session.c.ended_at.is_(None))
        conn.execute(sa.update(session).where(own).values(proved_at=None))


def set_challenge(conn: sa.Connection, session_id: UUID, challenge: bytes | None) -> None:
    """Keep what the next passkey of a session must sign; None once it was used."""
    conn.execute(sa.update(session).where(session.c.id == session_id).values(challenge=challenge))


def use_challenge(conn: sa.Connection, session_id: UUID, challenge: bytes) -> bool:
    """Use up what a passkey of a session had to sign, and return whether it was there: an answer is taken once."""
    kept = sa.and_(session.c.id == session_id, session.c.challenge == challenge)
    return conn.execute(sa.update(session).where(kept).values(challenge=None)).rowcount == 1


def end_session(conn: sa.Connection, session_id: UUID, action: str, at: datetime, context: ActionContext) -> None:
    """End one of the caller's sessions, by `sign_out` or `end_session`. Has no effect on an ended one. Raises NotFound."""
    account_id = context.caller.account
    lock_account(conn, account_id)
    own = sa.and_(session.c.id == session_id, session.c.account_id == account_id)
    row = conn.execute(sa.select(session.c.ended_at).where(own)).one_or_none()
    if row is None:
        raise NotFound
    if row.ended_at is None:
        batch, facts = WriteBatch(), {"session": str(session_id)}
        batch.change(session, {"id": session_id, "ended_at": at})
        event_log.append_event(conn, "account", account_id, action, dict[str, Plain](facts), context, batch)


def end_sessions(conn: sa.Connection, batch: WriteBatch, account_id: UUID, context: ActionContext) -> None:
    """Add the end of every session of an account to the batch."""
    alive = sa.select(session.c.id).where(session.c.account_id == account_id, session.c.ended_at.is_(None))
    for session_id in conn.scalars(alive.order_by(session.c.id)):
        batch.change(session, {"id": session_id, "ended_at": context.at})
