"""Passkeys: added and removed by their owner, used to sign in and to prove an act (docs/decisions/0035)."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import one_time_codes, sessions, sign_in, validation
from service.actions.accounts import lock_account
from service.actions.context import ActionContext, BrowserRequest, Moment
from service.actions.errors import NotFound, RecordedRefusal
from service.actions.failed_sign_ins import record_wrong_key, unknown
from service.actions.sign_in import NewCookie
from service.actions.write_batch import WriteBatch
from service.crypto import passkeys
from service.crypto.passkeys import RelyingParty
from service.db.columns import new_id
from service.queries import credentials as read
from service.queries.sessions import Attempt
from service.tables.credentials import passkey
from service.tables.sessions import sign_in_attempt
from workflows.vocabulary import Plain, Reason, Refused

MAX_KEYS = 10


def begin(conn: sa.Connection, session_id: UUID, site: RelyingParty, context: ActionContext) -> dict[str, Any]:
    """Return what a browser needs to make a passkey; the session keeps the challenge until it is used."""
    known, caller, challenge = read.passkeys_of(conn, context.caller.account), context.caller, secrets.token_bytes(32)
    if len(known) >= MAX_KEYS:
        raise Refused(Reason.of("passkeys_too_many", most=MAX_KEYS))
    sessions.set_challenge(conn, session_id, challenge)
    return passkeys.creation_options(site, caller.account, caller.login, caller.display_name, challenge, known)


def add(
    conn: sa.Connection, session_id: UUID, challenge: bytes | None, answer: str, label: str, site: RelyingParty,
    context: ActionContext,
) -> UUID:  # fmt: skip
    """Add the passkey that a browser made for the session's challenge, which is used up.

    Raises InvalidForm, Refused (passkey_wrong); IntegrityError for one that is known.
    """
    validation.refuse_invalid(validation.text("label", label, longest=60))
    made = passkeys.made_key(site, answer, challenge) if challenge else None
    if made is None:
        raise Refused(Reason.of("passkey_wrong"))
    lock_account(conn, context.caller.account)
    sessions.set_challenge(conn, session_id, None)
    batch, key_id = WriteBatch(), new_id()
    columns = {"account_id": context.caller.account, "label": label.strip(), "created_at": context.at}
    secret = {"credential_id": made.credential_id, "public_key": made.public_key, "sign_count": made.sign_count}
    batch.add(passkey, {"id": key_id, **columns, **secret})
    one_time_codes.append_own(conn, "add_passkey", {"passkey": str(key_id)}, context, batch)
    return key_id


def remove(conn: sa.Connection, key_id: UUID, context: ActionContext) -> None:
    """End one of the caller's passkeys, which they have proved. Has no effect on an ended one. Raises NotFound."""
    lock_account(conn, context.caller.account)
    own = sa.and_(passkey.c.id == key_id, passkey.c.account_id == context.caller.account)
    row = conn.execute(sa.select(passkey.c.revoked_at).where(own)).one_or_none()
    if row is None:
        raise NotFound
    if row.revoked_at is None:
        batch, facts = WriteBatch(), dict[str, Plain]({"passkey": str(key_id)})
        batch.change(passkey, {"id": key_id, "revoked_at": context.at})
        one_time_codes.append_own(conn, "remove_passkey", facts, context, batch)
        sessions.unprove_sessions(conn, context.caller.account)


def ask_at_sign_in(conn: sa.Connection, attempt: Attempt, site: RelyingParty) -> dict[str, Any]:
    """Return what a browser needs to sign in with a passkey it holds for the site; the attempt keeps the challenge.

    No login is asked and no key is named, so the answer says of nobody whether they work here.
    """
    challenge = secrets.token_bytes(32)
    conn.execute(_of(attempt).values(challenge=challenge))
    return passkeys.request_options(site, challenge, ())


def enter(
    conn: sa.Connection, attempt: Attempt, answer: str, site: RelyingParty, browser: BrowserRequest, moment: Moment
) -> NewCookie:
    """Return the new session for a passkey that signed the attempt's challenge, also while the account is locked.

    Raises RecordedRefusal (passkey_refused).
    """
    if attempt.challenge is None:
        raise unknown("passkey_refused")
    row = signed_with(conn, answer, attempt.challenge, site, browser.at)
    if row is None:
        raise _wrong(conn, attempt, answer, browser, moment)
    conn.execute(_of(attempt).values(challenge=None))
    return sign_in.finish(conn, attempt, row.account_id, "passkey", browser.at, browser, moment)


def _wrong(
    conn: sa.Connection, attempt: Attempt, answer: str, browser: BrowserRequest, moment: Moment
) -> RecordedRefusal:
    """Return the refusal of a passkey; recorded, it uses the challenge up, and is an event of the key's owner."""
    key_id = passkeys.credential_id_of(answer)
    row = read.live_passkey(conn, key_id) if key_id else None

    def record(conn: sa.Connection) -> None:
        conn.execute(_of(attempt).values(challenge=None))
        if row is not None:
            record_wrong_key(conn, row.account_id, browser, moment)

    return RecordedRefusal(Reason.of("passkey_refused"), record=record)


def signed_with(
    conn: sa.Connection, answer: str, challenge: bytes, site: RelyingParty, at: datetime
) -> sa.Row[Any] | None:
    """Return the live passkey that signed a challenge, and note its use; None where none did."""
    key_id = passkeys.credential_id_of(answer)
    row = read.live_passkey(conn, key_id, lock=True) if key_id else None
    if row is None:
        return None
    count = passkeys.new_sign_count(site, answer, challenge, bytes(row.public_key), row.sign_count)
    if count is None:
        return None
    conn.execute(sa.update(passkey).where(passkey.c.id == row.id).values(sign_count=count, used_at=at))
    return row


def _of(attempt: Attempt) -> sa.Update:
    return sa.update(sign_in_attempt).where(sign_in_attempt.c.id == attempt.id)
