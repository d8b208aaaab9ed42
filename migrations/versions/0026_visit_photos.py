"""A visit names its photos, with their digests: they stay with it, and none takes the place of another."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

FUNCTIONS = """
CREATE FUNCTION photo_on_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- FOR SHARE waits for a transaction that is ending the document, and lets none end it before this one is over.
    PERFORM FROM document AS d JOIN stored_file AS f ON f.id = d.file_id JOIN visit AS v ON v.id = NEW.visit_id
        WHERE d.id = NEW.document_id AND d.ended_on IS NULL AND f.sha256 = NEW.sha256
        AND d.household_id = v.household_id AND (d.case_id IS NULL OR d.case_id = v.case_id) FOR SHARE OF d;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'visit_photo: no such document in force of the family'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'photo_on_file';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION photo_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ended_on IS NOT NULL AND EXISTS (SELECT FROM visit_photo AS p JOIN visit AS v ON v.id = p.visit_id
        WHERE p.document_id = NEW.id AND v.voided_on IS NULL) THEN
        RAISE EXCEPTION 'document: a visit names it'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'document_of_visit';
    END IF;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    op.create_table(
        "visit_photo",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_visit_photo_digest")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_photo_visit_id_visit")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_visit_photo_document_id_document")),
        sa.PrimaryKeyConstraint("visit_id", "document_id", name=op.f("pk_visit_photo")),
    )
    op.create_index(op.f("ix_visit_photo_document_id"), "visit_photo", ["document_id"])
    op.execute(FUNCTIONS)
    op.execute(
        "CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON visit_photo"
        " FOR EACH ROW EXECUTE FUNCTION written_once()"
    )
    op.execute(
        "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON visit_photo"
        " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
    )
    # After the row: a visit and its photos are written by one statement.
    op.execute("CREATE TRIGGER photo_on_file AFTER INSERT ON visit_photo FOR EACH ROW EXECUTE FUNCTION photo_on_file()")
    op.execute("CREATE TRIGGER photo_stays BEFORE UPDATE ON document FOR EACH ROW EXECUTE FUNCTION photo_stays()")


def downgrade() -> None:
    op.execute("DROP TRIGGER photo_stays ON document")
    op.drop_table("visit_photo")
    op.execute("DROP FUNCTION photo_on_file, photo_stays")
