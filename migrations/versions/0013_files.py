"""The files of a unit are told from an index alone: a county's report counts them all, whatever else it asks."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TOLD = ["id", "unit_id", "file_no", "kind", "category", "filed_on", "exited_on"]


def upgrade() -> None:
    op.create_index("ix_household_report", "household", ["unit_path"], postgresql_include=TOLD)


def downgrade() -> None:
    op.drop_index("ix_household_report", table_name="household")
