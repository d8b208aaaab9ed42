"""Nine approval tiers instead of three, and visits to members in hospital."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DUTIES = ("registrar", "filer", "visitor", "verifier", "reviewer", "approver")
DONE_LATER = ("payer", "receipt_witness", "follower")
VISIT_KINDS = ("survey", "follow_up", "festival", "hardship", "bereavement", "pairing", "retired")
MAKERS = ("registrar", "filer", "visitor", "verifier", "reviewer")
NEW_TIERS = range(4, 10)
INCOMPATIBLE = (
    *((maker, f"approver_{tier}") for maker in MAKERS for tier in NEW_TIERS),
    *((f"approver_{tier}", "payer") for tier in NEW_TIERS),
    *((f"approver_{lower}", f"approver_{upper}") for upper in NEW_TIERS for lower in range(1, upper)),
)


def upgrade() -> None:
    _check_tiers(9)
    _check("visit", "kind", (*VISIT_KINDS, "hospital_stay"))
    rows = ", ".join(f"('{one}', '{other}')" for one, other in INCOMPATIBLE)
    op.execute(f"INSERT INTO incompatible_duty (one, other) VALUES {rows}")  # noqa: S608 - our own constants


def downgrade() -> None:
    # The rows are written once, so the trigger is off while they go.
    op.execute("ALTER TABLE incompatible_duty DISABLE TRIGGER written_once")
    new = ", ".join(f"'approver_{tier}'" for tier in NEW_TIERS)
    op.execute(f"DELETE FROM incompatible_duty WHERE one IN ({new}) OR other IN ({new})")  # noqa: S608 - our own constants
    op.execute("ALTER TABLE incompatible_duty ENABLE TRIGGER written_once")
    _check("visit", "kind", VISIT_KINDS)
    _check_tiers(3)


def _check_tiers(most: int) -> None:
    """Let approvers have a tier from 1 to `most`; refused while rows have a higher one."""
    approvers = tuple(f"approver_{tier}" for tier in range(1, most + 1))
    _check("case_duty", "duty", (*DUTIES, *approvers, *DONE_LATER))
    _replace("role_grant", "tier", f"(role = 'approver') = (tier > 0) AND tier <= {most}")
    _replace("approval", "tier", f"tier BETWEEN 1 AND {most}")


def _check(table: str, column: str, choices: tuple[str, ...]) -> None:
    _replace(table, column, f"{column} IN ({', '.join(repr(choice) for choice in choices)})")


def _replace(table: str, name: str, condition: str) -> None:
    constraint = op.f(f"ck_{table}_{name}")
    op.drop_constraint(constraint, table, type_="check")
    op.create_check_constraint(constraint, table, condition)
