"""Adds corrected applications, the decided category of a file, and the settling time of a fund line."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("first_item", sa.Text(), nullable=True))
    op.add_column("case", sa.Column("first_answers", pg.JSONB(), nullable=True))
    op.add_column("case", sa.Column("first_requested_fen", sa.BigInteger(), nullable=True))
    op.add_column("household", sa.Column("category_on", sa.Date(), nullable=True))
    op.add_column("household", sa.Column("category_case_id", sa.Uuid(), nullable=True))
    op.create_check_constraint(
        op.f("ck_household_category_cites_its_case"),
        "household",
        "(category_on IS NULL) = (category_case_id IS NULL)",
    )
    op.add_column("fund", sa.Column("settles_until", sa.Date(), nullable=True))
    op.create_check_constraint(op.f("ck_fund_settles_after_expiry"), "fund", "settles_until >= expires_on")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_fund_settles_after_expiry"), "fund")
    op.drop_column("fund", "settles_until")
    op.drop_constraint(op.f("ck_household_category_cites_its_case"), "household")
    op.drop_column("household", "category_case_id")
    op.drop_column("household", "category_on")
    op.drop_column("case", "first_requested_fen")
    op.drop_column("case", "first_answers")
    op.drop_column("case", "first_item")
