"""Sessions of browsers, and attempts to sign in (docs/decisions/0035)."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, foreign_key, primary_key

session = sa.Table(
    "session",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    sa.Column("token_hash", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("csrf_token", sa.Text(), nullable=False),
    sa.Column("label", sa.Text(), nullable=False),
    sa.Column("network", sa.Text(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("last_seen_at", Instant, nullable=False),
    sa.Column("proved_at", Instant),
    sa.Column("challenge", sa.LargeBinary()),
    sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
    sa.CheckConstraint("created_at < ends_at", name="dates"),
)
"""One row for each signed-in browser. The cookie holds the token, of which only the SHA-256 is stored.

`proved_at` is when a second factor was last shown; `challenge` is what the next passkey must sign."""

sign_in_attempt = sa.Table(
    "sign_in_attempt",
    METADATA,
    primary_key(),
    sa.Column("token_hash", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("csrf_token", sa.Text(), nullable=False),
    foreign_key("account", "account_id", optional=True),
    sa.Column("network", sa.Text(), nullable=False),
    sa.Column("next_path", sa.Text()),
    sa.Column("challenge", sa.LargeBinary()),
    sa.Column("state", sa.Text()),
    sa.Column("created_at", Instant, nullable=False, index=True),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("done_at", Instant),
    sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
)
"""A browser that is signing in: from its form to its session, ten minutes at most.

`account_id` is set once the password was right; `challenge` is what a passkey must sign; `state` is that of an identity
provider, sealed."""
