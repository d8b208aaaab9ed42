"""A recall names its sum: what is recalled, being recovered and written off becomes columns."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MAY_CHANGE = ("state", "returned_on", "returned_code", "recalled_on", "receipt_on", "receipt_evidence")
"""The columns of a payment that could change before."""

# The event log does not record these columns: they are sums of entries, which it does (docs/decisions/0022).
FILL = """
UPDATE "case" SET recovering_fen = sums.recovering, written_off_fen = sums.written_off
FROM (SELECT case_id,
        sum(CASE target_pot WHEN 'recovering' THEN fen ELSE -fen END) AS recovering,
        sum(CASE target_pot WHEN 'written_off' THEN fen ELSE 0 END) AS written_off
    FROM ledger_entry WHERE source_pot = 'recovering' OR target_pot = 'recovering' GROUP BY case_id) AS sums
WHERE "case".id = sums.case_id AND sums.recovering + sums.written_off > 0
"""


def upgrade() -> None:
    for table, column in (("case", "recovering_fen"), ("case", "written_off_fen"), ("payment", "recalled_fen")):
        op.add_column(table, sa.Column(column, sa.BigInteger(), server_default="0", nullable=False))
    _replace_guard((*MAY_CHANGE, "recalled_fen"))
    op.execute(FILL)
    op.execute("UPDATE payment SET recalled_fen = fen WHERE state = 'recalled'")
    op.create_check_constraint(
        op.f("ck_case_recalled"),
        "case",
        "recovering_fen BETWEEN 0 AND outstanding_fen AND written_off_fen >= 0"
        " AND outstanding_fen + written_off_fen <= coalesce(award_fen, 0)",
    )
    _replace_checks(
        amount="fen > 0 AND recalled_fen BETWEEN 0 AND fen",
        recalled="(state = 'recalled') = (recalled_fen = fen) AND (recalled_on IS NULL) = (recalled_fen = 0)"
        " AND (state <> 'returned' OR recalled_fen = 0)",
    )
    _replace_indexes("source_pot = 'recovering' OR target_pot = 'recovering'", "outstanding_fen + written_off_fen > 0")


def downgrade() -> None:
    _replace_indexes("source_pot = 'recovering'", "outstanding_fen > 0")
    op.execute("UPDATE payment SET recalled_on = NULL WHERE state = 'live'")
    _replace_checks(amount="fen > 0", recalled="(state = 'recalled') = (recalled_on IS NOT NULL)")
    op.drop_constraint(op.f("ck_case_recalled"), "case")
    _replace_guard(MAY_CHANGE)
    for table, column in (("payment", "recalled_fen"), ("case", "written_off_fen"), ("case", "recovering_fen")):
        op.drop_column(table, column)


def _replace_guard(columns: tuple[str, ...]) -> None:
    names = ", ".join(f"'{column}'" for column in columns)
    op.execute("DROP TRIGGER only_may_change ON payment")
    op.execute(
        "CREATE TRIGGER only_may_change BEFORE UPDATE ON payment"
        f" FOR EACH ROW EXECUTE FUNCTION only_may_change({names})"
    )


def _replace_checks(*, amount: str, recalled: str) -> None:
    for name, condition in (("amount", amount), ("recalled", recalled)):
        op.drop_constraint(op.f(f"ck_payment_{name}"), "payment")
        op.create_check_constraint(op.f(f"ck_payment_{name}"), "payment", condition)


def _replace_indexes(recall_entries: str, given: str) -> None:
    op.drop_index("ix_ledger_entry_recovering", "ledger_entry")
    op.create_index("ix_ledger_entry_recovering", "ledger_entry", ["on"], postgresql_where=sa.text(recall_entries))
    op.drop_index("uq_case_one_grant_per_school_year", "case")
    op.create_index(
        "uq_case_one_grant_per_school_year",
        "case",
        ["beneficiary_id", sa.literal_column("(answers ->> 'school_year')")],
        unique=True,
        postgresql_where=sa.text(f"{given} AND (answers ->> 'school_year') IS NOT NULL"),
    )
