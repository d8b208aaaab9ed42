"""Lists, counts, inboxes and figures over many cases read only the rows they show."""

# benchmarks/scale.py measures their times.

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect

from benchmarks.scale_cases import TODAY, Batch, make
from benchmarks.scale_fixtures import Union, found
from benchmarks.scale_reads import YEAR_ASKED
from benchmarks.workload import pour
from service.clock import now
from service.db.engine import make_engine
from service.integrity.verify import verify
from service.queries import accounts, case_list, cases, notifications
from service.queries.scope import Caller
from service.report.figure_definition import Scope, SharedRows
from service.report.figure_definitions import FIGURE_DEFINITIONS
from service.report.figures import asked, snapshot, sums
from service.report.section import make_section

FAMILIES, SIZE = 700, 20
CASES = 980
"""The approximate number of cases of those families."""


@pytest.fixture(scope="module")
def union(migrated_database: Callable[[], str]) -> Iterator[tuple[sa.Connection, Union]]:
    """A city of two counties with a thousand cases, in a separate database."""
    engine = make_engine(migrated_database())
    with engine.begin() as conn:
        city_union = found(conn, counties=2, below=3)
        # The generated payments are finished ones, which the program never adds as such.
        conn.execute(sa.text("ALTER TABLE payment DISABLE TRIGGER payment_moves"))
        for table, rows in make(Batch(0, FAMILIES, FAMILIES, city_union.city.policy_id), city_union.places).items():
            pour(conn, table, rows)
        conn.execute(sa.text("ALTER TABLE payment ENABLE TRIGGER payment_moves"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(sa.text("VACUUM ANALYZE"))
    with engine.connect() as conn:
        for plan_node in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            conn.exec_driver_sql(f"SET enable_{plan_node} = off")
        yield conn, city_union
    engine.dispose()


def test_generated_cases_have_no_fault_in_the_event_log(union: tuple[sa.Connection, Union]) -> None:
    conn, _ = union
    verified = verify(conn)
    assert verified.faults == []
    assert verified.events > 3 * CASES


def caller(conn: sa.Connection, city_union: Union, role: str) -> Caller:
    """Return the city's auditor or the registrar of the first county."""
    organisation = city_union.city if role == "auditor" else city_union.counties[0]
    account_caller = accounts.caller_by_login(conn, organisation.login(role), TODAY)
    assert account_caller is not None
    return account_caller


@pytest.mark.parametrize("role", ["auditor", "registrar"])
@pytest.mark.parametrize("filters", [{}, {"state": "closed"}, {"state": "recalling"}, {"programme": "tuition"}])
def test_page_of_cases_reads_about_the_rows_it_shows(
    union: tuple[sa.Connection, Union], role: str, filters: dict[str, Any]
) -> None:
    conn, city_union = union
    statement = cases.newest(cases.matching(conn, caller(conn, city_union, role), filters, TODAY), None, SIZE)
    assert rows_read(conn, statement, "case") < 20 * SIZE


def test_overdue_cases_are_found_by_the_index_of_due_dates(union: tuple[sa.Connection, Union]) -> None:
    conn, city_union = union
    conn.exec_driver_sql("SET enable_sort = on")
    statement = cases.newest(
        cases.matching(conn, caller(conn, city_union, "registrar"), {"overdue": True}, TODAY), None, SIZE
    )
    assert "ix_case_due" in {node.get("Index Name") for node in nodes(conn, statement)}
    conn.exec_driver_sql("SET enable_sort = off")


@pytest.mark.parametrize("filters", [{}, {"state": "closed"}, {"programme": "tuition", "phase": "survey"}])
def test_count_of_cases_reads_the_narrow_index_only(
    union: tuple[sa.Connection, Union], filters: dict[str, Any]
) -> None:
    conn, city_union = union
    statement = cases.number(cases.matching(conn, caller(conn, city_union, "auditor"), filters, TODAY))
    assert {node.get("Index Name") for node in nodes(conn, statement) if "Relation Name" in node} == {"ix_case_count"}


def test_list_that_is_counted_up_to_a_limit_reads_no_case_for_its_sum(union: tuple[sa.Connection, Union]) -> None:
    """Why: the first page of the city read 10,000 cases for a sum that it does not show; at a million this took 12 ms."""
    conn, city_union = union
    rows = cases.matching(conn, caller(conn, city_union, "auditor"), {}, TODAY)
    for most, summed in ((SIZE, False), (2 * CASES, True)):
        statement = case_list.capped_total(rows, most)
        scans = [node for node in nodes(conn, statement) if node.get("Relation Name") == "case"]
        read = {node["Node Type"] for node in scans if node["Actual Loops"]}
        assert (read == {"Index Only Scan"}) is not summed
        assert sum(_rows_per_loop(node) for node in scans) >= SIZE
        assert (conn.execute(statement).one().fen is not None) is summed


def test_inbox_reads_only_the_rows_it_shows(union: tuple[sa.Connection, Union]) -> None:
    conn, city_union = union
    account_id = caller(conn, city_union, "registrar").account
    assert notifications.arrived(conn, account_id) > 10 * SIZE
    assert rows_read(conn, notifications.arrivals(account_id, None, SIZE), "notification") <= SIZE


@pytest.mark.parametrize("key", ["aid_money", "aid_households", "survey_visits", "money_returned", "money_recovered"])
def test_figure_of_one_county_and_year_reads_only_its_rows(union: tuple[sa.Connection, Union], key: str) -> None:
    """The figure covers one of ten years and half of the city. Other tables are read through its rows."""
    conn, city_union = union
    figure_rows = FIGURE_DEFINITIONS[key].rows(SharedRows(Scope(city_union.counties[0].unit_path, *YEAR_ASKED)))
    row_count = conn.scalar(sa.select(sa.func.count()).select_from(figure_rows.subquery())) or 0
    for table in ("payment", "visit", "ledger_entry"):
        assert rows_read(conn, figure_rows, table) <= row_count


def test_section_reads_the_rows_of_its_year_once(union: tuple[sa.Connection, Union]) -> None:
    """Separate statements for each figure would read the payments of the year about thirty times.

    Voided records are read by an index of their own, and gifts once more for those that count as aid.
    """
    conn, city_union = union
    statement = sums().params(asked(Scope(city_union.counties[0].unit_path, *YEAR_ASKED)))
    read_counts = Counter(node["Relation Name"] for node in nodes(conn, statement) if "Relation Name" in node)
    assert {"visit": 2, "gift": 3, "donation": 2, "activity": 2, "ledger_entry": 1}.items() <= read_counts.items()
    assert read_counts["payment"] == 2, "the payments in force, and the returned ones"


def test_section_runs_at_most_eight_statements(union: tuple[sa.Connection, Union]) -> None:
    conn, city_union = union
    statements: list[str] = []
    sa.event.listen(conn.engine, "before_cursor_execute", lambda *event_args: statements.append(event_args[2]))
    with snapshot(conn.engine) as snapshot_conn:
        make_section(snapshot_conn, city_union.counties[0].unit_path, *YEAR_ASKED, now())
    assert 1 < len(statements) <= 8


def rows_read(conn: sa.Connection, statement: sa.Select[Any], table: str) -> int:
    """Return the number of rows of a table that the statement read."""
    scans = [node for node in nodes(conn, statement) if node.get("Relation Name") == table]
    return sum(int(_rows_per_loop(node) * node["Actual Loops"]) for node in scans)


def _rows_per_loop(node: dict[str, Any]) -> float:
    filtered_out = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float(node["Actual Rows"] + filtered_out)


def nodes(conn: sa.Connection, statement: sa.SelectBase) -> list[dict[str, Any]]:
    """Run the statement and return every node of its plan."""
    dialect = PGDialect()  # type: ignore[no-untyped-call]
    sql_text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    plan = conn.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql_text}").scalar_one()
    return list(_below(plan[0]["Plan"]))


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", ()):
        yield from _below(each)
