"""Receipts, gifts, visits, donations, activities and pairings are known by what they are, and can be voided."""

import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.filled_columns import record_filled_column, record_filled_row
from service.db.columns import new_id
from workflows.canonical_json import canonical_json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("gift", "visit", "donation", "activity", "pairing")
IN_REPORTS = ("gift", "visit", "donation", "activity")
MAY_CHANGE = ("voided_on", "void_reason")

# What each older record is, column by column; the visitors of a visit are read apart.
KEY_COLUMNS = {
    "gift": 'SELECT id, unit_id, household_id, "on", item, fen, goods, goods_unit, quantity FROM gift',
    "visit": """SELECT id, unit_id, household_id, "on", kind, (SELECT array_agg(account_id::text ORDER BY account_id::text)
        FROM visit_visitor WHERE visit_id = visit.id) AS visitors FROM visit WHERE case_id IS NULL""",
    "donation": 'SELECT id, unit_id, direction, receipt_no, "on", fen, campaign FROM donation',
    "activity": 'SELECT id, unit_id, "on", title FROM activity',
    "pairing": "SELECT id, household_id, unit_id, from_on FROM pairing",
}
_BRACKETS = str.maketrans("[【（(〕】）)]", "〔〔〔〔〕〕〕〕〕")

RECEIPTS = """SELECT l.id AS entry_id, l.fund_id, l.fen, l."on", l.at, e.actor_id, e.body::json->'facts'->>'document' AS document
FROM ledger_entry AS l JOIN event AS e ON e.subject_id = l.subject_id AND e.seq = l.seq
WHERE e.subject = 'fund' AND e.action = 'receive' ORDER BY l.id"""


def upgrade() -> None:
    conn = op.get_bind()
    for table in TABLES:
        for column in _columns():
            op.add_column(table, column)
        _fill(conn, table)
        op.create_foreign_key(f"fk_{table}_corrects_id_{table}", table, table, ["corrects_id"], ["id"])
    op.create_check_constraint(op.f("ck_visit_natural_key"), "visit", "(natural_key IS NULL) = (case_id IS NOT NULL)")
    for table in (each for each in TABLES if each != "visit"):
        op.alter_column(table, "natural_key", nullable=False)
    op.drop_constraint("uq_pairing_household_id_unit_id_from_on", "pairing")
    _add_gift_columns()
    _create_receipts()
    for table in (*TABLES, "fund_receipt"):
        _guard(table)
    for table in IN_REPORTS:
        op.create_index(
            f"ix_{table}_voided",
            table,
            ["unit_path", "voided_on"],
            postgresql_where=sa.text("voided_on IS NOT NULL"),
        )
    _fill_receipts(conn)


def _columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("natural_key", sa.Text(), nullable=True),
        sa.Column("repeat_no", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("voided_on", sa.Date(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
    )


def _add_gift_columns() -> None:
    op.add_column("gift", sa.Column("person_id", sa.Uuid(), nullable=True))
    op.add_column("gift", sa.Column("policy_set_id", sa.Uuid(), nullable=True))
    op.add_column("gift", sa.Column("counts_as_aid", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_foreign_key("fk_gift_person_id_person", "gift", "person", ["person_id"], ["id"])
    op.create_foreign_key("fk_gift_policy_set_id_policy_set", "gift", "policy_set", ["policy_set_id"], ["id"])
    op.create_index("ix_gift_person_id", "gift", ["person_id"])


def _create_receipts() -> None:
    op.create_table(
        "fund_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        *_columns()[1:],
        sa.PrimaryKeyConstraint("id", name="pk_fund_receipt"),
        sa.CheckConstraint("fen > 0", name=op.f("ck_fund_receipt_amount")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name="fk_fund_receipt_fund_id_fund"),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name="fk_fund_receipt_entry_id_ledger_entry"),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name="fk_fund_receipt_recorded_by_account"),
        sa.ForeignKeyConstraint(["corrects_id"], ["fund_receipt.id"], name="fk_fund_receipt_corrects_id_fund_receipt"),
    )
    op.create_index("ix_fund_receipt_fund_id", "fund_receipt", ["fund_id"])


def _guard(table: str) -> None:
    """Add the constraints and triggers that the tables share."""
    op.create_index(f"ix_{table}_natural_key", table, ["natural_key"])
    op.create_check_constraint(op.f(f"ck_{table}_voided"), table, "(voided_on IS NULL) = (void_reason IS NULL)")
    op.execute(
        f"ALTER TABLE {table} ADD CONSTRAINT ex_{table}_recorded_once EXCLUDE USING btree"
        " (natural_key WITH =, repeat_no WITH =) WHERE (voided_on IS NULL) DEFERRABLE"
    )
    names = ", ".join(f"'{column}'" for column in MAY_CHANGE)
    op.execute(
        f"CREATE TRIGGER only_may_change BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION only_may_change({names})"
    )
    op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION written_once()")
    op.execute(
        f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
    )


def _fill(conn: sa.Connection, table: str) -> None:
    """Give each older record its key; older records with one key are numbered in the order in which they were made."""
    numbers: dict[str, int] = {}
    update = sa.text(f"UPDATE {table} SET natural_key = :key, repeat_no = :number WHERE id = :id")  # noqa: S608 - our own names
    for row_id, key in list(_keys(conn, table)):
        conn.execute(update, {"id": row_id, "key": key, "number": numbers.get(key, 0)})
        numbers[key] = numbers.get(key, 0) + 1
    for column, value in (("natural_key", "natural_key"), ("repeat_no", "nullif(repeat_no, 0)")):
        record_filled_column(conn, table, column, sa.select(sa.text(f"id::text, {value} FROM {table}")), revision)


def _keys(conn: sa.Connection, table: str) -> Iterator[tuple[Any, str]]:
    for row in conn.execute(sa.text(KEY_COLUMNS[table] + " ORDER BY id")).mappings():
        parts = [value for name, value in row.items() if name != "id"]
        if table == "donation" and row["receipt_no"]:
            parts = [row["unit_id"], row["direction"], row["receipt_no"]]
        elif table == "donation":
            parts = [row["unit_id"], row["direction"], row["on"], row["fen"], row["campaign"]]
        yield row["id"], _key(table, parts)


def _key(table: str, parts: list[Any]) -> str:
    plain = [_same_text(part) if isinstance(part, str) else part for part in parts]
    return sha256(canonical_json([table, *plain]).encode()).hexdigest()


def _same_text(text: str) -> str:
    letters = unicodedata.normalize("NFKC", text.translate(_BRACKETS)).translate(_BRACKETS).casefold()
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] not in "ZC")


def _fill_receipts(conn: sa.Connection) -> None:
    """Make a row for each receipt that only the event log and the ledger know."""
    seen: dict[str, int] = {}
    insert = sa.text(
        'INSERT INTO fund_receipt (id, fund_id, entry_id, fen, "on", document, recorded_by, created_at, natural_key,'
        " repeat_no) VALUES (:id, :fund_id, :entry_id, :fen, :on, :document, :recorded_by, :created_at, :natural_key,"
        " :repeat_no)"
    )
    for old in conn.execute(sa.text(RECEIPTS)).all():
        key = _key("fund_receipt", [old.fund_id, old.document])
        row = {"id": new_id(), "fund_id": old.fund_id, "entry_id": old.entry_id, "fen": old.fen, "on": old.on}
        row |= {"document": old.document, "recorded_by": old.actor_id, "created_at": old.at, "natural_key": key}
        row["repeat_no"] = seen.get(key, 0)
        seen[key] = row["repeat_no"] + 1
        conn.execute(insert, row)
        record_filled_row(conn, ("fund", old.fund_id), "fund_receipt", str(row["id"]), row, revision)


def downgrade() -> None:
    op.drop_table("fund_receipt")
    for table in IN_REPORTS:
        op.drop_index(f"ix_{table}_voided", table)
    for table in TABLES:
        for trigger in ("never_truncated", "never_deleted", "only_may_change"):
            op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.drop_constraint(f"ex_{table}_recorded_once", table)
        op.drop_constraint(op.f(f"ck_{table}_voided"), table)
        op.drop_index(f"ix_{table}_natural_key", table)
    op.drop_constraint(op.f("ck_visit_natural_key"), "visit")
    op.create_unique_constraint(
        "uq_pairing_household_id_unit_id_from_on", "pairing", ["household_id", "unit_id", "from_on"]
    )
    for table in TABLES:
        op.drop_constraint(f"fk_{table}_corrects_id_{table}", table)
        for name in ("void_reason", "voided_on", "corrects_id", "repeat_no", "natural_key"):
            op.drop_column(table, name)
    op.drop_index("ix_gift_person_id", "gift")
    for name in ("person_id", "policy_set_id", "counts_as_aid"):
        op.drop_column("gift", name)
