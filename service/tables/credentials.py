"""Credentials of accounts: passwords, one-time codes, passkeys, recovery codes (docs/decisions/0035)."""

from enum import StrEnum

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, check_in, foreign_key, primary_key


class CredentialKind(StrEnum):
    """The kind of a credential: what its secret is.

    An argon2id hash of a password, a sealed secret of one-time codes (TOTP), or the SHA-256 of issuer and subject of an
    identity provider (OpenID Connect).
    """

    PASSWORD = "password"  # noqa: S105 - a kind, not a password
    TOTP = "totp"
    OIDC = "oidc"


credential = sa.Table(
    "credential",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("secret", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    check_in("kind", CredentialKind),
    sa.Index(
        "uq_credential_one_of_a_kind", "account_id", "kind", unique=True, postgresql_where=sa.text("ended_at IS NULL")
    ),
    sa.Index(
        "uq_credential_one_of_a_subject",
        "secret",
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL AND kind = 'oidc'"),
    ),
)
"""Written once, so that the event of its making covers the secret: a hash exchanged by SQL is found by `audit verify`."""

passkey = sa.Table(
    "passkey",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    sa.Column("credential_id", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("public_key", sa.LargeBinary(), nullable=False),
    sa.Column("label", sa.Text(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    # Passkeys that are synchronised between devices report 0 for ever.
    sa.Column("sign_count", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("used_at", Instant),
)

recovery_code = sa.Table(
    "recovery_code",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    sa.Column("hash", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.CheckConstraint("octet_length(hash) = 32", name="hash"),
)
"""`used_at` is when the code was used, or when newer codes took its place."""

sign_in_count = sa.Table(
    "sign_in_count",
    METADATA,
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("failed", sa.SmallInteger(), nullable=False, server_default="0"),
    sa.Column("locked_until", Instant),
    sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"),
)
"""Failures since the last sign-in, the end of a lock, and the last time step of a one-time code, which only rises."""
