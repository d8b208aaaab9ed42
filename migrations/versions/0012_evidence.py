"""Evidence keeps what it saw, visitors confirm their visits, and the pairs of incompatible duties are complete."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FIRST_PEOPLE = ("registrar", "filer", "visitor")
DECIDERS = ("reviewer", *(f"approver_{tier}" for tier in range(1, 10)))
INCOMPATIBLE = (
    *((maker, "verifier") for maker in FIRST_PEOPLE),
    ("verifier", "reviewer"),
    *((decider, after) for decider in DECIDERS for after in ("receipt_witness", "follower")),
    *((maker, "follower") for maker in (*FIRST_PEOPLE, "receipt_witness")),
)
SEES = ("visit", "verification", "notice")


def upgrade() -> None:
    for table in SEES:
        op.add_column(table, sa.Column("seen", postgresql.JSONB(), nullable=True))
    op.add_column("notice", sa.Column("award_fen", sa.BigInteger(), nullable=True))
    _create_visit_confirmation()
    rows = ", ".join(f"('{one}', '{other}')" for one, other in INCOMPATIBLE)
    op.execute(f"INSERT INTO incompatible_duty (one, other) VALUES {rows}")  # noqa: S608 - our own constants


def _create_visit_confirmation() -> None:
    name = "visit_confirmation"
    op.create_table(
        name,
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id", "account_id"],
            ["visit_visitor.visit_id", "visit_visitor.account_id"],
            name=op.f("fk_visit_confirmation_visit_id_visit_visitor"),
        ),
        sa.PrimaryKeyConstraint("visit_id", "account_id", name=op.f("pk_visit_confirmation")),
    )
    op.create_index(op.f("ix_visit_confirmation_account_id"), name, ["account_id"])
    op.execute(
        f"CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION written_once()"
    )
    op.execute(
        f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
    )


def downgrade() -> None:
    # The rows are written once, so the trigger is off while they go.
    op.execute("ALTER TABLE incompatible_duty DISABLE TRIGGER written_once")
    pairs = ", ".join(f"('{one}', '{other}')" for one, other in INCOMPATIBLE)
    op.execute(f"DELETE FROM incompatible_duty WHERE (one, other) IN ({pairs})")  # noqa: S608 - our own constants
    op.execute("ALTER TABLE incompatible_duty ENABLE TRIGGER written_once")
    op.drop_table("visit_confirmation")
    op.drop_column("notice", "award_fen")
    for table in SEES:
        op.drop_column(table, "seen")
