"""A declared kinship bars nobody until it is confirmed, and can be ended."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("declared_by", "confirmed_by"):
        op.add_column("kinship", sa.Column(column, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_kinship_{column}_account"), "kinship", "account", [column], ["id"])
    op.add_column("kinship", sa.Column("confirmed_on", sa.Date(), nullable=True))
    op.add_column("kinship", sa.Column("ended_on", sa.Date(), nullable=True))
    op.execute("UPDATE kinship SET confirmed_on = declared_on")
    op.drop_constraint(op.f("uq_kinship_household_id_account_id"), "kinship")
    live = sa.text("ended_on IS NULL")
    op.create_index(
        "uq_kinship_one_live", "kinship", ["household_id", "account_id"], unique=True, postgresql_where=live
    )


def downgrade() -> None:
    op.execute("DELETE FROM kinship WHERE ended_on IS NOT NULL OR confirmed_on IS NULL")
    op.drop_index("uq_kinship_one_live", "kinship")
    op.create_unique_constraint(op.f("uq_kinship_household_id_account_id"), "kinship", ["household_id", "account_id"])
    op.drop_column("kinship", "ended_on")
    op.drop_column("kinship", "confirmed_on")
    for column in ("confirmed_by", "declared_by"):
        op.drop_column("kinship", column)
