"""Confirmed reasons why a person has no identity number on file."""

import sqlalchemy as sa

from service.db.columns import METADATA, foreign_key, primary_key

number_absence = sa.Table(
    "number_absence",
    METADATA,
    primary_key(),
    foreign_key("person", "person_id", index=True),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("document", sa.Text(), nullable=False),
    sa.Column("from_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date(), nullable=False),
    sa.CheckConstraint("from_on <= until_on", name="dates"),
)
