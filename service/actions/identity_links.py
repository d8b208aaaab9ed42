"""Accounts linked to a subject of an identity provider: by their owner, who then signs in through it."""

import json
from dataclasses import asdict
from uuid import UUID

import sqlalchemy as sa

from service.actions import one_time_codes, sessions, sign_in
from service.actions.accounts import lock_account
from service.actions.context import ActionContext, BrowserRequest, Moment
from service.actions.errors import RecordedRefusal
from service.actions.sign_in import Continued, NewCookie
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import DecryptionError, Keyring, decrypt_field, encrypt_field
from service.crypto.identity_provider import Exchange, Identity
from service.db.columns import new_id
from service.queries import credentials as read
from service.queries.sessions import Attempt
from service.tables.credentials import CredentialKind, credential
from service.tables.sessions import sign_in_attempt
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Reason

STATE_FIELD = "sign_in_attempt.state"


def keep_exchange(
    conn: sa.Connection, attempt_id: UUID, exchange: Exchange, account_id: UUID | None, keyring: Keyring
) -> None:
    """Keep the secrets of a sign-in at the provider in its attempt, sealed; `account_id` is whom it is to be linked to."""
    plain = canonical_json({**asdict(exchange), "account": str(account_id) if account_id else None})
    sealed = encrypt_field(keyring, STATE_FIELD, attempt_id, plain).hex()
    conn.execute(sa.update(sign_in_attempt).where(sign_in_attempt.c.id == attempt_id).values(state=sealed))


def kept_exchange(attempt: Attempt, keyring: Keyring) -> tuple[Exchange, UUID | None] | None:
    """Return the secrets that an attempt keeps, and whom it is to be linked to; None where it keeps none."""
    if attempt.state is None:
        return None
    try:
        kept = json.loads(decrypt_field(keyring, STATE_FIELD, attempt.id, bytes.fromhex(attempt.state)))
    except (DecryptionError, ValueError):
        return None
    account_id = kept.pop("account")
    return Exchange(**kept), UUID(account_id) if account_id else None


def refused(attempt: Attempt, code: str) -> RecordedRefusal:
    """Return the refusal of what came back from the provider; recorded, it uses the attempt's secrets up."""

    def record(conn: sa.Connection) -> None:
        _use_up(conn, attempt)

    return RecordedRefusal(Reason.of(code), record=record)


def _use_up(conn: sa.Connection, attempt: Attempt) -> None:
    conn.execute(sa.update(sign_in_attempt).where(sign_in_attempt.c.id == attempt.id).values(state=None))


def enter(
    conn: sa.Connection,
    attempt: Attempt,
    identity: Identity,
    browser: BrowserRequest,
    moment: Moment,
    *,
    second_factor: bool = True,
) -> NewCookie | Continued:
    """Return the new session of the linked account, or the attempt continued with its second factor.

    It makes no account and grants no role. Raises RecordedRefusal (provider_unknown).
    """
    known = read.account_of_subject(conn, identity.subject_hash)
    if known is None:
        raise refused(attempt, "provider_unknown")
    _use_up(conn, attempt)
    if second_factor and known.has_second_factor and not identity.has_two_factors:
        return sign_in.ask_second_factor(conn, attempt, known.account_id)
    method, proved_at = ("provider+mfa", browser.at) if identity.has_two_factors else ("provider", None)
    return sign_in.finish(conn, attempt, known.account_id, method, proved_at, browser, moment)


def link(conn: sa.Connection, attempt: Attempt, identity: Identity, context: ActionContext) -> None:
    """Link the caller's account to a subject, in the place of an earlier one. Raises IntegrityError for one that is linked."""
    account_id = context.caller.account
    lock_account(conn, account_id)
    _use_up(conn, attempt)
    batch = WriteBatch()
    one_time_codes.end_credential(conn, batch, account_id, CredentialKind.OIDC, context)
    row = {"account_id": account_id, "kind": CredentialKind.OIDC.value, "secret": identity.subject_hash}
    batch.add(credential, {"id": new_id(), **row, "created_at": context.at})
    one_time_codes.append_own(conn, "link_provider", {}, context, batch)


def unlink(conn: sa.Connection, context: ActionContext) -> None:
    """End the link of the caller's account, which they have proved."""
    lock_account(conn, context.caller.account)
    batch = WriteBatch()
    one_time_codes.end_credential(conn, batch, context.caller.account, CredentialKind.OIDC, context)
    one_time_codes.append_own(conn, "unlink_provider", {}, context, batch)
    sessions.unprove_sessions(conn, context.caller.account)
