"""Workbooks that were uploaded to be imported: kept encrypted between the dry run and its end."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, check_in, foreign_key, primary_key, sealed

STATES = ("checked", "proposed", "carried_out", "discarded")

uploaded_workbook = sa.Table(
    "uploaded_workbook",
    METADATA,
    primary_key(),
    foreign_key("account", "account_id", index=True),
    sa.Column("sha256", sa.LargeBinary(), nullable=False),
    sa.Column("size", sa.Integer(), nullable=False),
    sealed("about_sealed", optional=False),
    sealed("content_sealed"),
    sealed("result_sealed", optional=False),
    sa.Column("state", sa.Text(), nullable=False),
    foreign_key("confirmation", "confirmation_id", optional=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    check_in("state", STATES),
    sa.CheckConstraint("octet_length(sha256) = 32 AND size > 0", name="content"),
    sa.CheckConstraint("(state = 'checked') = (ended_at IS NULL)", name="ended"),
    sa.CheckConstraint("(state = 'checked') = (content_sealed IS NOT NULL)", name="kept"),
    sa.CheckConstraint("(state = 'proposed') = (confirmation_id IS NOT NULL)", name="proposed"),
)
"""`about` is the file's name and what its importer chose, `result` what its last dry run found, both as JSON. The content
is kept while the workbook is only checked."""
