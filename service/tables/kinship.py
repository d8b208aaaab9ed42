"""Kinship of staff with households."""

import sqlalchemy as sa

from service.db.columns import METADATA, foreign_key, primary_key

kinship = sa.Table(
    "kinship",
    METADATA,
    primary_key(),
    foreign_key("household", "household_id"),
    foreign_key("account", "account_id", index=True),
    sa.Column("relation", sa.Text(), nullable=False),
    sa.Column("declared_on", sa.Date(), nullable=False),
    foreign_key("account", "declared_by", optional=True),
    sa.Column("confirmed_on", sa.Date()),
    foreign_key("account", "confirmed_by", optional=True),
    sa.Column("ended_on", sa.Date()),
    sa.Column("end_reason", sa.Text()),
    sa.Index(
        "uq_kinship_one_live", "household_id", "account_id", unique=True, postgresql_where=sa.text("ended_on IS NULL")
    ),
)
