"""The journal of a fund line is read in the order of its entries."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_ledger_entry_journal", "ledger_entry", ["fund_id", "id"])
    op.drop_index("ix_ledger_entry_fund_id", "ledger_entry")


def downgrade() -> None:
    op.create_index("ix_ledger_entry_fund_id", "ledger_entry", ["fund_id"])
    op.drop_index("ix_ledger_entry_journal", "ledger_entry")
