"""Payments of awards, and what cashiers state of the bank's advice about returns and recoveries."""

import sqlalchemy as sa

from service.db.columns import METADATA, Path, check_in, counted_money, foreign_key, money, primary_key
from workflows.code_lists import PaymentMethod
from workflows.payment_states import PaymentState

payment_move = sa.Table(
    "payment_move",
    METADATA,
    sa.Column("from_state", sa.Text(), primary_key=True),
    sa.Column("to_state", sa.Text(), primary_key=True),
)

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
    # Null in payments of before vouchers were used once.
    sa.Column("voucher_year", sa.SmallInteger()),
    # The day on which the money left the fund, and the year it belongs to.
    sa.Column("paid_on", sa.Date(), nullable=False),
    foreign_key("account", "paid_by"),
    sa.Column("state", sa.Text(), nullable=False),
    # The bank's advice of the arrival or the failure; for cash, the receipt that the second person saw signed.
    sa.Column("advice_no", sa.Text()),
    sa.Column("advised_on", sa.Date()),
    foreign_key("account", "confirmed_by", optional=True),
    sa.Column("returned_on", sa.Date()),
    sa.Column("returned_code", sa.Text()),
    counted_money("recalled_fen"),
    sa.Column("recalled_on", sa.Date()),
    sa.Column("receipt_on", sa.Date()),
    sa.Column("receipt_evidence", sa.Text()),
    check_in("method", PaymentMethod),
    check_in("state", PaymentState),
    sa.CheckConstraint("fen > 0 AND recalled_fen BETWEEN 0 AND fen", name="amount"),
    sa.CheckConstraint("(state IN ('failed', 'returned')) = (returned_on IS NOT NULL)", name="returned"),
    # A payment recalled in part is live with the rest.
    sa.CheckConstraint(
        "(state = 'recalled') = (recalled_fen = fen) AND (recalled_on IS NULL) = (recalled_fen = 0)"
        " AND (state IN ('live', 'recalled') OR recalled_fen = 0)",
        name="recalled",
    ),
    sa.CheckConstraint("(method = 'cash') = (cash_reason IS NOT NULL)", name="cash"),
    sa.CheckConstraint("method = 'cash' OR bank_account_id IS NOT NULL", name="account"),
    sa.CheckConstraint("voucher_year = extract(year from paid_on)", name="voucher_year"),
    sa.CheckConstraint(
        "(advice_no IS NULL) = (advised_on IS NULL) AND (advice_no IS NULL) = (confirmed_by IS NULL)"
        " AND (voucher_year IS NULL OR (state = 'sent') = (advice_no IS NULL)) AND advised_on >= paid_on",
        name="advice",
    ),
    sa.CheckConstraint("confirmed_by <> paid_by", name="two_people"),
    sa.Index("ix_payment_report", "unit_path", "paid_on"),
    sa.Index("ix_payment_back", "unit_path", postgresql_where=sa.text("state <> 'live'")),
    sa.Index(
        "uq_payment_one_out",
        "case_id",
        unique=True,
        postgresql_where=sa.text("state IN ('sent', 'live', 'returning')"),
    ),
    sa.Index("uq_payment_voucher", "fund_id", "voucher_year", "voucher", unique=True),
    sa.Index(
        "uq_payment_advice", "fund_id", "advice_no", unique=True, postgresql_where=sa.text("advice_no IS NOT NULL")
    ),
)

bank_advice = sa.Table(
    "bank_advice",
    METADATA,
    primary_key(),
    foreign_key("case", "case_id", index=True),
    foreign_key("payment", "payment_id", index=True),
    foreign_key("fund", "fund_id"),
    sa.Column("seq", sa.Integer(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("code", sa.Text()),
    sa.Column("advice_no", sa.Text(), nullable=False),
    sa.Column("advised_on", sa.Date(), nullable=False),
    money("fen"),
    sa.Column("voucher", sa.Text(), nullable=False),
    sa.Column("voucher_year", sa.SmallInteger(), nullable=False),
    foreign_key("account", "stated_by"),
    sa.Column("state", sa.Text(), nullable=False),
    foreign_key("account", "decided_by", optional=True),
    sa.Column("decided_on", sa.Date()),
    check_in("kind", ("return", "recovery")),
    check_in("state", ("stated", "confirmed", "rejected")),
    sa.CheckConstraint("fen > 0", name="amount"),
    sa.CheckConstraint("(kind = 'return') = (code IS NOT NULL)", name="code"),
    sa.CheckConstraint(
        "(state = 'stated') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_on IS NULL)", name="decided"
    ),
    sa.CheckConstraint("decided_by <> stated_by", name="two_people"),
    sa.Index("uq_bank_advice_one_stated", "case_id", unique=True, postgresql_where=sa.text("state = 'stated'")),
    # One advice proves one movement; what was rejected may be stated again.
    sa.Index(
        "uq_bank_advice_number", "fund_id", "advice_no", unique=True, postgresql_where=sa.text("state <> 'rejected'")
    ),
    sa.Index(
        "uq_bank_advice_voucher",
        "fund_id",
        "voucher_year",
        "voucher",
        unique=True,
        postgresql_where=sa.text("state <> 'rejected'"),
    ),
)
