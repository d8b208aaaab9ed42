"""Donations passed on or received."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, check_in, foreign_key, money, primary_key, recorded_once
from workflows.code_lists import DonationDirection

donation = sa.Table(
    "donation",
    METADATA,
    primary_key(),
    foreign_key("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("direction", sa.Text(), nullable=False),
    sa.Column("campaign", sa.Text(), nullable=False),
    sa.Column("organiser", sa.Text(), nullable=False),
    sa.Column("donors", sa.Integer()),
    money("fen"),
    sa.Column("handed_to", sa.Text(), nullable=False),
    sa.Column("receipt_no", sa.Text()),
    foreign_key("account", "recorded_by"),
    sa.Column("created_at", Instant, nullable=False),
    *recorded_once("donation"),
    check_in("direction", DonationDirection),
    sa.CheckConstraint("fen > 0 AND donors > 0", name="amount"),
    sa.Index("ix_donation_report", "unit_path", "on"),
    sa.Index("ix_donation_voided", "unit_path", "voided_on", postgresql_where=sa.text("voided_on IS NOT NULL")),
)
