"""Imports of spreadsheets: one row for each act, and one for each record that it made or named again."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, Words, check_in, foreign_key, primary_key, sealed
from workflows.import_codes import ImportedKind, KeptReason

workbook_import = sa.Table(
    "workbook_import",
    METADATA,
    primary_key(),
    foreign_key("account", "by_id"),
    sa.Column("unit_path", Path, nullable=False, index=True),
    sealed("names_sealed", optional=False),
    sa.Column("files", Words, nullable=False),
    sa.Column("rows", sa.Integer(), nullable=False),
    sa.Column("at", Instant, nullable=False),
    foreign_key("confirmation", "undo_confirmation_id", optional=True),
    sa.CheckConstraint("rows >= 0 AND cardinality(files) > 0", name="content"),
)
"""`files` are the SHA-256 of the files in hex, `names_sealed` their names, `rows` the records that the import made.

`undo_confirmation_id` is the last proposal to undo it."""

imported_row = sa.Table(
    "imported_row",
    METADATA,
    sa.Column("import_id", sa.Uuid(), sa.ForeignKey("workbook_import.id"), primary_key=True),
    sa.Column("no", sa.Integer(), primary_key=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("record_id", sa.Uuid(), nullable=False, index=True),
    sa.Column("is_repeat", sa.Boolean(), nullable=False),
    foreign_key("account", "keeper_id"),
    sa.Column("place", sa.Text(), nullable=False),
    sa.Column("undone_on", sa.Date()),
    sa.Column("kept", sa.Text()),
    check_in("kind", ImportedKind),
    check_in("kept", KeptReason),
    sa.CheckConstraint("no > 0", name="number"),
    sa.CheckConstraint("undone_on IS NULL OR kept IS NULL", name="undone"),
    sa.Index(
        "uq_imported_row_made_once",
        "record_id",
        unique=True,
        postgresql_where=sa.text("NOT is_repeat"),
    ),
)
"""`place` is the sheet and the number of the row in it. `is_repeat`: the record was there already, and the file names it.

`keeper_id` is the account in whose name the row was written. `kept` says why an undo kept the record."""
