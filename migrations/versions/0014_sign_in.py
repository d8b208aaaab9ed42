"""People sign in with a browser: credentials, sessions, attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
KEPT = {
    "credential": ("ended_at",),
    "passkey": ("revoked_at", "sign_count", "used_at"),
    "recovery_code": ("used_at",),
    "session": ("ended_at", "last_seen_at", "proved_at", "challenge"),
}
"""Tables whose rows stay, each with the columns that may change."""


def upgrade() -> None:
    _create_credentials()
    _create_sessions()
    for table, columns in KEPT.items():
        names = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"CREATE TRIGGER only_may_change BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION only_may_change({names})"
        )
        op.execute(
            f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION written_once()"
        )
        op.execute(
            f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
        )


def _create_credentials() -> None:
    op.create_table(
        "credential",
        *_of_account("credential"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('password', 'totp')", name=op.f("ck_credential_kind")),
    )
    op.create_table(
        "passkey",
        *_of_account("passkey"),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_table(
        "recovery_code",
        *_of_account("recovery_code"),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.UniqueConstraint("hash", name=op.f("uq_recovery_code_hash")),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_recovery_code_hash")),
    )
    op.create_table(
        "sign_in_count",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("failed", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("locked_until", INSTANT, nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_count_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_sign_in_count")),
    )
    for table in ("credential", "passkey", "recovery_code"):
        op.create_index(op.f(f"ix_{table}_account_id"), table, ["account_id"])
    op.create_index(
        "uq_credential_one_of_a_kind",
        "credential",
        ["account_id", "kind"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_sessions() -> None:
    op.create_table(
        "session",
        *_of_account("session"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("proved_at", INSTANT, nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_session_token_hash")),
        sa.CheckConstraint("created_at < ends_at", name=op.f("ck_session_dates")),
    )
    op.create_table(
        "sign_in_attempt",
        *_of_account("sign_in_attempt", optional=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_attempt_token_hash")),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_sign_in_attempt_token_hash")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"])
    op.create_index(op.f("ix_sign_in_attempt_created_at"), "sign_in_attempt", ["created_at"])


def _of_account(table: str, *, optional: bool = False) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=optional),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account")),
    )


def downgrade() -> None:
    for table in ("sign_in_attempt", "session", "sign_in_count", "recovery_code", "passkey", "credential"):
        op.drop_table(table)
