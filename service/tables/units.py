"""The tree of the union's units."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, Path, check_in, foreign_key, primary_key
from workflows.code_lists import UnitKind

unit = sa.Table(
    "unit",
    METADATA,
    primary_key(),
    foreign_key("unit", "parent_id", optional=True, index=True),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("division", sa.Text(), nullable=False),
    sa.Column("path", Path, nullable=False, unique=True),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    check_in("kind", UnitKind),
    sa.CheckConstraint("path ~ '^/([0-9a-f]{32}/)+$'", name="path"),
    sa.CheckConstraint("division ~ '^[0-9]{0,12}$'", name="division"),
)
