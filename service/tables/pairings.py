"""Units paired with a household."""

import sqlalchemy as sa

from service.db.columns import METADATA, foreign_key, primary_key, recorded_once

pairing = sa.Table(
    "pairing",
    METADATA,
    primary_key(),
    foreign_key("household", "household_id", index=True),
    foreign_key("unit", "unit_id"),
    sa.Column("programme_name", sa.Text(), nullable=False),
    sa.Column("issued_by", sa.Text(), nullable=False),
    sa.Column("from_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date()),
    *recorded_once("pairing"),
)
