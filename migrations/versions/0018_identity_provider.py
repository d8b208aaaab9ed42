"""An account may be linked to a subject of an identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LIVE_SUBJECTS = sa.text("ended_at IS NULL AND kind = 'oidc'")


def upgrade() -> None:
    op.drop_constraint(op.f("ck_credential_kind"), "credential")
    op.create_check_constraint(op.f("ck_credential_kind"), "credential", "kind IN ('password', 'totp', 'oidc')")
    op.create_index(
        "uq_credential_one_of_a_subject", "credential", ["secret"], unique=True, postgresql_where=LIVE_SUBJECTS
    )


def downgrade() -> None:
    op.drop_index("uq_credential_one_of_a_subject", "credential")
    op.drop_constraint(op.f("ck_credential_kind"), "credential")
    op.create_check_constraint(op.f("ck_credential_kind"), "credential", "kind IN ('password', 'totp')")
