"""Confirmations: writes that wait for a second person."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, Words, check_in, foreign_key, primary_key, sealed

STATES = ("proposed", "confirmed", "refused", "withdrawn", "lapsed")

confirmation = sa.Table(
    "confirmation",
    METADATA,
    primary_key(),
    sa.Column("act", sa.Text(), nullable=False),
    sa.Column("unit_path", Path, nullable=False),
    sealed("content_sealed", optional=False),
    sa.Column("digest", sa.LargeBinary(), nullable=False),
    foreign_key("account", "proposed_by", index=True),
    sa.Column("proposed_at", Instant, nullable=False),
    sa.Column("until_on", sa.Date(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("ended_on", sa.Date()),
    foreign_key("account", "ended_by", optional=True),
    sa.Column("reason", sa.Text()),
    check_in("state", STATES),
    sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
    sa.CheckConstraint("(state = 'proposed') = (ended_on IS NULL)", name="ended"),
    sa.CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="reason"),
    sa.UniqueConstraint("id", "proposed_by"),
    sa.Index("ix_confirmation_open", "unit_path", postgresql_where=sa.text("state = 'proposed'")),
    sa.Index("uq_confirmation_once", "act", "digest", unique=True, postgresql_where=sa.text("state = 'proposed'")),
)
"""What is proposed is kept encrypted, and bound by a keyed digest. `reason` says why it was refused."""

confirmer = sa.Table(
    "confirmer",
    METADATA,
    primary_key(),
    sa.Column("confirmation_id", sa.Uuid(), nullable=False),
    sa.Column("no", sa.SmallInteger(), nullable=False),
    sa.Column("proposed_by", sa.Uuid(), nullable=False),
    sa.Column("roles", Words, nullable=False, server_default="{}"),
    foreign_key("account", "account_id", optional=True, index=True),
    foreign_key("account", "confirmed_by", optional=True),
    sa.Column("confirmed_at", Instant),
    sa.ForeignKeyConstraint(["confirmation_id", "proposed_by"], ["confirmation.id", "confirmation.proposed_by"]),
    sa.UniqueConstraint("confirmation_id", "no"),
    sa.UniqueConstraint("confirmation_id", "confirmed_by"),
    sa.CheckConstraint("confirmed_by <> proposed_by", name="another_person"),
    sa.CheckConstraint("confirmed_by = account_id OR account_id IS NULL OR confirmed_by IS NULL", name="the_named_one"),
    sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
    sa.CheckConstraint("(account_id IS NULL) = (cardinality(roles) > 0)", name="roles_or_person"),
)
"""The people a confirmation needs: one row each, a named account or the holder of one of `roles`."""

second_person_act = sa.Table(
    "second_person_act",
    METADATA,
    sa.Column("subject", sa.Text(), primary_key=True),
    sa.Column("action", sa.Text(), primary_key=True),
    sa.Column("only_money", sa.Boolean(), nullable=False),
)
"""The events that the database refuses without a confirmation: the rows of workflows/powers.py that name a second person."""
