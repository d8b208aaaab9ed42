"""Cases, their duties, papers, verifications and approvals."""

import sqlalchemy as sa

from service.db.columns import (
    METADATA,
    Instant,
    Json,
    Path,
    check_in,
    counted_money,
    foreign_key,
    money,
    primary_key,
    sealed,
)
from workflows.code_lists import PaymentMethod, VerificationOutcome
from workflows.vocabulary import APPROVERS, Duty, Phase

case = sa.Table(
    "case",
    METADATA,
    primary_key(),
    sa.Column("case_no", sa.Text(), nullable=False, unique=True),
    sa.Column("programme", sa.Text(), nullable=False),
    sa.Column("year", sa.SmallInteger(), nullable=False),
    foreign_key("unit", "unit_id", index=True),
    sa.Column("unit_path", Path, nullable=False),
    # The unit that opened the case, once it has moved with the family (docs/decisions/0025).
    foreign_key("unit", "first_unit_id", optional=True),
    sa.Column("first_unit_path", Path),
    foreign_key("household", "household_id", index=True),
    foreign_key("person", "beneficiary_id", index=True),
    sa.Column("item", sa.Text(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("phase", sa.Text(), nullable=False),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.Column("answers", Json(), nullable=False),
    money("requested_fen"),
    sa.Column("first_item", sa.Text()),
    sa.Column("first_answers", Json()),
    money("first_requested_fen", optional=True),
    money("award_fen", optional=True),
    money("outstanding_fen"),
    counted_money("recovering_fen"),
    counted_money("written_off_fen"),
    sa.Column("category", sa.Text()),
    sa.Column("method", sa.Text()),
    sa.Column("cash_reason", sa.Text()),
    foreign_key("fund", "fund_id", optional=True, index=True),
    foreign_key("policy_set", "policy_set_id"),
    sa.Column("opened_on", sa.Date(), nullable=False),
    sa.Column("entered_on", sa.Date(), nullable=False),
    sa.Column("due_on", sa.Date()),
    sa.Column("due_is_provisional", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("held_until", sa.Date()),
    sa.Column("head_hash", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    check_in("phase", Phase),
    check_in("method", PaymentMethod),
    sa.CheckConstraint("(coalesce(method, '') = 'cash') = (cash_reason IS NOT NULL)", name="cash"),
    sa.CheckConstraint("(phase = 'ended') = (due_on IS NULL)", name="open_has_due_date"),
    sa.CheckConstraint("requested_fen >= 0 AND award_fen > 0 AND outstanding_fen >= 0", name="amounts"),
    sa.CheckConstraint(
        "recovering_fen BETWEEN 0 AND outstanding_fen AND written_off_fen >= 0"
        " AND outstanding_fen + written_off_fen <= coalesce(award_fen, 0)",
        name="recalled",
    ),
    sa.CheckConstraint("(award_fen IS NULL) = (fund_id IS NULL)", name="award_has_fund"),
    sa.CheckConstraint("(first_unit_id IS NULL) = (first_unit_path IS NULL)", name="first_unit"),
    sa.CheckConstraint("version > 0 AND octet_length(head_hash) = 32", name="chain"),
    # For a list of one unit, a list of much of the tree, a list of a rare state, and counts, which need the narrowest
    # index (docs/decisions/0016).
    sa.Index("ix_case_list", "unit_path", "opened_on", "id"),
    sa.Index("ix_case_newest", "opened_on", "id"),
    sa.Index("ix_case_state", "state", "opened_on", "id"),
    sa.Index("ix_case_count", "unit_path", "programme", "item", "phase", "state"),
    sa.Index(
        "uq_case_one_grant_per_school_year",
        "beneficiary_id",
        sa.text("(answers ->> 'school_year')"),
        unique=True,
        postgresql_where=sa.text("outstanding_fen + written_off_fen > 0 AND (answers ->> 'school_year') IS NOT NULL"),
    ),
    sa.Index("ix_case_ended", "unit_path", "entered_on", postgresql_where=sa.text("phase = 'ended'")),
    sa.Index("ix_case_first_unit", "first_unit_path", postgresql_where=sa.text("first_unit_path IS NOT NULL")),
    sa.Index("ix_case_open", "unit_path", "state", postgresql_where=sa.text("phase <> 'ended'")),
    sa.Index("ix_case_due", "due_on", postgresql_where=sa.text("phase <> 'ended'")),
)

case_duty = sa.Table(
    "case_duty",
    METADATA,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("duty", sa.Text(), primary_key=True),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("seq", sa.Integer(), nullable=False),
    check_in("duty", Duty),
)

incompatible_duty = sa.Table(
    "incompatible_duty",
    METADATA,
    sa.Column("one", sa.Text(), primary_key=True),
    sa.Column("other", sa.Text(), primary_key=True),
)


paper = sa.Table(
    "paper",
    METADATA,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("seen_on", sa.Date(), nullable=False),
    foreign_key("account", "seen_by"),
)

verification = sa.Table(
    "verification",
    METADATA,
    primary_key(),
    foreign_key("case", "case_id", index=True),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("authority", sa.Text(), nullable=False),
    sa.Column("request_no", sa.Text(), nullable=False),
    sa.Column("replied_on", sa.Date(), nullable=False),
    sa.Column("outcome", sa.Text(), nullable=False),
    sa.Column("explained", sa.Boolean(), nullable=False),
    sa.Column("people", sa.Text()),
    sa.Column("seen", Json()),
    sa.UniqueConstraint("case_id", "seq"),
    check_in("outcome", VerificationOutcome),
)


approval = sa.Table(
    "approval",
    METADATA,
    primary_key(),
    foreign_key("case", "case_id", index=True),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("tier", sa.SmallInteger(), nullable=False),
    foreign_key("account", "account_id"),
    foreign_key("account", "principal_id", optional=True),
    sa.Column("on", sa.Date(), nullable=False),
    money("award_fen"),
    sa.Column("content", sa.Text(), nullable=False),
    sealed("content_sealed"),
    sa.Column("minutes", sa.Text()),
    sa.Column("voided_seq", sa.Integer()),
    sa.UniqueConstraint("case_id", "seq"),
    sa.CheckConstraint(f"tier BETWEEN 1 AND {len(APPROVERS)}", name="tier"),
    sa.Index("uq_approval_one_live", "case_id", "tier", unique=True, postgresql_where=sa.text("voided_seq IS NULL")),
)
