"""The cases of a unit that ended in a year are found by index: the report counts them, and nothing else asked for them."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_over", "case", ["unit_path", "entered_on"], postgresql_where="phase = 'ended'")


def downgrade() -> None:
    op.drop_index("ix_case_over", table_name="case")
