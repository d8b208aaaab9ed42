"""What is written once cannot be changed, deleted or truncated, whoever holds the connection."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from service.db.columns import METADATA, new_id
from service.tables.funds import fund
from tests.factories import create_organisation

WRITTEN_ONCE = ("event", "anchor", "ledger_entry", "policy_set", "case_duty", "incompatible_duty", "verification")
MAY_CHANGE = {
    "chain_head": {"seq", "hash"},
    "approval": {"voided_seq"},
    "notice": {"ended_on"},
    "objection": {"outcome", "answered_on"},
    "payment": {"state", "returned_on", "returned_code", "recalled_on", "receipt_on", "receipt_evidence"},
}
KEPT = (*WRITTEN_ONCE, *MAY_CHANGE)
POTS = [column.name for column in METADATA.tables["fund"].columns if column.name.endswith("_fen")]


@dataclass(frozen=True)
class Ground:
    """A transaction in which every foreign key and CHECK sleeps, so that only the guards can say no."""

    conn: sa.Connection

    def put(self, table: str) -> None:
        """One row of whatever fits the types."""
        model = METADATA.tables[table]
        self.conn.execute(model.insert().values(_filled(model)))

    def refused(self, statement: sa.Executable) -> str:
        """What the database says to a statement, or nothing when it lets it pass."""
        try:
            with self.conn.begin_nested():
                self.conn.execute(statement)
        except DBAPIError as error:
            return str(error.orig)
        return ""


def _filled(model: sa.Table) -> dict[str, object]:
    """Something in every column that the database does not number itself."""
    return {column.name: _filling(column) for column in model.columns if column.identity is None}


def _filling(column: sa.Column[object]) -> object:
    kind = column.type
    if isinstance(kind, sa.Uuid):
        return new_id()
    if isinstance(kind, sa.DateTime):
        return "2025-03-03T01:30:00+00:00"
    plain = {sa.Date: "2025-03-03", sa.Boolean: True, sa.Integer: 1, sa.LargeBinary: bytes(32), sa.ARRAY: ["x"]}
    return next((value for shape, value in plain.items() if isinstance(kind, shape)), f"x{new_id().hex}")


@pytest.fixture
def ground(conn: sa.Connection) -> Ground:
    """Foreign keys and CHECKs are taken away inside the transaction, which is undone at the end of the test."""
    found = sa.text(
        "SELECT conrelid::regclass::text AS of, conname FROM pg_constraint"
        " WHERE contype IN ('f', 'c') AND connamespace = 'public'::regnamespace ORDER BY contype DESC"
    )
    for row in conn.execute(found).all():
        conn.execute(sa.text(f'ALTER TABLE {row.of} DROP CONSTRAINT "{row.conname}"'))
    return Ground(conn)


@pytest.fixture
def row(ground: Ground, request: pytest.FixtureRequest) -> Ground:
    """The ground with one row in the table of the test."""
    ground.put(request.getfixturevalue("table"))
    return ground


@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_what_is_written_once_is_never_edited(row: Ground, table: str) -> None:
    """Why: the trail is what an auditor is shown; editing it must need more than a password."""
    model = METADATA.tables[table]
    for column in model.columns:
        said = row.refused(model.update().values({column.name: column}))
        assert f"{table} is written once: UPDATE refused" in said, column.name


@pytest.mark.parametrize("table", KEPT)
def test_what_is_kept_is_never_deleted(row: Ground, table: str) -> None:
    """Why: a signature, a payment or an objection that vanishes leaves a decision nobody made."""
    assert f"{table} is written once: DELETE refused" in row.refused(METADATA.tables[table].delete())


@pytest.mark.parametrize("table", KEPT)
def test_what_is_kept_is_never_truncated(ground: Ground, table: str) -> None:
    """Why: TRUNCATE passes row triggers; it is the one word that empties a ledger without a trace."""
    assert f"{table} is written once: TRUNCATE refused" in ground.refused(sa.text(f'TRUNCATE "{table}" CASCADE'))


@pytest.mark.parametrize("table", MAY_CHANGE)
def test_only_what_may_change_changes(row: Ground, table: str) -> None:
    """Why: a notice ends and a signature is voided; what was shown and what was signed stay as they were."""
    model = METADATA.tables[table]
    for column in model.columns:
        said = row.refused(model.update().values({column.name: _other(column)}))
        assert (said == "") == (column.name in MAY_CHANGE[table]), f"{column}: {said}"
        assert said == "" or "may change" in said


def _other(column: sa.Column[object]) -> sa.ColumnElement[object]:
    kind, name = column.type, f'"{column.name}"'
    if isinstance(kind, sa.Uuid):
        return sa.literal_column("gen_random_uuid()")
    if isinstance(kind, sa.ARRAY):
        return sa.literal_column(f"array_append({name}, 'y')")
    if isinstance(kind, sa.LargeBinary):
        return sa.literal_column(f"{name} || '\\x00'::bytea")
    return sa.literal_column(f"{name} + 1" if isinstance(kind, sa.Date | sa.Integer) else f"{name} || 'y'")


@pytest.mark.parametrize("pot", POTS)
def test_a_pot_moves_by_entries_alone(conn: sa.Connection, pot: str) -> None:
    """Why: the sum on the fund's row is what the next approval is measured against."""
    create_organisation(conn)
    said = Ground(conn).refused(fund.update().values({pot: fund.c[pot] + 1}))
    assert "pots move by entries alone" in said


@pytest.mark.parametrize("pot", POTS)
def test_a_fund_line_starts_with_empty_pots(conn: sa.Connection, pot: str) -> None:
    """Why: money that was in the line before its first entry came from nowhere."""
    office = create_organisation(conn)
    given = ("title", "source", "year", "document", "permitted_items", "opens_on", "expires_on", "created_at")
    taken = ["unit_id", "unit_path", *given]
    line = sa.select(sa.func.gen_random_uuid(), sa.literal("NEW"), sa.literal(1), *(fund.c[name] for name in taken))
    said = Ground(conn).refused(
        fund.insert().from_select(["id", "code", pot, *taken], line.where(fund.c.id == office.fund_id))
    )
    assert "starts with empty pots" in said


def test_the_lists_here_are_those_of_the_database(conn: sa.Connection) -> None:
    """Why: a table that is guarded tomorrow must be tried by these tests too."""
    found = sa.text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'never_truncated'")
    assert set(conn.scalars(found)) == set(KEPT)
