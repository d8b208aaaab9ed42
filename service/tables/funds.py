"""Fund lines with the balances of their pots."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, Words, check_in, foreign_key, primary_key
from workflows.code_lists import FundSource

fund = sa.Table(
    "fund",
    METADATA,
    primary_key(),
    foreign_key("unit", "unit_id", index=True),
    sa.Column("unit_path", Path, nullable=False, index=True),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("title", sa.Text(), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("year", sa.SmallInteger(), nullable=False),
    sa.Column("document", sa.Text(), nullable=False),
    sa.Column("permitted_items", Words, nullable=False),
    sa.Column("categories", Words, nullable=False, server_default="{}"),
    sa.Column("opens_on", sa.Date(), nullable=False),
    sa.Column("expires_on", sa.Date(), nullable=False),
    sa.Column("settles_until", sa.Date()),
    # What the document promises; None where it names no sum.
    sa.Column("expected_fen", sa.BigInteger()),
    sa.Column("available_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("committed_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("in_transit_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("paid_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("recovering_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("written_off_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("outside_fen", sa.BigInteger(), nullable=False, server_default="0"),
    # What the payments and gifts of the line say is in transit and paid; triggers count them and compare the pots.
    sa.Column("counted_in_transit_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("counted_paid_fen", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("unit_id", "code", "year"),
    check_in("source", FundSource),
    sa.CheckConstraint("opens_on <= expires_on", name="dates"),
    sa.CheckConstraint("expected_fen > 0", name="expected"),
    sa.CheckConstraint("settles_until >= expires_on", name="settles_after_expiry"),
    sa.CheckConstraint(
        "available_fen >= 0 AND committed_fen >= 0 AND in_transit_fen >= 0 AND paid_fen >= 0 AND recovering_fen >= 0"
        " AND written_off_fen >= 0 AND outside_fen <= 0",
        name="no_pot_below_zero",
    ),
    sa.CheckConstraint(
        "available_fen + committed_fen + in_transit_fen + paid_fen + recovering_fen + written_off_fen + outside_fen = 0",
        name="no_fen_made_or_lost",
    ),
)
