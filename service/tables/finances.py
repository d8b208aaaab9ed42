"""Finance lines: income, spending and assets of households."""

import sqlalchemy as sa

from service.db.columns import METADATA, check_in, foreign_key, money, primary_key
from workflows.code_lists import LineSide

finance_line = sa.Table(
    "finance_line",
    METADATA,
    primary_key(),
    foreign_key("household", "household_id", index=True),
    foreign_key("person", "person_id", optional=True),
    sa.Column("side", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    money("fen"),
    money("reimbursed_fen"),
    sa.Column("ended_on", sa.Date()),
    check_in("side", LineSide),
    sa.CheckConstraint("fen >= 0 AND reimbursed_fen >= 0 AND reimbursed_fen <= fen", name="amount"),
    sa.CheckConstraint("side = 'spending' OR reimbursed_fen = 0", name="reimbursed"),
)
"""`ended_on` is the day on which other lines took the line's place; a line is never deleted (docs/decisions/0029)."""
