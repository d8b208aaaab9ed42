"""The outbox: what people must hear, promised in the same transaction and sent later."""

import sqlalchemy as sa

from service.db import METADATA, Instant, key, one_of, to

STATES = ("created", "sending", "delivered", "temporary_failure", "permanent_failure", "technical_failure")
CHANNELS = ("inbox", "email")
_ARRIVED = "channel = 'inbox' AND state = 'delivered'"

letter = sa.Table(
    "letter",
    METADATA,
    key(),
    sa.Column("subject_id", sa.Uuid(), nullable=False),
    sa.Column("seq", sa.Integer(), nullable=False),
    to("case", "case_id", optional=True, index=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("channel", sa.Text(), nullable=False),
    to("account", "account_id", optional=True, index=True),
    to("person", "person_id", optional=True),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False, server_default="created"),
    sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default="0"),
    sa.Column("not_before", Instant, nullable=False, server_default=sa.func.now()),
    sa.Column("created_at", Instant, nullable=False, server_default=sa.func.now()),
    sa.Column("delivered_at", Instant),
    sa.Column("read_at", Instant),
    sa.Column("last_error", sa.Text()),
    sa.Column("request", sa.Text()),
    one_of("state", STATES),
    one_of("channel", CHANNELS),
    sa.CheckConstraint("(account_id IS NULL) <> (person_id IS NULL)", name="one_reader"),
    sa.CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
    sa.ForeignKeyConstraint(["subject_id", "seq"], ["event.subject_id", "event.seq"]),
    sa.UniqueConstraint(
        "subject_id", "seq", "kind", "channel", "account_id", "person_id", postgresql_nulls_not_distinct=True
    ),
    sa.Index("ix_letter_inbox", "account_id", "id", postgresql_where=sa.text(_ARRIVED)),
    sa.Index("ix_letter_unread", "account_id", postgresql_where=sa.text(f"{_ARRIVED} AND read_at IS NULL")),
    sa.Index(
        "ix_letter_owed",
        "not_before",
        postgresql_where=sa.text("state IN ('created', 'sending', 'temporary_failure')"),
    ),
)
