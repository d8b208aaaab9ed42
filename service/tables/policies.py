"""Policy sets as loaded, and the calendar of working days."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, foreign_key, primary_key

policy_set = sa.Table(
    "policy_set",
    METADATA,
    primary_key(),
    sa.Column("key", sa.Text(), nullable=False),
    sa.Column("version", sa.Text(), nullable=False),
    sa.Column("title", sa.Text(), nullable=False),
    sa.Column("issuer", sa.Text(), nullable=False),
    sa.Column("document", sa.Text(), nullable=False),
    sa.Column("region", sa.Text(), nullable=False),
    sa.Column("effective_from", sa.Date(), nullable=False),
    sa.Column("effective_to", sa.Date()),
    sa.Column("sample", sa.Boolean(), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("digest", sa.Text(), nullable=False),
    foreign_key("account", "loaded_by", optional=True),
    sa.Column("loaded_at", Instant, nullable=False),
    sa.Column("withdrawn_on", sa.Date()),
    sa.Column("withdrawn_reason", sa.Text()),
    sa.UniqueConstraint("key", "version"),
    sa.CheckConstraint("effective_to IS NULL OR effective_from <= effective_to", name="dates"),
    sa.CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn"),
)

calendar_day = sa.Table(
    "calendar_day",
    METADATA,
    sa.Column("on", sa.Date(), primary_key=True),
    sa.Column("working", sa.Boolean(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
)

calendar_year = sa.Table(
    "calendar_year",
    METADATA,
    sa.Column("year", sa.SmallInteger(), primary_key=True),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("digest", sa.Text(), nullable=False),
)
