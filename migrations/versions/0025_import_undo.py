"""An import is one act that names its records, and can be undone; a file entered by mistake frees its number."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SUBJECTS = (
    *("case", "household", "person", "fund", "unit", "account", "visit", "gift", "donation", "activity", "policy"),
    *("confirmation", "document"),
)
KINDS = (
    *("unit", "account", "role_grant", "fund", "fund_receipt", "fund_allocation", "household", "pairing", "kinship"),
    *("visit", "gift", "donation", "activity"),
)
KEPT = tuple(
    f"undo_{why}"
    for why in (
        *(
            "no_reversal",
            "named_again",
            "voided",
            "file_ended",
            "role_missing",
            "own_family",
            "approver_needed",
            "money_in_use",
        ),
        *("has_gifts", "has_visits", "was_paid", "has_cases", "has_documents", "touched", "has_records"),
    )
)
EXIT_REASONS = (
    *("lifted_out", "death", "retired", "transferred", "misidentified", "requested", "state_safety_net", "other"),
)
MISTAKE = "entered_by_mistake"
TABLES = {"workbook_import": "'undo_confirmation_id'", "imported_row": "'undone_on', 'kept'"}


def upgrade() -> None:
    op.create_table(
        "workbook_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("names_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("files", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undo_confirmation_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("rows >= 0 AND cardinality(files) > 0", name=op.f("ck_workbook_import_content")),
        *_keys("workbook_import", by_id="account", undo_confirmation_id="confirmation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workbook_import")),
    )
    op.create_index(op.f("ix_workbook_import_unit_path"), "workbook_import", ["unit_path"])
    _create_rows()
    _guard()
    _check_in("event", "subject", (*SUBJECTS, "import"))
    for table in ("household", "household_change"):
        _check_in(table, "exit_reason", (*EXIT_REASONS, MISTAKE))
    op.drop_constraint(op.f("uq_household_unit_id_file_no"), "household")
    op.create_index(
        "uq_household_unit_id_file_no",
        "household",
        ["unit_id", "file_no"],
        unique=True,
        postgresql_where=sa.text(f"exit_reason IS DISTINCT FROM '{MISTAKE}'"),
    )
    op.execute("INSERT INTO second_person_act (subject, action, only_money) VALUES ('import', 'undo', false)")


def _create_rows() -> None:
    op.create_table(
        "imported_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("is_repeat", sa.Boolean(), nullable=False),
        sa.Column("keeper_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("undone_on", sa.Date(), nullable=True),
        sa.Column("kept", sa.Text(), nullable=True),
        sa.CheckConstraint(f"kind IN ({_quoted(KINDS)})", name=op.f("ck_imported_row_kind")),
        sa.CheckConstraint(f"kept IN ({_quoted(KEPT)})", name=op.f("ck_imported_row_kept")),
        sa.CheckConstraint("no > 0", name=op.f("ck_imported_row_number")),
        sa.CheckConstraint("undone_on IS NULL OR kept IS NULL", name=op.f("ck_imported_row_undone")),
        *_keys("imported_row", import_id="workbook_import", keeper_id="account"),
        sa.PrimaryKeyConstraint("import_id", "no", name=op.f("pk_imported_row")),
    )
    op.create_index(op.f("ix_imported_row_record_id"), "imported_row", ["record_id"])
    made = sa.text("NOT is_repeat")
    op.create_index("uq_imported_row_made_once", "imported_row", ["record_id"], unique=True, postgresql_where=made)


def _guard() -> None:
    """Let what became of a row and the proposal of an undo be written down, and nothing else of the two change."""
    for table, columns in TABLES.items():
        op.execute(
            f"CREATE TRIGGER only_may_change BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION only_may_change({columns})"
        )
        op.execute(
            f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION written_once()"
        )
        op.execute(
            f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
        )


def downgrade() -> None:
    op.execute("ALTER TABLE second_person_act DISABLE TRIGGER written_once")
    op.execute("DELETE FROM second_person_act WHERE subject = 'import'")
    op.execute("ALTER TABLE second_person_act ENABLE TRIGGER written_once")
    op.drop_index("uq_household_unit_id_file_no", "household")
    op.create_unique_constraint(op.f("uq_household_unit_id_file_no"), "household", ["unit_id", "file_no"])
    for table in ("household", "household_change"):
        _check_in(table, "exit_reason", EXIT_REASONS)
    _check_in("event", "subject", SUBJECTS)
    op.drop_table("imported_row")
    op.drop_table("workbook_import")


def _keys(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column, target in targets.items()
    ]


def _check_in(table: str, column: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({_quoted(values)})")


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{each}'" for each in values)
