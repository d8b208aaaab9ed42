"""Copies of the record as it stood at an event, each for a day: which there are, and how far they are made."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant

past_record = sa.Table(
    "past_record",
    METADATA,
    sa.Column("up_to", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("revision", sa.Text(), nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("events_done", sa.BigInteger(), nullable=False),
    sa.Column("events_in_all", sa.BigInteger(), nullable=False),
    sa.Column("made_at", Instant),
    sa.CheckConstraint("up_to > 0 AND events_done >= 0", name="numbers"),
)
"""The copy is the schema `asof_<up_to>`, made at the migration `revision`: after another one it is made again.

The functions copy_past_record() and drop_past_records() write this table (migrations/past_records.py)."""
