"""Payments of awards."""

import sqlalchemy as sa

from service.db.columns import METADATA, Path, check_in, counted_money, foreign_key, money, primary_key
from workflows.code_lists import PaymentMethod

payment = sa.Table(
    "payment",
    METADATA,
    primary_key(),
    foreign_key("case", "case_id", index=True),
    sa.Column("unit_path", Path, nullable=False),
    foreign_key("fund", "fund_id"),
    sa.Column("seq", sa.Integer(), nullable=False),
    money("fen"),
    sa.Column("method", sa.Text(), nullable=False),
    foreign_key("bank_account", "bank_account_id", optional=True),
    sa.Column("cash_reason", sa.Text()),
    sa.Column("voucher", sa.Text(), nullable=False),
    sa.Column("paid_on", sa.Date(), nullable=False),
    foreign_key("account", "paid_by"),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("returned_on", sa.Date()),
    sa.Column("returned_code", sa.Text()),
    counted_money("recalled_fen"),
    sa.Column("recalled_on", sa.Date()),
    sa.Column("receipt_on", sa.Date()),
    sa.Column("receipt_evidence", sa.Text()),
    check_in("method", PaymentMethod),
    check_in("state", ("live", "returned", "recalled")),
    sa.CheckConstraint("fen > 0 AND recalled_fen BETWEEN 0 AND fen", name="amount"),
    sa.CheckConstraint("(state = 'returned') = (returned_on IS NOT NULL)", name="returned"),
    # A payment recalled in part is live with the rest.
    sa.CheckConstraint(
        "(state = 'recalled') = (recalled_fen = fen) AND (recalled_on IS NULL) = (recalled_fen = 0)"
        " AND (state <> 'returned' OR recalled_fen = 0)",
        name="recalled",
    ),
    sa.CheckConstraint("(method = 'cash') = (cash_reason IS NOT NULL)", name="cash"),
    sa.CheckConstraint("method = 'cash' OR bank_account_id IS NOT NULL", name="account"),
    sa.Index("ix_payment_report", "unit_path", "paid_on"),
    sa.Index("ix_payment_back", "unit_path", postgresql_where=sa.text("state <> 'live'")),
    sa.Index("uq_payment_one_live", "case_id", unique=True, postgresql_where=sa.text("state = 'live'")),
)
