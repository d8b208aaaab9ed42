"""A person without an identity number has a confirmed reason; what files share is found by index."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLE = "number_absence"
FOUND_BY = ("birth_index", "address_index")


def upgrade() -> None:
    for column in FOUND_BY:
        op.add_column("person", sa.Column(column, sa.LargeBinary(), nullable=True))
        op.create_index(op.f(f"ix_person_{column}"), "person", [column])
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_number_absence_dates")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_number_absence_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_absence")),
    )
    op.create_index(op.f("ix_number_absence_person_id"), TABLE, ["person_id"])
    for name, event in (("written_once", "UPDATE OR DELETE"), ("never_truncated", "TRUNCATE")):
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH {each} EXECUTE FUNCTION written_once()")
    op.execute(
        "INSERT INTO second_person_act (subject, action, only_money) VALUES ('household', 'explain_number', FALSE)"
    )


def downgrade() -> None:
    # The rows are written once, so the trigger is off while they go.
    op.execute("ALTER TABLE second_person_act DISABLE TRIGGER written_once")
    op.execute("DELETE FROM second_person_act WHERE action = 'explain_number'")
    op.execute("ALTER TABLE second_person_act ENABLE TRIGGER written_once")
    op.drop_table(TABLE)
    for column in FOUND_BY:
        op.drop_index(op.f(f"ix_person_{column}"), "person")
        op.drop_column("person", column)
