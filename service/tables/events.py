"""Events, hash chain heads, anchors, sealed remarks, idempotency keys, imported files, job runs."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Words, check_in, foreign_key, primary_key, sealed

SUBJECTS = (
    *("case", "household", "person", "fund", "unit", "account", "visit", "gift", "donation", "activity", "policy"),
    "confirmation",
    "document",
    "import",
)

event = sa.Table(
    "event",
    METADATA,
    sa.Column("subject_id", sa.Uuid(), primary_key=True),
    sa.Column("seq", sa.Integer(), primary_key=True),
    sa.Column("subject", sa.Text(), nullable=False),
    sa.Column("action", sa.Text(), nullable=False),
    sa.Column("from_state", sa.Text()),
    sa.Column("to_state", sa.Text()),
    foreign_key("account", "actor_id", index=True),
    foreign_key("account", "principal_id", optional=True),
    foreign_key("confirmation", "confirmation_id", optional=True),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("body", sa.Text(), nullable=False),
    sa.Column("prev", sa.LargeBinary(), nullable=False),
    sa.Column("hash", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("no", sa.BigInteger(), sa.Identity(), nullable=False, unique=True),
    check_in("subject", SUBJECTS),
    # What somebody did for another person, for that person's inbox; few events have one.
    sa.Index("ix_event_principal_id", "principal_id", postgresql_where=sa.text("principal_id IS NOT NULL")),
    sa.CheckConstraint("seq > 0 AND octet_length(prev) = 32 AND octet_length(hash) = 32", name="chain"),
)

chain_head = sa.Table(
    "chain_head",
    METADATA,
    primary_key(),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("hash", sa.LargeBinary(), nullable=False),
    sa.CheckConstraint("seq > 0 AND octet_length(hash) = 32", name="chain"),
)
"""The last event of every chain except a case's, which the case row keeps; `id` is the subject's."""

anchor = sa.Table(
    "anchor",
    METADATA,
    sa.Column("no", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("up_to", sa.BigInteger(), nullable=False, unique=True),
    sa.Column("events", sa.BigInteger(), nullable=False),
    sa.Column("root", sa.LargeBinary(), nullable=False),
    sa.Column("hash", sa.LargeBinary(), nullable=False),
    sa.Column("checkpoint", sa.Text()),
    sa.CheckConstraint("no > 0 AND events > 0 AND octet_length(root) = 32 AND octet_length(hash) = 32", name="chain"),
)
"""The Merkle root over the events since the anchor before, up to `event.no`, chained to that anchor.

`checkpoint` is the signed note of the one tree over all events up to there; anchors older than the log key have none."""

sealed_remark = sa.Table(
    "sealed_remark",
    METADATA,
    primary_key(),
    sa.Column("subject_id", sa.Uuid(), nullable=False),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("field", sa.Text(), nullable=False),
    sealed("text_sealed", optional=False),
    sa.UniqueConstraint("subject_id", "seq", "field"),
    sa.ForeignKeyConstraint(["subject_id", "seq"], ["event.subject_id", "event.seq"]),
)

idempotency = sa.Table(
    "idempotency",
    METADATA,
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("key", sa.Text(), primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
    sa.Column("status", sa.SmallInteger()),
    sa.Column("headers", sa.Text()),
    sealed("body_sealed"),
    sa.Column("grants", Words, nullable=False, server_default="{}"),
    sa.Column("created_at", Instant, nullable=False, index=True),
)

imported_file = sa.Table(
    "imported_file",
    METADATA,
    sa.Column("sha256", sa.LargeBinary(), primary_key=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("rows", sa.Integer(), nullable=False),
    foreign_key("account", "by_id"),
    sa.Column("at", Instant, nullable=False),
)

job_run = sa.Table(
    "job_run",
    METADATA,
    sa.Column("job", sa.Text(), primary_key=True),
    sa.Column("on", sa.Date(), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("done", sa.Integer(), nullable=False),
    sa.Column("refused", sa.Integer(), nullable=False),
)
