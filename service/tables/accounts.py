"""Accounts, the roles granted to them, and their tokens."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, check_in, foreign_key, primary_key
from workflows.vocabulary import APPROVERS, Role

account = sa.Table(
    "account",
    METADATA,
    primary_key(),
    foreign_key("unit", "unit_id", index=True),
    sa.Column("login", sa.Text(), nullable=False, unique=True),
    sa.Column("display_name", sa.Text(), nullable=False),
    sa.Column("email", sa.Text()),
    sa.Column("id_no_index", sa.LargeBinary(), unique=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("disabled_at", Instant),
)


role_grant = sa.Table(
    "role_grant",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    foreign_key("unit", "unit_id", index=True),
    sa.Column("role", sa.Text(), nullable=False),
    sa.Column("tier", sa.SmallInteger(), nullable=False, server_default="0"),
    foreign_key("account", "for_account_id", optional=True),
    sa.Column("from_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date(), nullable=False),
    sa.Column("revoked_on", sa.Date()),
    check_in("role", Role),
    sa.CheckConstraint("from_on <= until_on", name="dates"),
    sa.CheckConstraint(f"(role = 'approver') = (tier > 0) AND tier <= {len(APPROVERS)}", name="tier"),
    sa.CheckConstraint("for_account_id IS NULL OR for_account_id <> account_id", name="stand_in"),
    sa.UniqueConstraint("account_id", "unit_id", "role", "tier", "for_account_id", "from_on"),
)


token = sa.Table(
    "token",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    sa.Column("hash", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("label", sa.Text(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sa.CheckConstraint("octet_length(hash) = 32", name="hash"),
    sa.CheckConstraint("created_at < expires_at", name="dates"),
)
