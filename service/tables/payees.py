"""The bank account a household is paid to."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, foreign_key, primary_key, sealed

bank_account = sa.Table(
    "bank_account",
    METADATA,
    primary_key(),
    foreign_key("household", "household_id", index=True),
    foreign_key("person", "person_id"),
    sa.Column("bank", sa.Text(), nullable=False),
    sealed("card_sealed", optional=False),
    sa.Column("card_index", sa.LargeBinary(), nullable=False, index=True),
    sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index("uq_bank_account_one_payee", "household_id", unique=True, postgresql_where=sa.text("active")),
)
