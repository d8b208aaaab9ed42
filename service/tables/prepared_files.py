"""Long exports: made while nobody waits, and kept encrypted for a day for the person who asked for them."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Json, Words, check_in, foreign_key, primary_key, sealed

KINDS = ("csv", "xlsx")
STATES = ("waiting", "ready", "failed", "removed")

prepared_file = sa.Table(
    "prepared_file",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    sa.Column("list", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sealed("query_sealed", optional=False),
    sealed("note_sealed", optional=False),
    sa.Column("filters", Json, nullable=False),
    sa.Column("language", sa.Text(), nullable=False),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("grants", Words, nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default="0"),
    sa.Column("rows_done", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("rows_in_all", sa.Integer(), nullable=False),
    sa.Column("size", sa.BigInteger()),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    check_in("kind", KINDS),
    check_in("state", STATES),
    sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
    sa.CheckConstraint("state <> 'ready' OR (size IS NOT NULL AND rows_done = rows_in_all)", name="whole"),
)
"""`query` is that of the list's address, `note` the first line of the file, `filters` what the event of an export says.
`grants` are those under which the file was made: whoever takes it must still have them."""

prepared_part = sa.Table(
    "prepared_part",
    METADATA,
    sa.Column("file_id", sa.Uuid(), sa.ForeignKey("prepared_file.id"), primary_key=True),
    sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
    sealed("content_sealed", optional=False),
)
"""A megabyte of a file, so that neither making nor sending it holds the whole in memory."""
