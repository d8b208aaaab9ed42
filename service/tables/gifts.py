"""Gifts outside cases: money or goods, with people, date and source."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, check_in, foreign_key, money, primary_key, recorded_once
from workflows.code_lists import GIFT_ITEMS

gift = sa.Table(
    "gift",
    METADATA,
    primary_key(),
    foreign_key("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    foreign_key("visit", "visit_id", optional=True, index=True),
    foreign_key("household", "household_id", index=True),
    foreign_key("person", "person_id", optional=True, index=True),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("item", sa.Text(), nullable=False),
    money("fen", optional=True),
    foreign_key("fund", "fund_id", optional=True, index=True),
    sa.Column("goods", sa.Text()),
    sa.Column("goods_unit", sa.Text()),
    sa.Column("quantity", sa.Integer()),
    sa.Column("account_code", sa.Text(), nullable=False),
    sa.Column("purpose", sa.Text(), nullable=False),
    foreign_key("account", "approved_by", optional=True),
    foreign_key("account", "handed_by"),
    sa.Column("signed_by_family", sa.Boolean(), nullable=False),
    foreign_key("policy_set", "policy_set_id", optional=True),
    sa.Column("counts_as_aid", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("created_at", Instant, nullable=False),
    *recorded_once("gift"),
    check_in("item", GIFT_ITEMS),
    sa.CheckConstraint("(fen IS NULL) = (fund_id IS NULL)", name="money_has_fund"),
    sa.CheckConstraint(
        "fen IS NULL OR (fen > 0 AND approved_by IS NOT NULL AND approved_by <> handed_by)", name="hands"
    ),
    sa.CheckConstraint("(goods IS NULL) = (goods_unit IS NULL)", name="goods"),
    sa.CheckConstraint("goods IS NOT NULL OR quantity IS NULL", name="quantity_of_goods"),
    sa.CheckConstraint("quantity IS NULL OR quantity > 0", name="quantity"),
    sa.CheckConstraint("(goods IS NULL) <> (fen IS NULL)", name="goods_or_money"),
    sa.Index("ix_gift_report", "unit_path", "on"),
    sa.Index("ix_gift_voided", "unit_path", "voided_on", postgresql_where=sa.text("voided_on IS NOT NULL")),
)
