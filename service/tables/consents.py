"""The signed consents of households."""

import sqlalchemy as sa

from service.db.columns import METADATA, foreign_key, primary_key

consent = sa.Table(
    "consent",
    METADATA,
    primary_key(),
    foreign_key("household", "household_id", index=True),
    sa.Column("signed_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date(), nullable=False),
    sa.Column("text_version", sa.Text(), nullable=False),
    sa.Column("adults_signed", sa.SmallInteger(), nullable=False),
    sa.CheckConstraint("signed_on <= until_on AND adults_signed > 0", name="dates"),
)
