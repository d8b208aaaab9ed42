"""A person is found by number under every row he has ever had, not only the active one."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_person_id_no_index"), "person", ["id_no_index"])


def downgrade() -> None:
    op.drop_index(op.f("ix_person_id_no_index"), table_name="person")
