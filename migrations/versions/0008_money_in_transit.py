"""Money in transit: a pot, the moves that exist, payments that the bank confirms, and pots equal to payments."""

import sqlalchemy as sa
from alembic import op

from migrations import money_in_transit_sql as sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FUND_COLUMNS = ("in_transit_fen", "counted_in_transit_fen", "counted_paid_fen")
PAYMENT_COLUMNS = (
    ("voucher_year", sa.SmallInteger()),
    ("advice_no", sa.Text()),
    ("advised_on", sa.Date()),
    ("confirmed_by", sa.Uuid()),
)
MAY_CHANGE = (
    *("state", "returned_on", "returned_code", "recalled_on", "receipt_on", "receipt_evidence"),
    "recalled_fen",
)
NEW_CHANGING = ("advice_no", "advised_on", "confirmed_by")
METHODS = "method IN ('bank', 'cash')"
DUTIES = ("registrar", "filer", "visitor", "verifier", "reviewer", "approver")
TIERS = tuple(f"approver_{tier}" for tier in range(1, 10))
DONE_LATER = ("payer", "receipt_witness", "follower")
CONFIRMER = "payment_confirmer"
CLASHES = ("registrar", "filer", "visitor", "verifier", "reviewer", *TIERS, *DONE_LATER)
NO_POT_BELOW_ZERO = (
    "available_fen >= 0 AND committed_fen >= 0{} AND paid_fen >= 0 AND recovering_fen >= 0"
    " AND written_off_fen >= 0 AND outside_fen <= 0"
)
NO_FEN_LOST = "available_fen + committed_fen{} + paid_fen + recovering_fen + written_off_fen + outside_fen = 0"
POT_CHECKS = (
    ("no_pot_below_zero", NO_POT_BELOW_ZERO, " AND in_transit_fen >= 0"),
    ("no_fen_made_or_lost", NO_FEN_LOST, " + in_transit_fen"),
)


def upgrade() -> None:
    for name in FUND_COLUMNS:
        op.add_column("fund", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    for name, condition, more in POT_CHECKS:
        _replace_check("fund", name, condition.format(more))
    op.execute(sql.COUNT_NOW)
    op.execute(sql.POT_FUNCTIONS)
    _create_moves("pot_move", "source_pot", "target_pot", sql.POT_MOVES)
    _create_moves("payment_move", "from_state", "to_state", sql.PAYMENT_MOVES)
    for pot in ("source_pot", "target_pot"):
        op.drop_constraint(op.f(f"ck_ledger_entry_{pot}"), "ledger_entry", type_="check")
    op.execute(sql.LEGAL_MOVES)
    _change_case()
    _change_payment()
    _create_bank_advice()
    _replace_duties((*DUTIES, *TIERS, "payer", CONFIRMER, "receipt_witness", "follower"))
    rows = ", ".join(f"('{one}', '{CONFIRMER}')" for one in CLASHES)
    op.execute(f"INSERT INTO incompatible_duty (one, other) VALUES {rows}")  # noqa: S608 - our own constants
    op.execute(sql.COUNTERS)


def _create_moves(table: str, source: str, target: str, rows: tuple[tuple[str, str], ...]) -> None:
    columns = (sa.Column(name, sa.Text(), nullable=False) for name in (source, target))
    op.create_table(table, *columns, sa.PrimaryKeyConstraint(source, target, name=op.f(f"pk_{table}")))
    values = ", ".join(f"('{one}', '{other}')" for one, other in rows)
    op.execute(f"INSERT INTO {table} ({source}, {target}) VALUES {values}")  # noqa: S608 - our own constants
    _write_once(table, "UPDATE OR DELETE", "written_once")


def _write_once(table: str, events: str, name: str) -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION written_once()")
    op.execute(
        f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
    )


def _change_case() -> None:
    for name in ("method", "cash_reason"):
        op.add_column("case", sa.Column(name, sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_case_method"), "case", METHODS)
    cash = "(coalesce(method, '') = 'cash') = (cash_reason IS NOT NULL)"
    op.create_check_constraint(op.f("ck_case_cash"), "case", cash)


def _change_payment() -> None:
    for name, column_type in PAYMENT_COLUMNS:
        op.add_column("payment", sa.Column(name, column_type, nullable=True))
    key = op.f("fk_payment_confirmed_by_account")
    op.create_foreign_key(key, "payment", "account", ["confirmed_by"], ["id"])
    for name, condition in sql.PAYMENT_CHECKS.items():
        _replace_check("payment", name, condition, is_new=name in sql.NEW_CHECKS)
    op.drop_index("uq_payment_one_live", "payment")
    out = sa.text("state IN ('sent', 'live', 'returning')")
    op.create_index("uq_payment_one_out", "payment", ["case_id"], unique=True, postgresql_where=out)
    op.create_index("uq_payment_voucher", "payment", ["fund_id", "voucher_year", "voucher"], unique=True)
    known = sa.text("advice_no IS NOT NULL")
    op.create_index("uq_payment_advice", "payment", ["fund_id", "advice_no"], unique=True, postgresql_where=known)
    _replace_guard((*MAY_CHANGE, *NEW_CHANGING))
    op.execute(sql.PAYMENT_GUARD)


def _create_bank_advice() -> None:
    op.create_table(
        "bank_advice",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "case_id", "payment_id", "fund_id")),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("advice_no", sa.Text(), nullable=False),
        sa.Column("advised_on", sa.Date(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("voucher_year", sa.SmallInteger(), nullable=False),
        sa.Column("stated_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        *(sa.CheckConstraint(text, name=op.f(f"ck_bank_advice_{name}")) for name, text in sql.ADVICE_CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_bank_advice_{name}_{target}"))
            for name, target in sql.ADVICE_KEYS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_advice")),
    )
    for name in ("case_id", "payment_id"):
        op.create_index(op.f(f"ix_bank_advice_{name}"), "bank_advice", [name], unique=False)
    for name, (columns, where) in sql.ADVICE_INDEXES.items():
        op.create_index(name, "bank_advice", list(columns), unique=True, postgresql_where=sa.text(where))
    op.execute(
        "CREATE TRIGGER only_may_change BEFORE UPDATE ON bank_advice"
        " FOR EACH ROW EXECUTE FUNCTION only_may_change('state', 'decided_by', 'decided_on')"
    )
    op.execute(sql.ADVICE_GUARD)
    _write_once("bank_advice", "DELETE", "never_deleted")


def downgrade() -> None:
    op.execute(sql.DROP_COUNTERS)
    op.execute("ALTER TABLE incompatible_duty DISABLE TRIGGER written_once")
    op.execute(f"DELETE FROM incompatible_duty WHERE other = '{CONFIRMER}'")  # noqa: S608 - our own constant
    op.execute("ALTER TABLE incompatible_duty ENABLE TRIGGER written_once")
    _replace_duties((*DUTIES, *TIERS, *DONE_LATER))
    op.drop_table("bank_advice")
    op.execute("DROP FUNCTION advice_decided_once()")
    _restore_payment()
    for name in ("cash", "method"):
        op.drop_constraint(op.f(f"ck_case_{name}"), "case", type_="check")
    for name in ("cash_reason", "method"):
        op.drop_column("case", name)
    op.drop_constraint("fk_ledger_entry_source_pot_target_pot_pot_move", "ledger_entry", type_="foreignkey")
    for pot in ("source_pot", "target_pot"):
        op.create_check_constraint(op.f(f"ck_ledger_entry_{pot}"), "ledger_entry", f"{pot} IN ({sql.OLD_POTS})")
    for table in ("payment_move", "pot_move"):
        op.drop_table(table)
    op.execute(sql.OLD_POT_FUNCTIONS)
    for name, condition, _ in POT_CHECKS:
        _replace_check("fund", name, condition.format(""))
    for name in reversed(FUND_COLUMNS):
        op.drop_column("fund", name)


def _restore_payment() -> None:
    op.execute("DROP TRIGGER payment_moves ON payment")
    op.execute("DROP FUNCTION payment_moves()")
    _replace_guard(MAY_CHANGE)
    for name in ("uq_payment_advice", "uq_payment_voucher", "uq_payment_one_out"):
        op.drop_index(name, "payment")
    for name in sql.NEW_CHECKS:
        op.drop_constraint(op.f(f"ck_payment_{name}"), "payment", type_="check")
    for name, condition in sql.OLD_PAYMENT_CHECKS.items():
        _replace_check("payment", name, condition)
    live = sa.text("state = 'live'")
    op.create_index("uq_payment_one_live", "payment", ["case_id"], unique=True, postgresql_where=live)
    op.drop_constraint(op.f("fk_payment_confirmed_by_account"), "payment", type_="foreignkey")
    for name, _ in reversed(PAYMENT_COLUMNS):
        op.drop_column("payment", name)


def _replace_guard(columns: tuple[str, ...]) -> None:
    names = ", ".join(f"'{column}'" for column in columns)
    op.execute("DROP TRIGGER only_may_change ON payment")
    op.execute(
        "CREATE TRIGGER only_may_change BEFORE UPDATE ON payment"
        f" FOR EACH ROW EXECUTE FUNCTION only_may_change({names})"
    )


def _replace_duties(duties: tuple[str, ...]) -> None:
    _replace_check("case_duty", "duty", f"duty IN ({', '.join(repr(duty) for duty in duties)})")


def _replace_check(table: str, name: str, condition: str, *, is_new: bool = False) -> None:
    constraint = op.f(f"ck_{table}_{name}")
    if not is_new:
        op.drop_constraint(constraint, table, type_="check")
    op.create_check_constraint(constraint, table, condition)
