"""The files of households (一户一档)."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, Words, check_in, foreign_key, primary_key, sealed
from workflows.code_lists import Category, HouseholdKind
from workflows.household_change_codes import ENTERED_BY_MISTAKE, ExitReason

REPORT_COLUMNS = (
    *("id", "unit_id", "file_no", "kind", "category", "filed_on", "exited_on"),
    *("exit_reason", "first_unit_path"),
)
"""Columns that reports read of every file."""

household = sa.Table(
    "household",
    METADATA,
    primary_key(),
    foreign_key("unit", "unit_id", index=True),
    sa.Column("unit_path", Path, nullable=False, index=True),
    sa.Column("file_no", Path, nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("identity", sa.Text(), nullable=False),
    sa.Column("division", sa.Text(), nullable=False),
    sa.Column("cause", sa.Text(), nullable=False),
    sa.Column("category", sa.Text()),
    sa.Column("category_on", sa.Date()),
    # No foreign key: case.household_id already points the other way.
    sa.Column("category_case_id", sa.Uuid()),
    sa.Column("observed", Words, nullable=False, server_default="{}"),
    sa.Column("event_kind", sa.Text()),
    sa.Column("idle_able_members", sa.SmallInteger(), nullable=False, server_default="0"),
    sa.Column("finances_as_of", sa.Date()),
    sa.Column("filed_on", sa.Date(), nullable=False),
    sa.Column("exited_on", sa.Date()),
    sa.Column("exit_reason", sa.Text()),
    # Unit and file number before the first move (docs/decisions/0025); empty while the file has not moved.
    foreign_key("unit", "first_unit_id", optional=True),
    sa.Column("first_unit_path", Path),
    sa.Column("first_file_no", sa.Text()),
    sealed("story_sealed"),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("aid_version", sa.Integer(), nullable=False, server_default="0"),
    # A file that was entered by mistake leaves its number to the right one.
    sa.Index(
        "uq_household_unit_id_file_no",
        "unit_id",
        "file_no",
        unique=True,
        postgresql_where=sa.text(f"exit_reason IS DISTINCT FROM '{ENTERED_BY_MISTAKE}'"),
    ),
    # Counts use the narrow index on unit_path; a report reads every file of a county from this index alone.
    sa.Index("ix_household_report", "unit_path", postgresql_include=REPORT_COLUMNS),
    sa.Index("ix_household_first_unit", "first_unit_path", postgresql_where=sa.text("first_unit_path IS NOT NULL")),
    # The orders of the list of families, and the search by the beginning of a file number.
    sa.Index("ix_household_file_no", "file_no", "id"),
    sa.Index("ix_household_newest", "filed_on", "id"),
    sa.Index("ix_household_first_file_no", "first_file_no", postgresql_where=sa.text("first_file_no IS NOT NULL")),
    check_in("kind", HouseholdKind),
    check_in("category", Category),
    check_in("exit_reason", (*ExitReason, ENTERED_BY_MISTAKE)),
    sa.CheckConstraint("exited_on IS NULL OR exited_on >= filed_on", name="dates"),
    sa.CheckConstraint("exit_reason IS NULL OR exited_on IS NOT NULL", name="exit"),
    sa.CheckConstraint("(first_unit_id IS NULL) = (first_unit_path IS NULL)", name="first_unit"),
    sa.CheckConstraint("idle_able_members >= 0", name="idle"),
    sa.CheckConstraint("(category_on IS NULL) = (category_case_id IS NULL)", name="category_cites_its_case"),
)
