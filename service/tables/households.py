"""The files of households (一户一档)."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, Words, check_in, foreign_key, primary_key, sealed
from workflows.code_lists import Category, HouseholdKind

household = sa.Table(
    "household",
    METADATA,
    primary_key(),
    foreign_key("unit", "unit_id", index=True),
    sa.Column("unit_path", Path, nullable=False, index=True),
    sa.Column("file_no", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("identity", sa.Text(), nullable=False),
    sa.Column("division", sa.Text(), nullable=False),
    sa.Column("cause", sa.Text(), nullable=False),
    sa.Column("category", sa.Text()),
    sa.Column("observed", Words, nullable=False, server_default="{}"),
    sa.Column("event_kind", sa.Text()),
    sa.Column("idle_able_members", sa.SmallInteger(), nullable=False, server_default="0"),
    sa.Column("finances_as_of", sa.Date()),
    sa.Column("filed_on", sa.Date(), nullable=False),
    sa.Column("exited_on", sa.Date()),
    sealed("story_sealed"),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("aid_version", sa.Integer(), nullable=False, server_default="0"),
    sa.UniqueConstraint("unit_id", "file_no"),
    # Counts use the narrow index on unit_path; a report reads every file of a county from this index alone.
    sa.Index(
        "ix_household_report",
        "unit_path",
        postgresql_include=["id", "unit_id", "file_no", "kind", "category", "filed_on", "exited_on"],
    ),
    check_in("kind", HouseholdKind),
    check_in("category", Category),
    sa.CheckConstraint("exited_on IS NULL OR exited_on >= filed_on", name="dates"),
    sa.CheckConstraint("idle_able_members >= 0", name="idle"),
)
