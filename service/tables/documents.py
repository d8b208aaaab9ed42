"""Documents: scans and photos of a family or a case, each of a file that is stored once by its content."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, foreign_key, primary_key, sealed

stored_file = sa.Table(
    "stored_file",
    METADATA,
    primary_key(),
    sa.Column("sha256", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("size", sa.Integer(), nullable=False),
    sa.Column("media_type", sa.Text(), nullable=False),
    sa.Column("pages", sa.SmallInteger(), nullable=False),
    sa.Column("width", sa.Integer()),
    sa.Column("height", sa.Integer()),
    sa.Column("scanned_by", sa.Text()),
    sa.Column("created_at", Instant, nullable=False),
    sa.CheckConstraint("octet_length(sha256) = 32", name="digest"),
    sa.CheckConstraint("size > 0 AND pages > 0", name="size"),
)
"""A file of the store, whose name there is the row's id; `sha256` and `size` (bytes) are those of the plain file."""

document = sa.Table(
    "document",
    METADATA,
    primary_key(),
    foreign_key("household", "household_id", index=True),
    foreign_key("case", "case_id", optional=True, index=True),
    foreign_key("stored_file", "file_id", index=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sealed("name_sealed", optional=False),
    sa.Column("uploaded_sha256", sa.LargeBinary(), nullable=False, index=True),
    sa.Column("taken_at", Instant),
    sa.Column("received_on", sa.Date(), nullable=False),
    foreign_key("account", "recorded_by"),
    foreign_key("document", "supersedes_id", optional=True),
    sa.Column("ended_on", sa.Date()),
    sa.Column("end_reason", sa.Text()),
    sa.Column("created_at", Instant, nullable=False),
    sa.CheckConstraint("kind ~ '^[a-z][a-z0-9_]{0,39}$'", name="kind"),
    sa.CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name="ended"),
    sa.UniqueConstraint("supersedes_id"),
)
"""`name_sealed` is what the person's computer called the file; `uploaded_sha256` is of the bytes as they arrived.

A document is never removed: another takes its place (`supersedes_id`), or it is ended with a reason."""

paper_document = sa.Table(
    "paper_document",
    METADATA,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("document_id", sa.Uuid(), sa.ForeignKey("document.id"), primary_key=True),
    sa.Column("seq", sa.Integer(), nullable=False),
)
"""The documents in which a step of a case saw its papers; signatures bind their digests while they are in force."""
