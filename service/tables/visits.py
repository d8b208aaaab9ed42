"""Visits, their visitors and their photos."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Json, Path, check_in, foreign_key, primary_key, recorded_once, sealed
from workflows.code_lists import VisitKind

visit = sa.Table(
    "visit",
    METADATA,
    primary_key(),
    foreign_key("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    foreign_key("case", "case_id", optional=True, index=True),
    foreign_key("household", "household_id", optional=True, index=True),
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
    # What the household's file said when the visit was recorded (workflows/evidence.py).
    sa.Column("seen", Json()),
    sa.Column("created_at", Instant, nullable=False),
    *recorded_once("visit", optional_key=True),
    check_in("kind", VisitKind),
    sa.CheckConstraint("(kind IN ('survey', 'follow_up')) = (case_id IS NOT NULL)", name="case"),
    sa.CheckConstraint("(natural_key IS NULL) = (case_id IS NOT NULL)", name="natural_key"),
    sa.CheckConstraint("seq IS NULL OR case_id IS NOT NULL", name="seq"),
    sa.CheckConstraint("(kind = 'bereavement') = (relation_of_deceased IS NOT NULL)", name="bereavement"),
    sa.Index("ix_visit_report", "unit_path", "on"),
    sa.Index("ix_visit_voided", "unit_path", "voided_on", postgresql_where=sa.text("voided_on IS NOT NULL")),
)


visit_visitor = sa.Table(
    "visit_visitor",
    METADATA,
    sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), primary_key=True),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True, index=True),
)

visit_confirmation = sa.Table(
    "visit_confirmation",
    METADATA,
    sa.Column("visit_id", sa.Uuid(), primary_key=True),
    sa.Column("account_id", sa.Uuid(), primary_key=True, index=True),
    sa.Column("on", sa.Date(), nullable=False),
    # Only a visitor whom the visit names confirms it.
    sa.ForeignKeyConstraint(["visit_id", "account_id"], ["visit_visitor.visit_id", "visit_visitor.account_id"]),
)

visit_photo = sa.Table(
    "visit_photo",
    METADATA,
    sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), primary_key=True),
    sa.Column("document_id", sa.Uuid(), sa.ForeignKey("document.id"), primary_key=True, index=True),
    sa.Column("sha256", sa.LargeBinary(), nullable=False),
    sa.CheckConstraint("octet_length(sha256) = 32", name="digest"),
)
"""The photos that a visit names, each with the digest of its plain bytes: the event of the visit binds both.

A document that a visit names is neither superseded nor ended while the visit stands (trigger photo_stays)."""
