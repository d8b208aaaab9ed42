"""How often a family was given something stands in its file: who weighs that sees by it that he looked too early."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("household", sa.Column("given", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("household", "given")
