"""Allocations of fund lines to other units."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, foreign_key, money, primary_key

fund_allocation = sa.Table(
    "fund_allocation",
    METADATA,
    primary_key(),
    foreign_key("fund", "fund_id", index=True),
    foreign_key("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False, index=True),
    sa.Column("with_below", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("from_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date(), nullable=False),
    money("ceiling_fen", optional=True),
    sa.Column("document", sa.Text(), nullable=False),
    foreign_key("account", "opened_by"),
    sa.Column("closed_on", sa.Date()),
    sa.Column("created_at", Instant, nullable=False),
    sa.CheckConstraint("from_on <= until_on", name="dates"),
    sa.CheckConstraint("ceiling_fen > 0", name="ceiling"),
)
