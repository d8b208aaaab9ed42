"""A fund line keeps what its document promises, so that a year's statement can set it beside what came."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fund", sa.Column("expected_fen", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_fund_expected"), "fund", "expected_fen > 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_fund_expected"), "fund")
    op.drop_column("fund", "expected_fen")
