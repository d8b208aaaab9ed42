"""The record as it stood at an event: a copy that two functions make and drop (docs/decisions/0043)."""

import sqlalchemy as sa
from alembic import op

from migrations.past_records import CREATE, FUNCTIONS

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

DROP_SCHEMAS = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname ~ '^asof_[0-9]+$' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "past_record",
        sa.Column("up_to", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("events_done", sa.BigInteger(), nullable=False),
        sa.Column("events_in_all", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("up_to", name=op.f("pk_past_record")),
        sa.CheckConstraint("up_to > 0 AND events_done >= 0", name=op.f("ck_past_record_numbers")),
    )
    for function in CREATE:
        op.execute(function)
    op.execute(f"REVOKE ALL ON FUNCTION {', '.join(FUNCTIONS)} FROM PUBLIC")


def downgrade() -> None:
    op.execute(DROP_SCHEMAS)
    for function in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("past_record")
