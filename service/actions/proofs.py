"""Proofs: a person shows a second factor, or their password, once more for one act (docs/security.md)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from service.actions import one_time_codes, passkeys, sessions
from service.actions.context import ActionContext, ShownProof
from service.actions.failed_sign_ins import is_locked_now, own_failure
from service.crypto.passkeys import RelyingParty
from service.crypto.passwords import is_password
from service.queries import credentials as read
from service.queries.credentials import AskedProof, ProofKind
from service.tables.credentials import CredentialKind
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain, Reason, Refused

FIELD = "proof"
"""The field of a form that carries a code or a password."""

Shown = Mapping[str, Plain]
"""What a person is shown before they prove an act."""


@dataclass(frozen=True, slots=True)
class GivenProof:
    """What a form brings: a code or a password, or the answer of a passkey to the challenge that the session keeps."""

    text: str = ""
    answer: str = ""
    site: RelyingParty | None = None
    session_id: UUID | None = None
    challenge: bytes | None = None


def digest_of(shown: Shown) -> bytes:
    """Return the digest of an act that its event keeps: SHA-256 over what its actor is shown."""
    return sha256(canonical_json(dict(shown)).encode()).digest()


def signed_by_passkey(challenge: bytes, digest: bytes) -> bytes:
    """Return what a passkey signs for an act: SHA-256 over a random value, used once, and the digest of the act."""
    return sha256(challenge + digest).digest()


def begin(conn: sa.Connection, session_id: UUID, shown: Shown) -> bytes:
    """Return what the next passkey of a session must sign for an act; the session keeps its random part."""
    challenge = secrets.token_bytes(32)
    sessions.set_challenge(conn, session_id, challenge)
    return signed_by_passkey(challenge, digest_of(shown))


def refuse_unproved(context: ActionContext) -> None:
    """Raise Refused (proof_missing) for an act in a browser that its actor has not proved.

    A bearer token is itself such a proof: it is made by its owner for a program, and opens no page.
    """
    if context.browser is not None and context.proof is None:
        raise Refused(Reason.of("proof_missing", field=FIELD))


def prove(conn: sa.Connection, shown: Shown, given: GivenProof, context: ActionContext) -> ActionContext:
    """Return the context with the caller's proof for an act.

    Raises Refused (proof_missing), RecordedRefusal (proof_wrong), which counts like a failed sign-in.
    """
    asked = read.asked_proof(conn, context.caller.account)
    digest = digest_of(shown)
    if given.answer and asked.passkeys:
        return _with(context, ProofKind.PASSKEY, _by_passkey(conn, digest, given, context), digest)
    return prove_by_text(conn, asked, given.text, digest, context)


def prove_own_keys(
    conn: sa.Connection, action: str, text: str, context: ActionContext, *, is_proved: bool
) -> ActionContext:
    """Return the context with the caller's proof for a change of their own credentials: a code, else the password.

    `is_proved` says whether the session has shown a second factor. Raises what `prove` and `refuse_unproved_session` raise.
    """
    asked = read.asked_proof(conn, context.caller.account)
    kind = asked.kind if asked.kind is ProofKind.TOTP else ProofKind.PASSWORD
    if kind is ProofKind.PASSWORD:
        refuse_unproved_session(conn, context, is_proved=is_proved)
    shown: Shown = {"account": str(context.caller.account), "action": action}
    return prove_by_text(conn, replace(asked, kind=kind), text, digest_of(shown), context)


def refuse_unproved_session(conn: sa.Connection, context: ActionContext, *, is_proved: bool) -> None:
    """Raise Refused (second_factor_first) where the account has a second factor that its session has not shown.

    Else a session begun with the password alone could add a second factor of its own, and raise itself with it.
    """
    if not is_proved and read.asked_proof(conn, context.caller.account).kind is not ProofKind.PASSWORD:
        raise Refused(Reason.of("second_factor_first"))


def prove_by_text(
    conn: sa.Connection, asked: AskedProof, text: str, digest: bytes, context: ActionContext
) -> ActionContext:
    """Return the context with a proof by one-time code or password, whichever the account is asked for."""
    if asked.kind is ProofKind.PASSKEY or not text.strip():
        raise Refused(Reason.of("proof_missing", field=FIELD))
    is_locked = is_locked_now(conn, context)
    credential_id = (_by_code if asked.kind is ProofKind.TOTP else _by_password)(conn, text, context)
    if credential_id is None or is_locked:
        raise own_failure(context, f"proof_{asked.kind.value}", Reason.of("proof_wrong", field=FIELD))
    return _with(context, asked.kind, credential_id, digest)


def _with(context: ActionContext, kind: ProofKind, credential_id: UUID, digest: bytes) -> ActionContext:
    return replace(context, proof=ShownProof(kind.value, credential_id, digest.hex()))


def _by_passkey(conn: sa.Connection, digest: bytes, given: GivenProof, context: ActionContext) -> UUID:
    if given.site is None or context.browser is None:
        raise Refused(Reason.of("proof_missing", field=FIELD))
    row = None
    if given.session_id and given.challenge and sessions.use_challenge(conn, given.session_id, given.challenge):
        signed = signed_by_passkey(given.challenge, digest)
        row = passkeys.signed_with(conn, given.answer, signed, given.site, context.browser.at)
    if row is None or row.account_id != context.caller.account:
        raise own_failure(context, "proof_passkey", Reason.of("proof_wrong", field=FIELD))
    return UUID(str(row.id))


def _by_code(conn: sa.Connection, text: str, context: ActionContext) -> UUID | None:
    account_id, at = context.caller.account, context.browser.at if context.browser else context.at
    stored = read.secret_of(conn, account_id, CredentialKind.TOTP)
    if stored is None or not one_time_codes.use_totp(conn, account_id, text, at, context.keyring):
        return None
    return UUID(str(stored.id))


def _by_password(conn: sa.Connection, text: str, context: ActionContext) -> UUID | None:
    stored = read.secret_of(conn, context.caller.account, CredentialKind.PASSWORD)
    right = is_password(bytes(stored.secret) if stored else None, text)
    return UUID(str(stored.id)) if stored is not None and right else None
