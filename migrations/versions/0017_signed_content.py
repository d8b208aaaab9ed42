"""A signature keeps what it covers, sealed, so that the next to sign sees what has changed since."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approval", sa.Column("content_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("approval", "content_sealed")
