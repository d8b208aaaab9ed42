"""A line of a unit above is spent below only while it is opened to that unit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AS_BEFORE = """
INSERT INTO fund_opening (id, fund_id, unit_id, unit_path, with_below, from_on, until_on, document, opened_by, created_at)
SELECT DISTINCT ON (fund.id, "case".unit_id) gen_random_uuid(), fund.id, "case".unit_id, "case".unit_path, false,
    fund.opens_on, fund.expires_on, fund.document, event.actor_id, now()
FROM fund JOIN "case" ON "case".fund_id = fund.id AND "case".unit_id <> fund.unit_id
JOIN event ON event.subject_id = "case".id AND event.seq = "case".version
ORDER BY fund.id, "case".unit_id, "case".id
"""
"""Lines that cases of other units already rest on stay open to those units, so that no case under way is stuck."""


def upgrade() -> None:
    op.create_table(
        "fund_opening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("with_below", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("ceiling_fen", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_fund_opening_dates")),
        sa.CheckConstraint("ceiling_fen > 0", name=op.f("ck_fund_opening_ceiling")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_fund_opening_fund_id_fund")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_fund_opening_unit_id_unit")),
        sa.ForeignKeyConstraint(["opened_by"], ["account.id"], name=op.f("fk_fund_opening_opened_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_opening")),
    )
    op.create_index(op.f("ix_fund_opening_fund_id"), "fund_opening", ["fund_id"])
    op.create_index(op.f("ix_fund_opening_unit_path"), "fund_opening", ["unit_path"])
    op.execute(AS_BEFORE)


def downgrade() -> None:
    op.drop_table("fund_opening")
