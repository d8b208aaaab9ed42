"""The file of a family (一户一档): household, its economy, consent, kinship with staff, pairing."""

import sqlalchemy as sa

from service.db import METADATA, Instant, Path, Words, key, money, one_of, sealed, to
from workflows.code_lists import Category, HouseholdKind, LineSide

household = sa.Table(
    "household",
    METADATA,
    key(),
    to("unit", "unit_id", index=True),
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
    sa.Column("economy_as_of", sa.Date()),
    sa.Column("filed_on", sa.Date(), nullable=False),
    sa.Column("exited_on", sa.Date()),
    sealed("story_sealed"),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("given", sa.Integer(), nullable=False, server_default="0"),
    sa.UniqueConstraint("unit_id", "file_no"),
    # Counted by the narrow index; a report tells every file of a county from this one alone.
    sa.Index(
        "ix_household_report",
        "unit_path",
        postgresql_include=["id", "unit_id", "file_no", "kind", "category", "filed_on", "exited_on"],
    ),
    one_of("kind", HouseholdKind),
    one_of("category", Category),
    sa.CheckConstraint("exited_on IS NULL OR exited_on >= filed_on", name="dates"),
    sa.CheckConstraint("idle_able_members >= 0", name="idle"),
)

economy_line = sa.Table(
    "economy_line",
    METADATA,
    key(),
    to("household", "household_id", index=True),
    to("person", "person_id", optional=True),
    sa.Column("side", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    money("fen"),
    money("reimbursed_fen"),
    one_of("side", LineSide),
    sa.CheckConstraint("fen >= 0 AND reimbursed_fen >= 0 AND reimbursed_fen <= fen", name="amount"),
    sa.CheckConstraint("side = 'spending' OR reimbursed_fen = 0", name="reimbursed"),
)

consent = sa.Table(
    "consent",
    METADATA,
    key(),
    to("household", "household_id", index=True),
    sa.Column("signed_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date(), nullable=False),
    sa.Column("text_version", sa.Text(), nullable=False),
    sa.Column("adults_signed", sa.SmallInteger(), nullable=False),
    sa.CheckConstraint("signed_on <= until_on AND adults_signed > 0", name="dates"),
)

kinship = sa.Table(
    "kinship",
    METADATA,
    key(),
    to("household", "household_id"),
    to("account", "account_id", index=True),
    sa.Column("relation", sa.Text(), nullable=False),
    sa.Column("declared_on", sa.Date(), nullable=False),
    to("account", "declared_by", optional=True),
    sa.Column("confirmed_on", sa.Date()),
    to("account", "confirmed_by", optional=True),
    sa.Column("ended_on", sa.Date()),
    sa.Index(
        "uq_kinship_one_live", "household_id", "account_id", unique=True, postgresql_where=sa.text("ended_on IS NULL")
    ),
)

pairing = sa.Table(
    "pairing",
    METADATA,
    key(),
    to("household", "household_id", index=True),
    to("unit", "unit_id"),
    sa.Column("programme_name", sa.Text(), nullable=False),
    sa.Column("issued_by", sa.Text(), nullable=False),
    sa.Column("from_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date()),
    sa.UniqueConstraint("household_id", "unit_id", "from_on"),
)
