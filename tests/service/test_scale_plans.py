"""Lists, counts, inboxes and figures of many cases read what they show, not all there is; benchmarks/scale.py times them."""

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
from service.db import migrate
from service.db.engine import make_engine
from service.integrity.verify import verify
from service.queries import accounts, cases, notifications
from service.queries.scope import Caller
from service.report.figure_definition import Scope, SharedRows
from service.report.figure_definitions import FIGURE_DEFINITIONS
from service.report.figures import snapshot, sums
from service.report.section import make_section

FAMILIES, SIZE = 700, 20
CASES = 980
"""About how many cases those families have."""


@pytest.fixture(scope="module")
def union(empty_database: Callable[..., str]) -> Iterator[tuple[sa.Connection, Union]]:
    """A city of two counties with a thousand cases, in a database of its own."""
    engine = make_engine(empty_database())
    migrate.upgrade(engine)
    with engine.begin() as conn:
        ground = found(conn, counties=2, below=3)
        for table, rows in make(Batch(0, FAMILIES, FAMILIES, ground.city.policy_id), ground.places).items():
            pour(conn, table, rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(sa.text("VACUUM ANALYZE"))
    with engine.connect() as conn:
        for way in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            conn.exec_driver_sql(f"SET enable_{way} = off")
        yield conn, ground
    engine.dispose()


def test_what_is_generated_holds_before_the_audit(union: tuple[sa.Connection, Union]) -> None:
    conn, _ground = union
    verified = verify(conn)
    assert verified.faults == []
    assert verified.events > 3 * CASES


def caller(conn: sa.Connection, ground: Union, who: str) -> Caller:
    """The city's auditor or the registrar of the first county."""
    office = ground.city if who == "auditor" else ground.counties[0]
    found = accounts.caller_by_login(conn, office.login(who), TODAY)
    assert found is not None
    return found


@pytest.mark.parametrize("who", ["auditor", "registrar"])
@pytest.mark.parametrize("filters", [{}, {"state": "closed"}, {"state": "recalling"}, {"programme": "tuition"}])
def test_a_page_reads_about_what_it_shows(
    union: tuple[sa.Connection, Union], who: str, filters: dict[str, Any]
) -> None:
    conn, ground = union
    context = cases.newest(cases.matching(conn, caller(conn, ground, who), filters, TODAY), None, SIZE)
    assert rows_read(conn, context, "case") < 20 * SIZE


def test_what_is_overdue_is_found_by_its_day(union: tuple[sa.Connection, Union]) -> None:
    conn, ground = union
    conn.exec_driver_sql("SET enable_sort = on")
    context = cases.newest(
        cases.matching(conn, caller(conn, ground, "registrar"), {"overdue": True}, TODAY), None, SIZE
    )
    assert "ix_case_due" in {node.get("Index Name") for node in nodes(conn, context)}
    conn.exec_driver_sql("SET enable_sort = off")


@pytest.mark.parametrize("filters", [{}, {"state": "closed"}, {"programme": "tuition", "phase": "survey"}])
def test_a_count_reads_the_narrow_index_alone(union: tuple[sa.Connection, Union], filters: dict[str, Any]) -> None:
    conn, ground = union
    counted = cases.number(cases.matching(conn, caller(conn, ground, "auditor"), filters, TODAY))
    assert {node.get("Index Name") for node in nodes(conn, counted) if "Relation Name" in node} == {"ix_case_count"}


def test_an_inbox_reads_what_it_shows(union: tuple[sa.Connection, Union]) -> None:
    conn, ground = union
    reader = caller(conn, ground, "registrar").account
    assert notifications.arrived(conn, reader) > 10 * SIZE
    assert rows_read(conn, notifications.arrivals(reader, None, SIZE), "notification") <= SIZE


@pytest.mark.parametrize("key", ["aid_money", "aid_households", "survey_visits", "money_returned", "money_recovered"])
def test_a_figure_of_one_county_and_year_reads_its_rows(union: tuple[sa.Connection, Union], key: str) -> None:
    """A tenth of the years and half of the city; the rows of other tables hang on those."""
    conn, ground = union
    behind = FIGURE_DEFINITIONS[key].rows(SharedRows(Scope(ground.counties[0].unit_path, *YEAR_ASKED)))
    there = conn.scalar(sa.select(sa.func.count()).select_from(behind.subquery())) or 0
    for table in ("payment", "visit", "ledger_entry"):
        assert rows_read(conn, behind, table) <= there


def test_a_section_reads_the_rows_of_its_year_but_once(union: tuple[sa.Connection, Union]) -> None:
    """Each figure by itself would read the payments of the year some thirty times."""
    conn, ground = union
    context = sums(Scope(ground.counties[0].unit_path, *YEAR_ASKED))
    read = Counter(node["Relation Name"] for node in nodes(conn, context) if "Relation Name" in node)
    assert {"visit": 1, "gift": 1, "donation": 1, "activity": 1, "ledger_entry": 1}.items() <= read.items()
    assert read["payment"] == 2, "the live ones, and those that came back"


def test_a_section_asks_a_handful_of_statements(union: tuple[sa.Connection, Union]) -> None:
    conn, ground = union
    context: list[str] = []
    sa.event.listen(conn.engine, "before_cursor_execute", lambda *given: context.append(given[2]))
    with snapshot(conn.engine) as moment:
        make_section(moment, ground.counties[0].unit_path, *YEAR_ASKED, now())
    assert 1 < len(context) <= 8


def rows_read(conn: sa.Connection, context: sa.Select[Any], table: str) -> int:
    """How many rows of a table were looked at to answer."""
    looked = [node for node in nodes(conn, context) if node.get("Relation Name") == table]
    return sum(int(_each(node) * node["Actual Loops"]) for node in looked)


def _each(node: dict[str, Any]) -> float:
    passed_over = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float(node["Actual Rows"] + passed_over)


def nodes(conn: sa.Connection, context: sa.SelectBase) -> list[dict[str, Any]]:
    """Every node of the plan, as it was run."""
    dialect = PGDialect()  # type: ignore[no-untyped-call]
    spelled = str(context.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    plan = conn.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {spelled}").scalar_one()
    return list(_below(plan[0]["Plan"]))


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", ()):
        yield from _below(each)
