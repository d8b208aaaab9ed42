"""Finance lines end instead of being deleted; anchors carry a signed checkpoint."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("anchor", sa.Column("checkpoint", sa.Text(), nullable=True))
    op.add_column("finance_line", sa.Column("ended_on", sa.Date(), nullable=True))
    op.execute(
        "CREATE TRIGGER only_may_change BEFORE UPDATE ON finance_line"
        " FOR EACH ROW EXECUTE FUNCTION only_may_change('person_id', 'ended_on')"
    )
    op.execute(
        "CREATE TRIGGER never_deleted BEFORE DELETE ON finance_line FOR EACH ROW EXECUTE FUNCTION written_once()"
    )
    op.execute(
        "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON finance_line"
        " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER never_truncated ON finance_line")
    op.execute("DROP TRIGGER never_deleted ON finance_line")
    op.execute("DROP TRIGGER only_may_change ON finance_line")
    # The schema before this one reads every line as one of today.
    op.execute("DELETE FROM finance_line WHERE ended_on IS NOT NULL")
    op.drop_column("finance_line", "ended_on")
    op.drop_column("anchor", "checkpoint")
