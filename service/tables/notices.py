"""Public notices of awards, and the objections to them."""

import sqlalchemy as sa

from service.db.columns import METADATA, Json, Words, check_in, foreign_key, money, primary_key, sealed
from workflows.code_lists import ObjectionOutcome

notice = sa.Table(
    "notice",
    METADATA,
    primary_key(),
    foreign_key("case", "case_id", index=True),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("posted_on", sa.Date(), nullable=False),
    sa.Column("ends_on", sa.Date(), nullable=False),
    sa.Column("ended_on", sa.Date()),
    sa.Column("places", Words, nullable=False),
    sealed("shown_sealed", optional=False),
    sa.Column("shown_hash", sa.Text(), nullable=False),
    sa.Column("content", sa.Text(), nullable=False),
    # The sum it showed, and what the household's file said then (workflows/evidence.py).
    money("award_fen", optional=True),
    sa.Column("seen", Json()),
    sa.UniqueConstraint("case_id", "seq"),
    sa.CheckConstraint("ends_on > posted_on", name="dates"),
    sa.Index("uq_notice_one_up", "case_id", unique=True, postgresql_where=sa.text("ended_on IS NULL")),
)


objection = sa.Table(
    "objection",
    METADATA,
    primary_key(),
    foreign_key("case", "case_id", index=True),
    foreign_key("notice", "notice_id", index=True),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("raised_on", sa.Date(), nullable=False),
    sealed("text_sealed", optional=False),
    sa.Column("outcome", sa.Text()),
    sa.Column("answered_on", sa.Date()),
    check_in("outcome", ObjectionOutcome),
    sa.CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name="answer"),
)
