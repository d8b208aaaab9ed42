"""Receipts: money received on a fund line, by the document that proves it."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, foreign_key, money, primary_key, recorded_once

fund_receipt = sa.Table(
    "fund_receipt",
    METADATA,
    primary_key(),
    foreign_key("fund", "fund_id", index=True),
    foreign_key("ledger_entry", "entry_id"),
    money("fen"),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("document", sa.Text(), nullable=False),
    foreign_key("account", "recorded_by"),
    sa.Column("created_at", Instant, nullable=False),
    *recorded_once("fund_receipt"),
    sa.CheckConstraint("fen > 0", name="amount"),
)
