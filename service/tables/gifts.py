"""Help outside cases, thin but with its people, date, goods, money and source: gifts, donations, activities."""

import sqlalchemy as sa

from service.db import METADATA, Instant, Path, key, money, one_of, to
from workflows.code_lists import GIFT_ITEMS, DonationDirection

gift = sa.Table(
    "gift",
    METADATA,
    key(),
    to("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    to("visit", "visit_id", optional=True, index=True),
    to("household", "household_id", index=True),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("item", sa.Text(), nullable=False),
    money("fen", optional=True),
    to("fund", "fund_id", optional=True, index=True),
    sa.Column("goods", sa.Text()),
    sa.Column("goods_unit", sa.Text()),
    sa.Column("quantity", sa.Integer()),
    sa.Column("account_code", sa.Text(), nullable=False),
    sa.Column("purpose", sa.Text(), nullable=False),
    to("account", "approved_by", optional=True),
    to("account", "handed_by"),
    sa.Column("signed_by_family", sa.Boolean(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    one_of("item", GIFT_ITEMS),
    sa.CheckConstraint("(fen IS NULL) = (fund_id IS NULL)", name="money_has_fund"),
    sa.CheckConstraint(
        "fen IS NULL OR (fen > 0 AND approved_by IS NOT NULL AND approved_by <> handed_by)", name="hands"
    ),
    sa.CheckConstraint("(goods IS NULL) = (goods_unit IS NULL)", name="goods"),
    sa.CheckConstraint("goods IS NOT NULL OR quantity IS NULL", name="quantity_of_goods"),
    sa.CheckConstraint("quantity IS NULL OR quantity > 0", name="quantity"),
    sa.CheckConstraint("(goods IS NULL) <> (fen IS NULL)", name="goods_or_money"),
    sa.Index("ix_gift_report", "unit_path", "on"),
)

donation = sa.Table(
    "donation",
    METADATA,
    key(),
    to("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("direction", sa.Text(), nullable=False),
    sa.Column("campaign", sa.Text(), nullable=False),
    sa.Column("organiser", sa.Text(), nullable=False),
    sa.Column("donors", sa.Integer()),
    money("fen"),
    sa.Column("handed_to", sa.Text(), nullable=False),
    sa.Column("receipt_no", sa.Text()),
    to("account", "recorded_by"),
    sa.Column("created_at", Instant, nullable=False),
    one_of("direction", DonationDirection),
    sa.CheckConstraint("fen > 0 AND donors > 0", name="amount"),
    sa.Index("ix_donation_report", "unit_path", "on"),
)

activity = sa.Table(
    "activity",
    METADATA,
    key(),
    to("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("title", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("participants", sa.Integer()),
    money("fen"),
    sa.Column("account_code", sa.Text(), nullable=False),
    to("account", "recorded_by"),
    sa.Column("created_at", Instant, nullable=False),
    sa.CheckConstraint("fen >= 0 AND participants > 0", name="amount"),
    sa.CheckConstraint("account_code LIKE '501%'", name="activity_money_only"),
    sa.Index("ix_activity_report", "unit_path", "on"),
)
