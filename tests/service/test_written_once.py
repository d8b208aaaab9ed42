"""Rows that are written once cannot be changed, deleted or truncated on any connection."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from service.db.columns import METADATA, new_id
from service.tables.funds import fund
from tests.factories import create_organisation

WRITTEN_ONCE = (
    *("event", "anchor", "ledger_entry", "case_duty", "incompatible_duty", "verification"),
    *(
        "household_change",
        "installation",
        "number_absence",
        "second_person_act",
        "payment_move",
        "pot_move",
        "visit_confirmation",
        "stored_file",
        "paper_document",
        "visit_photo",
    ),
)
MAY_CHANGE = {
    "chain_head": {"seq", "hash"},
    "approval": {"voided_seq"},
    "notice": {"ended_on"},
    "finance_line": {"person_id", "ended_on"},
    "objection": {"outcome", "answered_on"},
    "policy_set": {"withdrawn_on", "withdrawn_reason"},
    "confirmation": {"state", "ended_on", "ended_by", "reason"},
    "confirmer": {"confirmed_by", "confirmed_at"},
    **{
        table: {"voided_on", "void_reason"}
        for table in ("fund_receipt", "gift", "visit", "donation", "activity", "pairing")
    },
    "payment": {
        "state",
        "returned_on",
        "returned_code",
        "recalled_fen",
        "recalled_on",
        "receipt_on",
        "receipt_evidence",
        "advice_no",
        "advised_on",
        "confirmed_by",
    },
    "bank_advice": {"state", "decided_by", "decided_on"},
    "document": {"ended_on", "end_reason"},
    "workbook_import": {"undo_confirmation_id"},
    "imported_row": {"undone_on", "kept"},
    "credential": {"ended_at"},
    "passkey": {"revoked_at", "sign_count", "used_at"},
    "recovery_code": {"used_at"},
    "session": {"ended_at", "last_seen_at", "proved_at", "challenge"},
}
PROTECTED = (*WRITTEN_ONCE, *MAY_CHANGE)
FIRST_VALUES: dict[str, dict[str, object]] = {
    "event": {"body": "{}"},
    "bank_advice": {"state": "stated", "decided_by": None, "decided_on": None},
    "confirmation": {"state": "proposed"},
    "confirmer": {"confirmed_by": None, "confirmed_at": None},
    "payment": {"state": "sent"},
}
"""Values with which the database lets a row begin, and which may still change: a confirmation ends once."""

NEXT_STATES = {"payment": "live", "bank_advice": "confirmed"}
"""The state that follows, where the database knows which one may follow."""

POTS = [
    column.name
    for column in METADATA.tables["fund"].columns
    if column.name.endswith("_fen") and column.name != "expected_fen"
]


@dataclass(frozen=True)
class TriggersOnly:
    """A transaction without foreign keys and CHECKs, so that only triggers refuse a statement."""

    conn: sa.Connection

    def put(self, table: str) -> None:
        """Insert one row of values that fit the column types, whatever triggers say of new rows.

        Rows that other tests have left are out of the way.
        """
        model = METADATA.tables[table]
        self.conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        self.conn.execute(model.delete())
        self.conn.execute(model.insert().values(_row_values(model) | FIRST_VALUES.get(table, {})))
        self.conn.execute(sa.text("SET LOCAL session_replication_role = origin"))

    def refused(self, statement: sa.Executable) -> str:
        """Run a statement and return the error message of the database, or an empty text when it succeeds."""
        try:
            with self.conn.begin_nested():
                self.conn.execute(statement)
        except DBAPIError as error:
            return str(error.orig)
        return ""


def _row_values(model: sa.Table) -> dict[str, object]:
    """Return a value for every column that the database does not number."""
    return {column.name: _value_for(column) for column in model.columns if column.identity is None}


def _value_for(column: sa.Column[object]) -> object:
    column_type = column.type
    if isinstance(column_type, sa.Uuid):
        return new_id()
    if isinstance(column_type, sa.DateTime):
        return "2025-03-03T01:30:00+00:00"
    values = {sa.Date: "2025-03-03", sa.Boolean: True, sa.Integer: 1, sa.LargeBinary: bytes(32), sa.ARRAY: ["x"]}
    return next(
        (value for type_class, value in values.items() if isinstance(column_type, type_class)), f"x{new_id().hex}"
    )


@pytest.fixture
def triggers_only(conn: sa.Connection) -> TriggersOnly:
    """Drop foreign keys and CHECKs in the transaction, which is rolled back when the test ends."""
    constraints = sa.text(
        "SELECT conrelid::regclass::text AS of, conname FROM pg_constraint"
        " WHERE contype IN ('f', 'c') AND connamespace = 'public'::regnamespace ORDER BY contype DESC"
    )
    for constraint in conn.execute(constraints).all():
        conn.execute(sa.text(f'ALTER TABLE {constraint.of} DROP CONSTRAINT "{constraint.conname}"'))
    return TriggersOnly(conn)


@pytest.fixture
def filled_table(triggers_only: TriggersOnly, request: pytest.FixtureRequest) -> TriggersOnly:
    """The same transaction with one row in the table of the test."""
    triggers_only.put(request.getfixturevalue("table"))
    return triggers_only


@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_row_written_once_cannot_be_updated(filled_table: TriggersOnly, table: str) -> None:
    """Why: an auditor relies on the event log, so a database password must not be enough to edit it."""
    model = METADATA.tables[table]
    for column in model.columns:
        message = filled_table.refused(model.update().values({column.name: column}))
        assert f"{table} is written once: UPDATE refused" in message, column.name


@pytest.mark.parametrize("table", PROTECTED)
def test_protected_row_cannot_be_deleted(filled_table: TriggersOnly, table: str) -> None:
    """Why: without its signature, payment or objection a decision has no author."""
    assert f"{table} is written once: DELETE refused" in filled_table.refused(METADATA.tables[table].delete())


@pytest.mark.parametrize("table", PROTECTED)
def test_protected_table_cannot_be_truncated(triggers_only: TriggersOnly, table: str) -> None:
    """Why: TRUNCATE does not fire row triggers, so it would empty a ledger without a record."""
    assert f"{table} is written once: TRUNCATE refused" in triggers_only.refused(sa.text(f'TRUNCATE "{table}" CASCADE'))


@pytest.mark.parametrize("table", MAY_CHANGE)
def test_protected_row_changes_only_in_its_changing_columns(filled_table: TriggersOnly, table: str) -> None:
    """Why: a notice may end and an approval may be voided, but the content that was shown or signed never changes."""
    model = METADATA.tables[table]
    for column in model.columns:
        with filled_table.conn.begin_nested() as savepoint:
            message = filled_table.refused(model.update().values({column.name: _changed_value(column)}))
            savepoint.rollback()
        assert (message == "") == (column.name in MAY_CHANGE[table]), f"{column}: {message}"
        assert message == "" or "may change" in message


def _changed_value(column: sa.Column[object]) -> sa.ColumnElement[object]:
    column_type, name = column.type, f'"{column.name}"'
    if column.name == "state" and column.table.name in NEXT_STATES:
        return sa.literal(NEXT_STATES[column.table.name])
    if isinstance(column_type, sa.Uuid):
        return sa.literal_column("gen_random_uuid()")
    if isinstance(column_type, sa.ARRAY):
        return sa.literal_column(f"array_append({name}, 'y')")
    if isinstance(column_type, sa.LargeBinary):
        return sa.literal_column(f"{name} || '\\x00'::bytea")
    if isinstance(column_type, sa.Boolean):
        return sa.literal_column(f"{name} IS NOT TRUE")
    if isinstance(column_type, sa.JSON):
        return sa.literal_column("""'["y"]'::jsonb""")
    if isinstance(column_type, sa.DateTime):
        return sa.literal_column(f"{name} + interval '1 day'")
    return sa.literal_column(f"{name} + 1" if isinstance(column_type, sa.Date | sa.Integer) else f"{name} || 'y'")


@pytest.mark.parametrize("pot", POTS)
def test_pot_changes_only_by_ledger_entries(conn: sa.Connection, pot: str) -> None:
    """Why: the next approval is checked against the sums on the row of the fund."""
    create_organisation(conn)
    message = TriggersOnly(conn).refused(fund.update().values({pot: fund.c[pot] + 1}))
    assert "pots move by entries alone" in message


@pytest.mark.parametrize("pot", POTS)
def test_new_fund_line_has_empty_pots(conn: sa.Connection, pot: str) -> None:
    """Why: money in a fund line before its first ledger entry has no source."""
    organisation = create_organisation(conn)
    copied_names = ("title", "source", "year", "document", "permitted_items", "opens_on", "expires_on", "created_at")
    copied = ["unit_id", "unit_path", *copied_names]
    copy = sa.select(sa.func.gen_random_uuid(), sa.literal("NEW"), sa.literal(1), *(fund.c[name] for name in copied))
    message = TriggersOnly(conn).refused(
        fund.insert().from_select(["id", "code", pot, *copied], copy.where(fund.c.id == organisation.fund_id))
    )
    assert "starts with empty pots" in message


def test_lists_of_protected_tables_equal_those_of_the_database(conn: sa.Connection) -> None:
    """Why: a table that is protected later must be covered by these tests too."""
    query = sa.text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'never_truncated'")
    assert set(conn.scalars(query)) == set(PROTECTED)
