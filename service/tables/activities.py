"""The activities of the union and their cost."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, foreign_key, money, primary_key, recorded_once

activity = sa.Table(
    "activity",
    METADATA,
    primary_key(),
    foreign_key("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("title", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("participants", sa.Integer()),
    money("fen"),
    sa.Column("account_code", sa.Text(), nullable=False),
    foreign_key("account", "recorded_by"),
    sa.Column("created_at", Instant, nullable=False),
    *recorded_once("activity"),
    sa.CheckConstraint("fen >= 0 AND participants > 0", name="amount"),
    sa.CheckConstraint("account_code LIKE '501%'", name="activity_money_only"),
    sa.Index("ix_activity_report", "unit_path", "on"),
    sa.Index("ix_activity_voided", "unit_path", "voided_on", postgresql_where=sa.text("voided_on IS NOT NULL")),
)
