"""Credentials of accounts: what a sign-in is judged by, and what an account has."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.tables.accounts import account
from service.tables.credentials import CredentialKind, credential, passkey, recovery_code, sign_in_count


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """An account that somebody names at sign-in: its password's hash, whether a second factor is asked, its lock."""

    account_id: UUID
    password_hash: bytes | None
    has_second_factor: bool
    locked_until: datetime | None


def _live(kind: CredentialKind, account_id: Any) -> sa.ColumnElement[bool]:
    # A literal, because a prepared statement takes named parameters alone.
    same = sa.and_(credential.c.account_id == account_id, credential.c.kind == sa.literal_column(f"'{kind.value}'"))
    return sa.and_(same, credential.c.ended_at.is_(None))


def has_second_factor(account_id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that an account has one-time codes or a passkey."""
    keys = sa.and_(passkey.c.account_id == account_id, passkey.c.revoked_at.is_(None))
    return sa.or_(sa.exists().where(_live(CredentialKind.TOTP, account_id)), sa.exists().where(keys))


def sign_in_facts(conn: sa.Connection, login: str) -> SignInFacts | None:
    """Return what a sign-in with this login is judged by; None for an unknown or ended account."""
    password = sa.select(credential.c.secret).where(_live(CredentialKind.PASSWORD, account.c.id)).scalar_subquery()
    rows = (
        sa.select(account.c.id, password, has_second_factor(account.c.id), sign_in_count.c.locked_until)
        .outerjoin(sign_in_count, sign_in_count.c.account_id == account.c.id)
        .where(account.c.login == login, account.c.disabled_at.is_(None))
    )
    row = conn.execute(rows).one_or_none()
    return None if row is None else SignInFacts(row[0], bytes(row[1]) if row[1] is not None else None, row[2], row[3])


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """The account that is linked to a subject of an identity provider, and whether it has a second factor of its own."""

    account_id: UUID
    has_second_factor: bool


def account_of_subject(conn: sa.Connection, subject_hash: bytes) -> LinkedAccount | None:
    """Return the account, not ended, that is linked to a subject."""
    linked = credential.alias("linked")  # has_second_factor() reads the table too
    rows = (
        sa.select(account.c.id, has_second_factor(account.c.id))
        .join(linked, linked.c.account_id == account.c.id)
        .where(linked.c.kind == CredentialKind.OIDC.value, linked.c.secret == subject_hash)
        .where(linked.c.ended_at.is_(None), account.c.disabled_at.is_(None))
    )
    row = conn.execute(rows).one_or_none()
    return LinkedAccount(*row) if row is not None else None


def secret_of(conn: sa.Connection, account_id: UUID, kind: CredentialKind) -> sa.Row[Any] | None:
    """Return the id and the secret of an account's live credential of a kind."""
    rows = sa.select(credential.c.id, credential.c.secret).where(_live(kind, account_id))
    return conn.execute(rows).one_or_none()  # type: ignore[return-value]


def passkeys_of(conn: sa.Connection, account_id: UUID) -> list[bytes]:
    """Return the ids of an account's live passkeys, as browsers know them."""
    rows = sa.select(passkey.c.credential_id).where(passkey.c.account_id == account_id, passkey.c.revoked_at.is_(None))
    return [bytes(each) for each in conn.scalars(rows.order_by(passkey.c.id))]


def live_passkey(conn: sa.Connection, credential_id: bytes, *, lock: bool = False) -> sa.Row[Any] | None:
    """Return the live passkey with an id of a browser, of an account that has not ended."""
    columns = (passkey.c.id, passkey.c.account_id, passkey.c.public_key, passkey.c.sign_count)
    rows = sa.select(*columns).join(account, account.c.id == passkey.c.account_id)
    is_live = sa.and_(passkey.c.revoked_at.is_(None), account.c.disabled_at.is_(None))
    rows = rows.where(passkey.c.credential_id == credential_id, is_live)
    found = rows.with_for_update(of=passkey, key_share=True) if lock else rows
    return conn.execute(found).one_or_none()  # type: ignore[return-value]


class ProofKind(StrEnum):
    """What a person shows for one act: a one-time code, the password where they have no second factor, or a passkey."""

    TOTP = "totp"
    PASSWORD = "password"  # noqa: S105 - a kind, not a password
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class AskedProof:
    """What an account is asked for: the kind that a form asks for, and the passkeys that may take its place."""

    kind: ProofKind
    passkeys: list[bytes]


def asked_proof(conn: sa.Connection, account_id: UUID) -> AskedProof:
    """Return what an account is asked for: a code; with passkeys alone, one of them; without both, the password."""
    [row] = _ASKED_PROOF.rows(conn, {"account_id": account_id})
    known = [bytes(each) for each in row.passkeys or ()]
    other = ProofKind.PASSKEY if known else ProofKind.PASSWORD
    return AskedProof(ProofKind.TOTP if row.has_totp else other, known)


def _select_asked_proof() -> sa.Select[Any]:
    account_id: Any = sa.bindparam("account_id", type_=sa.Uuid())
    has_totp = sa.exists().where(_live(CredentialKind.TOTP, account_id))
    own = sa.and_(passkey.c.account_id == account_id, passkey.c.revoked_at.is_(None))
    keys = sa.select(sa.func.array_agg(passkey.c.credential_id)).where(own).scalar_subquery()
    return sa.select(has_totp.label("has_totp"), keys.label("passkeys"))


_ASKED_PROOF = PreparedStatement(_select_asked_proof())


@dataclass(frozen=True, slots=True)
class OwnCredentials:
    """What an account has to sign in with: never a secret."""

    password_set_at: datetime | None
    totp_set_at: datetime | None
    provider_set_at: datetime | None
    codes_left: int
    passkeys: list[dict[str, Any]]


def own_credentials(conn: sa.Connection, account_id: UUID) -> OwnCredentials:
    """Return what an account has to sign in with."""
    live = sa.and_(credential.c.account_id == account_id, credential.c.ended_at.is_(None))
    since = {
        row.kind: row.created_at
        for row in conn.execute(sa.select(credential.c.kind, credential.c.created_at).where(live))
    }
    unused = sa.and_(recovery_code.c.account_id == account_id, recovery_code.c.used_at.is_(None))
    columns = (passkey.c.id, passkey.c.label, passkey.c.created_at, passkey.c.used_at)
    keys = sa.select(*columns).where(passkey.c.account_id == account_id, passkey.c.revoked_at.is_(None))
    return OwnCredentials(
        since.get(CredentialKind.PASSWORD.value),
        since.get(CredentialKind.TOTP.value),
        since.get(CredentialKind.OIDC.value),
        conn.scalar(sa.select(sa.func.count()).select_from(recovery_code).where(unused)) or 0,
        [dict(row) for row in conn.execute(keys.order_by(passkey.c.id)).mappings()],
    )
