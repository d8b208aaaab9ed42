"""Persons are found by search keys; the list of families has an index for each of its orders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FILE_NO = "ALTER TABLE household ALTER COLUMN file_no TYPE text"


def upgrade() -> None:
    # The keys need the keyring: `songnuan migrate` and `songnuan serve` fill them after the migration.
    op.add_column("person", sa.Column("search_index", pg.ARRAY(sa.LargeBinary()), nullable=True))
    op.create_index(
        "ix_person_search", "person", ["search_index"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )
    missing = sa.text("search_index IS NULL")
    op.create_index("ix_person_search_missing", "person", ["id"], postgresql_where=missing)
    # In the order of the C collation an index answers the beginning of a file number, whatever the database's locale.
    op.execute(f'{FILE_NO} COLLATE "C"')
    op.create_index("ix_household_file_no", "household", ["file_no", "id"])
    op.create_index("ix_household_newest", "household", ["filed_on", "id"])
    moved = sa.text("first_file_no IS NOT NULL")
    op.create_index("ix_household_first_file_no", "household", ["first_file_no"], postgresql_where=moved)


def downgrade() -> None:
    for index in ("first_file_no", "newest", "file_no"):
        op.drop_index(f"ix_household_{index}", "household")
    op.execute(f'{FILE_NO} COLLATE pg_catalog."default"')
    for index in ("ix_person_search_missing", "ix_person_search"):
        op.drop_index(index, "person")
    op.drop_column("person", "search_index")
