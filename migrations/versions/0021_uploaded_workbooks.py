"""A workbook that is uploaded on a page is kept encrypted between its dry run and its end."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "uploaded_workbook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("about_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("result_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("confirmation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploaded_workbook")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_uploaded_workbook_account_id_account")),
        sa.ForeignKeyConstraint(
            ["confirmation_id"], ["confirmation.id"], name=op.f("fk_uploaded_workbook_confirmation_id_confirmation")
        ),
        sa.CheckConstraint(
            "state IN ('checked', 'proposed', 'carried_out', 'discarded')", name=op.f("ck_uploaded_workbook_state")
        ),
        sa.CheckConstraint("octet_length(sha256) = 32 AND size > 0", name=op.f("ck_uploaded_workbook_content")),
        sa.CheckConstraint("(state = 'checked') = (ended_at IS NULL)", name=op.f("ck_uploaded_workbook_ended")),
        sa.CheckConstraint(
            "(state = 'checked') = (content_sealed IS NOT NULL)", name=op.f("ck_uploaded_workbook_kept")
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (confirmation_id IS NOT NULL)", name=op.f("ck_uploaded_workbook_proposed")
        ),
    )
    op.create_index(op.f("ix_uploaded_workbook_account_id"), "uploaded_workbook", ["account_id"])


def downgrade() -> None:
    op.drop_table("uploaded_workbook")
