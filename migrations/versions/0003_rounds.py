"""What a return asks for anew: the event that recorded a visit, and whom an economic check was asked about."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBERED = """
WITH visits AS (
    SELECT id, case_id, row_number() OVER (PARTITION BY case_id ORDER BY id) AS nth FROM visit WHERE case_id IS NOT NULL
), events AS (
    SELECT subject_id, seq, row_number() OVER (PARTITION BY subject_id ORDER BY seq) AS nth
    FROM event WHERE subject = 'case' AND action IN ('record_visit', 'record_follow_up')
)
UPDATE visit SET seq = coalesce(events.seq, 0)
FROM visits LEFT JOIN events ON events.subject_id = visits.case_id AND events.nth = visits.nth
WHERE visits.id = visit.id
"""
"""Each visit of a case was recorded by one event, in the same order."""


def upgrade() -> None:
    op.add_column("visit", sa.Column("seq", sa.Integer(), nullable=True))
    op.execute(NUMBERED)
    op.create_check_constraint(op.f("ck_visit_seq"), "visit", "seq IS NULL OR case_id IS NOT NULL")
    op.add_column("verification", sa.Column("people", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("verification", "people")
    op.drop_constraint(op.f("ck_visit_seq"), "visit")
    op.drop_column("visit", "seq")
