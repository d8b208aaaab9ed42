"""A million cases: an index for each way lists, counts and inboxes are asked for; a payment lies where its case does."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ARRIVED = "channel = 'inbox' AND state = 'delivered'"

LAID_DOWN = """
ALTER TABLE payment DISABLE TRIGGER only_may_change;
UPDATE payment SET unit_path = "case".unit_path FROM "case" WHERE "case".id = payment.case_id;
ALTER TABLE payment ENABLE TRIGGER only_may_change;
"""
"""Payments are written once; where each lies was known all along, from its case."""


def upgrade() -> None:
    op.create_index("ix_case_newest", "case", ["opened_on", "id"])
    op.create_index("ix_case_state", "case", ["state", "opened_on", "id"])
    op.create_index("ix_case_count", "case", ["unit_path", "programme", "item", "phase", "state"])
    op.create_index("ix_letter_inbox", "letter", ["account_id", "id"], postgresql_where=ARRIVED)
    op.create_index("ix_letter_unread", "letter", ["account_id"], postgresql_where=f"{ARRIVED} AND read_at IS NULL")
    op.create_index("ix_entry_recovering", "entry", ["on"], postgresql_where="source_pot = 'recovering'")
    op.add_column("payment", sa.Column("unit_path", sa.Text(collation="C"), nullable=True))
    op.execute(LAID_DOWN)
    op.alter_column("payment", "unit_path", nullable=False)
    op.create_index("ix_payment_report", "payment", ["unit_path", "paid_on"])
    op.create_index("ix_payment_back", "payment", ["unit_path"], postgresql_where="state <> 'live'")


def downgrade() -> None:
    op.drop_index("ix_payment_back", table_name="payment")
    op.drop_index("ix_payment_report", table_name="payment")
    op.drop_column("payment", "unit_path")
    op.drop_index("ix_entry_recovering", table_name="entry")
    op.drop_index("ix_letter_unread", table_name="letter")
    op.drop_index("ix_letter_inbox", table_name="letter")
    op.drop_index("ix_case_count", table_name="case")
    op.drop_index("ix_case_state", table_name="case")
    op.drop_index("ix_case_newest", table_name="case")
