"""A kept answer remembers the grants it was given under."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = postgresql.ARRAY(sa.Text())
    op.add_column("idempotency", sa.Column("grants", words, server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("idempotency", "grants")
