"""Documents are rows: scans and photos of families and cases, stored once by their content."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SUBJECTS = (
    *("case", "household", "person", "fund", "unit", "account", "visit", "gift", "donation", "activity", "policy"),
    "confirmation",
)

TABLES = ("stored_file", "document", "paper_document")


def upgrade() -> None:
    op.create_table(
        "stored_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("pages", sa.SmallInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("scanned_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_stored_file_digest")),
        sa.CheckConstraint("size > 0 AND pages > 0", name=op.f("ck_stored_file_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_stored_file_sha256")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind ~ '^[a-z][a-z0-9_]{0,39}$'", name=op.f("ck_document_kind")),
        sa.CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name=op.f("ck_document_ended")),
        *_keys("document", household_id="household", case_id="case", file_id="stored_file", recorded_by="account"),
        *_keys("document", supersedes_id="document"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_document_supersedes_id")),
    )
    for column in ("household_id", "case_id", "file_id", "uploaded_sha256"):
        op.create_index(op.f(f"ix_document_{column}"), "document", [column])
    op.create_table(
        "paper_document",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        *_keys("paper_document", case_id="case", document_id="document"),
        sa.PrimaryKeyConstraint("case_id", "document_id", name=op.f("pk_paper_document")),
    )
    _check_subjects((*SUBJECTS, "document"))
    _guard()


def _guard() -> None:
    """Let a document be ended, and nothing else of the three change."""
    for table in ("stored_file", "paper_document"):
        op.execute(
            f"CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION written_once()"
        )
    op.execute(
        "CREATE TRIGGER only_may_change BEFORE UPDATE ON document"
        " FOR EACH ROW EXECUTE FUNCTION only_may_change('ended_on', 'end_reason')"
    )
    op.execute("CREATE TRIGGER never_deleted BEFORE DELETE ON document FOR EACH ROW EXECUTE FUNCTION written_once()")
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
        )


def downgrade() -> None:
    _check_subjects(SUBJECTS)
    for table in reversed(TABLES):
        op.drop_table(table)


def _keys(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column, target in targets.items()
    ]


def _check_subjects(subjects: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_event_subject"), "event")
    named = ", ".join(f"'{each}'" for each in subjects)
    op.create_check_constraint(op.f("ck_event_subject"), "event", f"subject IN ({named})")
