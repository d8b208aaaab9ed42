"""Money: fund lines with their pots, written-once entries between pots, payments."""

import sqlalchemy as sa

from service.db import METADATA, Instant, Path, Words, key, money, one_of, to
from workflows.terms import Pot

SOURCES = ("CEN", "PRV", "CTY", "CNT", "UPS", "OWN", "ADM", "DON-S", "DON-W", "CIV", "INT", "OTH")

fund = sa.Table(
    "fund",
    METADATA,
    key(),
    to("unit", "unit_id", index=True),
    sa.Column("unit_path", Path, nullable=False, index=True),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("title", sa.Text(), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("year", sa.SmallInteger(), nullable=False),
    sa.Column("document", sa.Text(), nullable=False),
    sa.Column("permitted_items", Words, nullable=False),
    sa.Column("categories", Words, nullable=False, server_default="{}"),
    sa.Column("opens_on", sa.Date(), nullable=False),
    sa.Column("expires_on", sa.Date(), nullable=False),
    sa.Column("available_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("committed_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("paid_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("recovering_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("written_off_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("outside_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("unit_id", "code", "year"),
    one_of("source", SOURCES),
    sa.CheckConstraint("opens_on <= expires_on", name="dates"),
    sa.CheckConstraint(
        "available_fen >= 0 AND committed_fen >= 0 AND paid_fen >= 0 AND recovering_fen >= 0"
        " AND written_off_fen >= 0 AND outside_fen <= 0",
        name="no_pot_below_zero",
    ),
    sa.CheckConstraint(
        "available_fen + committed_fen + paid_fen + recovering_fen + written_off_fen + outside_fen = 0",
        name="no_fen_made_or_lost",
    ),
)

fund_opening = sa.Table(
    "fund_opening",
    METADATA,
    key(),
    to("fund", "fund_id", index=True),
    to("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False, index=True),
    sa.Column("with_below", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("from_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date(), nullable=False),
    money("ceiling_fen", optional=True),
    sa.Column("document", sa.Text(), nullable=False),
    to("account", "opened_by"),
    sa.Column("closed_on", sa.Date()),
    sa.Column("created_at", Instant, nullable=False),
    sa.CheckConstraint("from_on <= until_on", name="dates"),
    sa.CheckConstraint("ceiling_fen > 0", name="ceiling"),
)

entry = sa.Table(
    "entry",
    METADATA,
    key(),
    to("fund", "fund_id", index=True),
    sa.Column("subject_id", sa.Uuid(), nullable=False),
    sa.Column("seq", sa.Integer(), nullable=False),
    to("case", "case_id", optional=True, index=True),
    sa.Column("source_pot", sa.Text(), nullable=False),
    sa.Column("target_pot", sa.Text(), nullable=False),
    money("fen"),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("at", Instant, nullable=False),
    one_of("source_pot", Pot),
    one_of("target_pot", Pot),
    sa.CheckConstraint("fen > 0 AND source_pot <> target_pot", name="amount"),
    sa.ForeignKeyConstraint(["subject_id", "seq"], ["event.subject_id", "event.seq"]),
    sa.UniqueConstraint("subject_id", "seq", "source_pot", "target_pot"),
    sa.Index("ix_entry_recovering", "on", postgresql_where=sa.text("source_pot = 'recovering'")),
)

payment = sa.Table(
    "payment",
    METADATA,
    key(),
    to("case", "case_id", index=True),
    sa.Column("unit_path", Path, nullable=False),
    to("fund", "fund_id"),
    sa.Column("seq", sa.Integer(), nullable=False),
    money("fen"),
    sa.Column("method", sa.Text(), nullable=False),
    to("bank_account", "bank_account_id", optional=True),
    sa.Column("cash_reason", sa.Text()),
    sa.Column("voucher", sa.Text(), nullable=False),
    sa.Column("paid_on", sa.Date(), nullable=False),
    to("account", "paid_by"),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("returned_on", sa.Date()),
    sa.Column("returned_code", sa.Text()),
    sa.Column("recalled_on", sa.Date()),
    sa.Column("receipt_on", sa.Date()),
    sa.Column("receipt_evidence", sa.Text()),
    one_of("method", ("bank", "cash")),
    one_of("state", ("live", "returned", "recalled")),
    sa.CheckConstraint("fen > 0", name="amount"),
    sa.CheckConstraint("(state = 'returned') = (returned_on IS NOT NULL)", name="returned"),
    sa.CheckConstraint("(state = 'recalled') = (recalled_on IS NOT NULL)", name="recalled"),
    sa.CheckConstraint("(method = 'cash') = (cash_reason IS NOT NULL)", name="cash"),
    sa.CheckConstraint("method = 'cash' OR bank_account_id IS NOT NULL", name="account"),
    sa.Index("ix_payment_report", "unit_path", "paid_on"),
    sa.Index("ix_payment_back", "unit_path", postgresql_where=sa.text("state <> 'live'")),
    sa.Index("uq_payment_one_live", "case_id", unique=True, postgresql_where=sa.text("state = 'live'")),
)
