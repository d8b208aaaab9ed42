"""The order of arrival of events, the head of every chain, and the anchors over all of it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HEADS = """
INSERT INTO chain_head (id, seq, hash)
SELECT DISTINCT ON (subject_id) subject_id, seq, hash FROM event WHERE subject <> 'case' ORDER BY subject_id, seq DESC
"""


def upgrade() -> None:
    op.add_column("event", sa.Column("no", sa.BigInteger(), sa.Identity(), nullable=False))
    op.create_unique_constraint(op.f("uq_event_no"), "event", ["no"])
    op.create_table(
        "chain_head",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq > 0 AND octet_length(hash) = 32", name=op.f("ck_chain_head_chain")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_head")),
    )
    op.create_table(
        "anchor",
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "no > 0 AND events > 0 AND octet_length(root) = 32 AND octet_length(hash) = 32",
            name=op.f("ck_anchor_chain"),
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_anchor")),
        sa.UniqueConstraint("up_to", name=op.f("uq_anchor_up_to")),
    )
    op.execute(HEADS)
    op.execute(
        "CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON anchor FOR EACH ROW EXECUTE FUNCTION written_once()"
    )
    op.execute("CREATE TRIGGER never_deleted BEFORE DELETE ON chain_head FOR EACH ROW EXECUTE FUNCTION written_once()")
    op.execute(
        "CREATE TRIGGER only_may_change BEFORE UPDATE ON chain_head"
        " FOR EACH ROW EXECUTE FUNCTION only_may_change('seq', 'hash')"
    )
    for table in ("anchor", "chain_head"):
        op.execute(
            f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
        )


def downgrade() -> None:
    op.drop_table("anchor")
    op.drop_table("chain_head")
    op.drop_constraint(op.f("uq_event_no"), "event", type_="unique")
    op.drop_column("event", "no")
