"""A case and what was recorded on its way: duties, visits, papers, checks, notices, objections, signatures."""

import sqlalchemy as sa

from service.db import METADATA, Instant, Json, Path, Words, key, money, one_of, sealed, to
from workflows.code_lists import ObjectionOutcome, VerificationOutcome, VisitKind
from workflows.terms import Duty, Phase

case = sa.Table(
    "case",
    METADATA,
    key(),
    sa.Column("case_no", sa.Text(), nullable=False, unique=True),
    sa.Column("programme", sa.Text(), nullable=False),
    sa.Column("year", sa.SmallInteger(), nullable=False),
    to("unit", "unit_id", index=True),
    sa.Column("unit_path", Path, nullable=False),
    to("household", "household_id", index=True),
    to("person", "beneficiary_id", index=True),
    sa.Column("item", sa.Text(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("phase", sa.Text(), nullable=False),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.Column("answers", Json(), nullable=False),
    money("asked_fen"),
    money("award_fen", optional=True),
    money("outstanding_fen"),
    sa.Column("category", sa.Text()),
    to("fund", "fund_id", optional=True, index=True),
    to("policy_set", "policy_set_id"),
    sa.Column("opened_on", sa.Date(), nullable=False),
    sa.Column("entered_on", sa.Date(), nullable=False),
    sa.Column("due_on", sa.Date()),
    sa.Column("due_is_provisional", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("held_until", sa.Date()),
    sa.Column("head_hash", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    one_of("phase", Phase),
    sa.CheckConstraint("(phase = 'ended') = (due_on IS NULL)", name="open_has_due_date"),
    sa.CheckConstraint("asked_fen >= 0 AND award_fen > 0 AND outstanding_fen >= 0", name="amounts"),
    sa.CheckConstraint("(award_fen IS NULL) = (fund_id IS NULL)", name="award_has_fund"),
    sa.CheckConstraint("version > 0 AND octet_length(head_hash) = 32", name="chain"),
    # A list of one unit, a list of much of the tree, a list of a rare state; and counts, which need the narrowest.
    sa.Index("ix_case_list", "unit_path", "opened_on", "id"),
    sa.Index("ix_case_newest", "opened_on", "id"),
    sa.Index("ix_case_state", "state", "opened_on", "id"),
    sa.Index("ix_case_count", "unit_path", "programme", "item", "phase", "state"),
    sa.Index(
        "uq_case_one_grant_per_school_year",
        "beneficiary_id",
        sa.text("(answers ->> 'school_year')"),
        unique=True,
        postgresql_where=sa.text("outstanding_fen > 0 AND (answers ->> 'school_year') IS NOT NULL"),
    ),
    sa.Index("ix_case_over", "unit_path", "entered_on", postgresql_where=sa.text("phase = 'ended'")),
    sa.Index("ix_case_due", "due_on", postgresql_where=sa.text("phase <> 'ended'")),
)

case_duty = sa.Table(
    "case_duty",
    METADATA,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("duty", sa.Text(), primary_key=True),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("seq", sa.Integer(), nullable=False),
    one_of("duty", Duty),
)

clashing_duty = sa.Table(
    "clashing_duty",
    METADATA,
    sa.Column("one", sa.Text(), primary_key=True),
    sa.Column("other", sa.Text(), primary_key=True),
)

visit = sa.Table(
    "visit",
    METADATA,
    key(),
    to("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    to("case", "case_id", optional=True, index=True),
    to("household", "household_id", optional=True, index=True),
    sa.Column("seq", sa.Integer()),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("occasion", sa.Text()),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("place", sa.Text(), nullable=False),
    sa.Column("conclusion", sa.Text()),
    sa.Column("with_employer", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("companions", sa.SmallInteger()),
    sa.Column("relation_of_deceased", sa.Text()),
    sealed("story_sealed"),
    sa.Column("created_at", Instant, nullable=False),
    one_of("kind", VisitKind),
    sa.CheckConstraint("(kind IN ('survey', 'follow_up')) = (case_id IS NOT NULL)", name="case"),
    sa.CheckConstraint("seq IS NULL OR case_id IS NOT NULL", name="seq"),
    sa.CheckConstraint("(kind = 'bereavement') = (relation_of_deceased IS NOT NULL)", name="bereavement"),
    sa.Index("ix_visit_report", "unit_path", "on"),
)

visit_visitor = sa.Table(
    "visit_visitor",
    METADATA,
    sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), primary_key=True),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True, index=True),
)

paper = sa.Table(
    "paper",
    METADATA,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("seen_on", sa.Date(), nullable=False),
    to("account", "seen_by"),
)

verification = sa.Table(
    "verification",
    METADATA,
    key(),
    to("case", "case_id", index=True),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("authority", sa.Text(), nullable=False),
    sa.Column("request_no", sa.Text(), nullable=False),
    sa.Column("replied_on", sa.Date(), nullable=False),
    sa.Column("outcome", sa.Text(), nullable=False),
    sa.Column("explained", sa.Boolean(), nullable=False),
    sa.Column("people", sa.Text()),
    sa.UniqueConstraint("case_id", "seq"),
    one_of("outcome", VerificationOutcome),
)

notice = sa.Table(
    "notice",
    METADATA,
    key(),
    to("case", "case_id", index=True),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("posted_on", sa.Date(), nullable=False),
    sa.Column("ends_on", sa.Date(), nullable=False),
    sa.Column("ended_on", sa.Date()),
    sa.Column("places", Words, nullable=False),
    sealed("shown_sealed", optional=False),
    sa.Column("shown_hash", sa.Text(), nullable=False),
    sa.Column("content", sa.Text(), nullable=False),
    sa.UniqueConstraint("case_id", "seq"),
    sa.CheckConstraint("ends_on > posted_on", name="dates"),
    sa.Index("uq_notice_one_up", "case_id", unique=True, postgresql_where=sa.text("ended_on IS NULL")),
)

objection = sa.Table(
    "objection",
    METADATA,
    key(),
    to("case", "case_id", index=True),
    to("notice", "notice_id", index=True),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("raised_on", sa.Date(), nullable=False),
    sealed("text_sealed", optional=False),
    sa.Column("outcome", sa.Text()),
    sa.Column("answered_on", sa.Date()),
    one_of("outcome", ObjectionOutcome),
    sa.CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name="answer"),
)

approval = sa.Table(
    "approval",
    METADATA,
    key(),
    to("case", "case_id", index=True),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("tier", sa.SmallInteger(), nullable=False),
    to("account", "account_id"),
    to("account", "principal_id", optional=True),
    sa.Column("on", sa.Date(), nullable=False),
    money("award_fen"),
    sa.Column("content", sa.Text(), nullable=False),
    sa.Column("minutes", sa.Text()),
    sa.Column("voided_seq", sa.Integer()),
    sa.UniqueConstraint("case_id", "seq"),
    sa.CheckConstraint("tier BETWEEN 1 AND 3", name="tier"),
    sa.Index("uq_approval_one_live", "case_id", "tier", unique=True, postgresql_where=sa.text("voided_seq IS NULL")),
)
