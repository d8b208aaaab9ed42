"""A long export is made while nobody waits, and kept encrypted for a day for the person who asked for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "prepared_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("query_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("filters", pg.JSONB(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("grants", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("rows_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_in_all", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepared_file")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_prepared_file_account_id_account")),
        sa.CheckConstraint("kind IN ('csv', 'xlsx')", name=op.f("ck_prepared_file_kind")),
        sa.CheckConstraint("state IN ('waiting', 'ready', 'failed', 'removed')", name=op.f("ck_prepared_file_state")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_prepared_file_ended")),
        sa.CheckConstraint(
            "state <> 'ready' OR (size IS NOT NULL AND rows_done = rows_in_all)", name=op.f("ck_prepared_file_whole")
        ),
    )
    op.create_index(op.f("ix_prepared_file_account_id"), "prepared_file", ["account_id"])
    op.create_table(
        "prepared_part",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_prepared_part")),
        sa.ForeignKeyConstraint(["file_id"], ["prepared_file.id"], name=op.f("fk_prepared_part_file_id_prepared_file")),
    )


def downgrade() -> None:
    op.drop_table("prepared_part")
    op.drop_table("prepared_file")
