"""What an installation is: its id, the kind of its record, and the row that /readyz writes."""

from enum import StrEnum

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, check_in, primary_key


class RecordKind(StrEnum):
    """What a record is for; fixed when the union is founded (docs/decisions/0031)."""

    OFFICE = "office"
    """The record of a union at work. It has the real date."""
    DEMO = "demo"
    """A record to practise on. Requests may bring a date."""


installation = sa.Table(
    "installation",
    METADATA,
    primary_key(),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("at", Instant, nullable=False),
    check_in("kind", RecordKind),
    sa.Index("uq_installation_one", sa.text("(true)"), unique=True),
)
"""The one row that says whose data this is. A data folder and a broker name its id."""

heartbeat = sa.Table(
    "heartbeat",
    METADATA,
    sa.Column("at", Instant, primary_key=True),
    sa.Column("filler", sa.Text(), nullable=False),
)
"""The one row that the function write_heartbeat() writes into a new file, to see that the disk takes writes."""
