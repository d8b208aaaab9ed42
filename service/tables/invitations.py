"""Invitations: one-time codes with which the owner of an account makes their first credential."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, foreign_key, primary_key

invitation = sa.Table(
    "invitation",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    sa.Column("hash", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.CheckConstraint("octet_length(hash) = 32", name="hash"),
    sa.CheckConstraint("created_at < expires_at", name="dates"),
)
"""`ended_at` is when the code was used, or when a newer one took its place."""
