"""Changes of a household's file: head, exit, filing again, unit, and members who leave or join."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, check_in, foreign_key, primary_key, sealed
from workflows.household_change_codes import ENTERED_BY_MISTAKE, ExitReason, HouseholdChangeKind

household_change = sa.Table(
    "household_change",
    METADATA,
    primary_key(),
    foreign_key("household", "household_id", index=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("document", sa.Text()),
    sealed("note_sealed"),
    # The unit that held the file when it changed: a report of that unit counts the change.
    foreign_key("unit", "unit_id"),
    sa.Column("unit_path", Path, nullable=False),
    foreign_key("unit", "to_unit_id", optional=True),
    sa.Column("to_unit_path", Path),
    sa.Column("file_no", sa.Text(), nullable=False),
    foreign_key("person", "person_id", optional=True),
    foreign_key("person", "other_person_id", optional=True),
    foreign_key("household", "other_household_id", optional=True),
    sa.Column("exited_on", sa.Date()),
    sa.Column("exit_reason", sa.Text()),
    foreign_key("account", "recorded_by"),
    sa.Column("created_at", Instant, nullable=False),
    check_in("kind", HouseholdChangeKind),
    check_in("exit_reason", (*ExitReason, ENTERED_BY_MISTAKE)),
    sa.CheckConstraint("(kind = 'moved') = (to_unit_id IS NOT NULL)", name="move"),
    sa.CheckConstraint("(to_unit_id IS NULL) = (to_unit_path IS NULL)", name="to_unit"),
    sa.CheckConstraint("(kind = 'filed_again') = (exited_on IS NOT NULL)", name="filed_again"),
    sa.CheckConstraint("(kind IN ('left', 'joined')) = (other_household_id IS NOT NULL)", name="other_household"),
    sa.CheckConstraint("kind IN ('exited', 'filed_again', 'moved') OR person_id IS NOT NULL", name="person"),
    sa.Index("ix_household_change_report", "unit_path", "kind", "on"),
)
