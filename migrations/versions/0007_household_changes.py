"""Changes of a household's file; the unit of files and cases may change."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REPORT_COLUMNS = ["id", "unit_id", "file_no", "kind", "category", "filed_on", "exited_on"]
EXIT_REASONS = (
    "exit_reason IN ('lifted_out', 'death', 'retired', 'transferred', 'misidentified', 'requested',"
    " 'state_safety_net', 'other')"
)
KINDS = "kind IN ('head', 'exited', 'filed_again', 'moved', 'left', 'joined')"
COLUMNS = (
    ("household", "first_unit_id", sa.Uuid()),
    ("household", "first_unit_path", sa.Text(collation="C")),
    ("household", "first_file_no", sa.Text()),
    ("household", "exit_reason", sa.Text()),
    ("case", "first_unit_id", sa.Uuid()),
    ("case", "first_unit_path", sa.Text(collation="C")),
    ("person", "first_person_id", sa.Uuid()),
)
MOVABLE = ("household", "case")
FIRST_UNIT = "(first_unit_id IS NULL) = (first_unit_path IS NULL)"
CHECKS = (
    ("household", "exit_reason", EXIT_REASONS),
    ("household", "exit", "exit_reason IS NULL OR exited_on IS NOT NULL"),
    ("household", "first_unit", FIRST_UNIT),
    ("case", "first_unit", FIRST_UNIT),
)
REFERENCES = (
    ("household", "first_unit_id", "unit"),
    ("case", "first_unit_id", "unit"),
    ("person", "first_person_id", "person"),
)


def upgrade() -> None:
    for table, name, column_type in COLUMNS:
        op.add_column(table, sa.Column(name, column_type, nullable=True))
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    for table, name, target in REFERENCES:
        op.create_foreign_key(op.f(f"fk_{table}_{name}_{target}"), table, target, [name], ["id"])
    op.create_index(op.f("ix_person_first_person_id"), "person", ["first_person_id"], unique=False)
    for table in MOVABLE:
        op.create_index(
            f"ix_{table}_first_unit",
            table,
            ["first_unit_path"],
            unique=False,
            postgresql_where=sa.text("first_unit_path IS NOT NULL"),
        )
    _create_report_index([*REPORT_COLUMNS, "exit_reason", "first_unit_path"])
    _create_household_change()


def _create_report_index(columns: list[str]) -> None:
    op.drop_index("ix_household_report", table_name="household")
    op.create_index("ix_household_report", "household", ["unit_path"], unique=False, postgresql_include=columns)


def _create_household_change() -> None:
    op.create_table(
        "household_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("to_unit_id", sa.Uuid(), nullable=True),
        sa.Column("to_unit_path", sa.Text(collation="C"), nullable=True),
        sa.Column("file_no", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("other_person_id", sa.Uuid(), nullable=True),
        sa.Column("other_household_id", sa.Uuid(), nullable=True),
        sa.Column("exited_on", sa.Date(), nullable=True),
        sa.Column("exit_reason", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *_conditions(),
        *_references(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_change")),
    )
    op.create_index(op.f("ix_household_change_household_id"), "household_change", ["household_id"], unique=False)
    op.create_index("ix_household_change_report", "household_change", ["unit_path", "kind", "on"], unique=False)
    op.execute(
        "CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON household_change"
        " FOR EACH ROW EXECUTE FUNCTION written_once()"
    )
    op.execute(
        "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON household_change"
        " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
    )


def _conditions() -> list[sa.CheckConstraint]:
    conditions = {
        "kind": KINDS,
        "exit_reason": EXIT_REASONS,
        "move": "(kind = 'moved') = (to_unit_id IS NOT NULL)",
        "to_unit": "(to_unit_id IS NULL) = (to_unit_path IS NULL)",
        "filed_again": "(kind = 'filed_again') = (exited_on IS NOT NULL)",
        "other_household": "(kind IN ('left', 'joined')) = (other_household_id IS NOT NULL)",
        "person": "kind IN ('exited', 'filed_again', 'moved') OR person_id IS NOT NULL",
    }
    return [
        sa.CheckConstraint(condition, name=op.f(f"ck_household_change_{name}"))
        for name, condition in conditions.items()
    ]


def _references() -> list[sa.ForeignKeyConstraint]:
    targets = {"household_id": "household", "unit_id": "unit", "to_unit_id": "unit", "person_id": "person"}
    targets |= {"other_person_id": "person", "other_household_id": "household", "recorded_by": "account"}
    return [
        sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_household_change_{name}_{target}"))
        for name, target in targets.items()
    ]


def downgrade() -> None:
    op.drop_table("household_change")
    _create_report_index(REPORT_COLUMNS)
    for table in MOVABLE:
        op.drop_index(f"ix_{table}_first_unit", table_name=table)
    op.drop_index(op.f("ix_person_first_person_id"), table_name="person")
    for table, name, target in REFERENCES:
        op.drop_constraint(op.f(f"fk_{table}_{name}_{target}"), table, type_="foreignkey")
    for table, name, _condition in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    for table, name, _column_type in reversed(COLUMNS):
        op.drop_column(table, name)
