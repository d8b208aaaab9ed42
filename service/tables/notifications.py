"""The outbox: notifications written with their event and sent later."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, check_in, foreign_key, primary_key

STATES = ("created", "sending", "delivered", "temporary_failure", "permanent_failure", "technical_failure")
CHANNELS = ("inbox", "email")
_ARRIVED = "channel = 'inbox' AND state = 'delivered'"

notification = sa.Table(
    "notification",
    METADATA,
    primary_key(),
    sa.Column("subject_id", sa.Uuid(), nullable=False),
    sa.Column("seq", sa.Integer(), nullable=False),
    foreign_key("case", "case_id", optional=True, index=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("channel", sa.Text(), nullable=False),
    foreign_key("account", "account_id", optional=True, index=True),
    foreign_key("person", "person_id", optional=True),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False, server_default="created"),
    sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default="0"),
    sa.Column("not_before", Instant, nullable=False, server_default=sa.func.now()),
    sa.Column("created_at", Instant, nullable=False, server_default=sa.func.now()),
    sa.Column("delivered_at", Instant),
    sa.Column("read_at", Instant),
    sa.Column("last_error", sa.Text()),
    sa.Column("request", sa.Text()),
    check_in("state", STATES),
    check_in("channel", CHANNELS),
    sa.CheckConstraint("(account_id IS NULL) <> (person_id IS NULL)", name="one_reader"),
    sa.CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
    sa.ForeignKeyConstraint(["subject_id", "seq"], ["event.subject_id", "event.seq"]),
    sa.UniqueConstraint(
        "subject_id", "seq", "kind", "channel", "account_id", "person_id", postgresql_nulls_not_distinct=True
    ),
    sa.Index("ix_notification_inbox", "account_id", "id", postgresql_where=sa.text(_ARRIVED)),
    sa.Index("ix_notification_unread", "account_id", postgresql_where=sa.text(f"{_ARRIVED} AND read_at IS NULL")),
    sa.Index(
        "ix_notification_due",
        "not_before",
        postgresql_where=sa.text("state IN ('created', 'sending', 'temporary_failure')"),
    ),
)
