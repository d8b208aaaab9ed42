"""One-time codes of a second factor: those of an authenticator (TOTP), and ten recovery codes."""

import secrets
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import pyotp
import sqlalchemy as sa

from service.actions import event_log
from service.actions.accounts import lock_account
from service.actions.confirmation_notices import CHANGED, notices
from service.actions.context import ActionContext
from service.actions.failed_sign_ins import lock_count
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import Keyring, decrypt_field, encrypt_field
from service.db.columns import new_id
from service.queries import credentials as read
from service.tables.credentials import CredentialKind, credential, recovery_code, sign_in_count
from workflows.vocabulary import Plain, Reason, Refused

STEP = 30
"""Seconds for which a code is valid; the one before and the one after are accepted too, for clocks that differ."""

CODES, CODE_LETTERS, CODE_GROUP = 10, 24, 4
"""A recovery code has 24 letters of 31, about 118 bits: from 112 bits on a fast hash is enough to store it."""

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
SECRET_FIELD = "credential.secret"  # noqa: S105 - the name of a column


def new_secret() -> str:
    """Return a new secret for an authenticator, in base 32."""
    return pyotp.random_base32()


def address_of(secret: str, login: str) -> str:
    """Return the address that an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="送温暖 Songnuan")


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step of which a code is, if it is valid at an instant."""
    totp, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP
    typed = "".join(code.split()).encode()
    steps = (
        step for step in (now - 1, now, now + 1) if secrets.compare_digest(totp.generate_otp(step).encode(), typed)
    )
    return next(steps, None)


def use_code(
    conn: sa.Connection, account_id: UUID, code: str, at: datetime, keyring: Keyring, batch: WriteBatch
) -> str | None:
    """Use a one-time or recovery code, and return which it was: `totp` or `recovery`; None for a wrong or used one.

    The caller has locked the counters of the account, and writes the batch with its event.
    """
    if use_totp(conn, account_id, code, at, keyring):
        return "totp"
    return "recovery" if _use_recovery_code(conn, account_id, code, at, batch) else None


def use_totp(conn: sa.Connection, account_id: UUID, code: str, at: datetime, keyring: Keyring) -> bool:
    """Use a one-time code, and return whether it was right and new. The caller has locked the counters."""
    stored = read.secret_of(conn, account_id, CredentialKind.TOTP)
    if stored is None:
        return False
    step = matching_step(decrypt_field(keyring, SECRET_FIELD, stored.id, bytes(stored.secret)), code, at)
    if step is None:
        return False
    return _use_up(conn, account_id, step)


def _use_up(conn: sa.Connection, account_id: UUID, step: int) -> bool:
    """Note the step of a code that was shown, and return whether it is new: older steps are refused from now on."""
    risen = sa.update(sign_in_count).where(sign_in_count.c.account_id == account_id, sign_in_count.c.totp_step < step)
    return conn.execute(risen.values(totp_step=step)).rowcount == 1


def _use_recovery_code(conn: sa.Connection, account_id: UUID, code: str, at: datetime, batch: WriteBatch) -> bool:
    unused = sa.and_(recovery_code.c.account_id == account_id, recovery_code.c.used_at.is_(None))
    code_id = conn.scalar(sa.select(recovery_code.c.id).where(unused, recovery_code.c.hash == _code_hash(code)))
    if code_id is not None:
        batch.change(recovery_code, {"id": code_id, "used_at": at})
    return code_id is not None


def _code_hash(code: str) -> bytes:
    return sha256("".join(letter for letter in code.lower() if letter.isalnum()).encode()).digest()


def set_totp(conn: sa.Connection, secret: str, code: str, at: datetime, context: ActionContext) -> list[str]:
    """Set up one-time codes for the caller, and return ten recovery codes, shown only here.

    Raises Refused (code_wrong) where the code is not of this secret.
    """
    account_id = context.caller.account
    lock_account(conn, account_id)
    step = matching_step(secret, code, at)
    if step is None:
        raise Refused(Reason.of("code_wrong", field="code"))
    lock_count(conn, account_id)
    _use_up(conn, account_id, step)
    batch, credential_id = WriteBatch(), new_id()
    end_credential(conn, batch, account_id, CredentialKind.TOTP, context)
    sealed = encrypt_field(context.keyring, SECRET_FIELD, credential_id, secret)
    row = {"account_id": account_id, "kind": CredentialKind.TOTP.value, "secret": sealed, "created_at": context.at}
    batch.add(credential, {"id": credential_id, **row})
    codes = _new_recovery_codes(conn, batch, context)
    append_own(conn, "set_totp", {"recovery_codes": len(codes)}, context, batch)
    return codes


def make_recovery_codes(conn: sa.Connection, context: ActionContext) -> list[str]:
    """Return ten new recovery codes for the caller, shown only here; the earlier ones end."""
    lock_account(conn, context.caller.account)
    batch = WriteBatch()
    codes = _new_recovery_codes(conn, batch, context)
    append_own(conn, "make_recovery_codes", {"recovery_codes": len(codes)}, context, batch)
    return codes


def _new_recovery_codes(conn: sa.Connection, batch: WriteBatch, context: ActionContext) -> list[str]:
    end_recovery_codes(conn, batch, context.caller.account, context)
    codes = ["".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS)) for _ in range(CODES)]
    columns = {"account_id": context.caller.account, "created_at": context.at}
    batch.add(recovery_code, *({"id": new_id(), "hash": _code_hash(code), **columns} for code in codes))
    return [_grouped(code) for code in codes]


def _grouped(code: str) -> str:
    """Return a code in groups that are easy to copy: `abcd-efgh-…`."""
    return "-".join(code[start : start + CODE_GROUP] for start in range(0, CODE_LETTERS, CODE_GROUP))


def end_recovery_codes(conn: sa.Connection, batch: WriteBatch, account_id: UUID, context: ActionContext) -> None:
    """Add the end of an account's unused recovery codes to the batch."""
    unused = sa.and_(recovery_code.c.account_id == account_id, recovery_code.c.used_at.is_(None))
    for code_id in conn.scalars(sa.select(recovery_code.c.id).where(unused).order_by(recovery_code.c.id)):
        batch.change(recovery_code, {"id": code_id, "used_at": context.at})


def end_credential(
    conn: sa.Connection, batch: WriteBatch, account_id: UUID, kind: CredentialKind, context: ActionContext
) -> None:
    """Add the end of an account's credential of a kind to the batch, and write it: a new one may follow in the batch."""
    stored = read.secret_of(conn, account_id, kind)
    if stored is None:
        return
    # The unique index is checked row by row, so the old row ends in a statement before the one that adds the new row.
    conn.execute(sa.update(credential).where(credential.c.id == stored.id).values(ended_at=context.at))
    batch.note_updated(credential, {"id": stored.id, "ended_at": context.at})


def append_own(
    conn: sa.Connection, action: str, facts: dict[str, Plain], context: ActionContext, batch: WriteBatch
) -> None:
    """Append an event about the caller's own credentials, and notify the caller: somebody else may have done it."""
    account_id = context.caller.account
    told = notices(conn, CHANGED, [account_id], context)
    event_log.append_event(conn, "account", account_id, action, facts, context, batch, told=told)
