"""Lists, counts, inboxes and figures of many cases read what they show, not all there is; benchmarks/scale.py times them."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect

from benchmarks.life import pour
from benchmarks.scale_cases import TODAY, Batch, make
from benchmarks.scale_ground import Union, found
from benchmarks.scale_reads import YEAR_ASKED
from service import schema
from service.audit.chain import verify
from service.clock import now
from service.db import engine as make_engine
from service.queries import accounts, cases, letters
from service.queries.scope import Caller
from service.report.figures import snapshot, sums
from service.report.measure import Ground, Scope
from service.report.measures import MEASURES
from service.report.section import make_section

FAMILIES, SIZE = 700, 20
CASES = 980
"""About how many cases those families have."""


@pytest.fixture(scope="module")
def union(empty_database: Callable[..., str]) -> Iterator[tuple[sa.Connection, Union]]:
    """A city of two counties with a thousand cases, in a database of its own."""
    engine = make_engine(empty_database())
    schema.upgrade(engine)
    with engine.begin() as tx:
        ground = found(tx, counties=2, below=3)
        for table, rows in make(Batch(0, FAMILIES, FAMILIES, ground.city.policy_id), ground.places).items():
            pour(tx, table, rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        tx.execute(sa.text("VACUUM ANALYZE"))
    with engine.connect() as tx:
        for way in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            tx.exec_driver_sql(f"SET enable_{way} = off")
        yield tx, ground
    engine.dispose()


def test_what_is_generated_holds_before_the_audit(union: tuple[sa.Connection, Union]) -> None:
    tx, _ground = union
    verified = verify(tx)
    assert verified.faults == []
    assert verified.events > 3 * CASES


def caller(tx: sa.Connection, ground: Union, who: str) -> Caller:
    """The city's auditor or the registrar of the first county."""
    office = ground.city if who == "auditor" else ground.counties[0]
    found = accounts.caller_named(tx, office.login(who), TODAY)
    assert found is not None
    return found


@pytest.mark.parametrize("who", ["auditor", "registrar"])
@pytest.mark.parametrize("filters", [{}, {"state": "closed"}, {"state": "recalling"}, {"programme": "tuition"}])
def test_a_page_reads_about_what_it_shows(
    union: tuple[sa.Connection, Union], who: str, filters: dict[str, Any]
) -> None:
    tx, ground = union
    asked = cases.newest(cases.matching(tx, caller(tx, ground, who), filters, TODAY), None, SIZE)
    assert rows_read(tx, asked, "case") < 20 * SIZE


def test_what_is_overdue_is_found_by_its_day(union: tuple[sa.Connection, Union]) -> None:
    tx, ground = union
    tx.exec_driver_sql("SET enable_sort = on")
    asked = cases.newest(cases.matching(tx, caller(tx, ground, "registrar"), {"overdue": True}, TODAY), None, SIZE)
    assert "ix_case_due" in {node.get("Index Name") for node in nodes(tx, asked)}
    tx.exec_driver_sql("SET enable_sort = off")


@pytest.mark.parametrize("filters", [{}, {"state": "closed"}, {"programme": "tuition", "phase": "survey"}])
def test_a_count_reads_the_narrow_index_alone(union: tuple[sa.Connection, Union], filters: dict[str, Any]) -> None:
    tx, ground = union
    counted = cases.number(cases.matching(tx, caller(tx, ground, "auditor"), filters, TODAY))
    assert {node.get("Index Name") for node in nodes(tx, counted) if "Relation Name" in node} == {"ix_case_count"}


def test_an_inbox_reads_what_it_shows(union: tuple[sa.Connection, Union]) -> None:
    tx, ground = union
    reader = caller(tx, ground, "registrar").account
    assert letters.arrived(tx, reader) > 10 * SIZE
    assert rows_read(tx, letters.arrivals(reader, None, SIZE), "letter") <= SIZE


@pytest.mark.parametrize("key", ["aid_money", "aid_households", "survey_visits", "money_returned", "money_recovered"])
def test_a_figure_of_one_county_and_year_reads_its_rows(union: tuple[sa.Connection, Union], key: str) -> None:
    """A tenth of the years and half of the city; the rows of other tables hang on those."""
    tx, ground = union
    behind = MEASURES[key].rows(Ground(Scope(ground.counties[0].unit_path, *YEAR_ASKED)))
    there = tx.scalar(sa.select(sa.func.count()).select_from(behind.subquery())) or 0
    for table in ("payment", "visit", "entry"):
        assert rows_read(tx, behind, table) <= there


def test_a_section_reads_the_rows_of_its_year_but_once(union: tuple[sa.Connection, Union]) -> None:
    """Each figure by itself would read the payments of the year some thirty times."""
    tx, ground = union
    asked = sums(Scope(ground.counties[0].unit_path, *YEAR_ASKED))
    read = Counter(node["Relation Name"] for node in nodes(tx, asked) if "Relation Name" in node)
    assert {"visit": 1, "gift": 1, "donation": 1, "activity": 1, "entry": 1}.items() <= read.items()
    assert read["payment"] == 2, "the live ones, and those that came back"


def test_a_section_asks_a_handful_of_statements(union: tuple[sa.Connection, Union]) -> None:
    tx, ground = union
    asked: list[str] = []
    sa.event.listen(tx.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with snapshot(tx.engine) as moment:
        make_section(moment, ground.counties[0].unit_path, *YEAR_ASKED, now())
    assert 1 < len(asked) <= 8


def rows_read(tx: sa.Connection, asked: sa.Select[Any], table: str) -> int:
    """How many rows of a table were looked at to answer."""
    looked = [node for node in nodes(tx, asked) if node.get("Relation Name") == table]
    return sum(int(_each(node) * node["Actual Loops"]) for node in looked)


def _each(node: dict[str, Any]) -> float:
    passed_over = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float(node["Actual Rows"] + passed_over)


def nodes(tx: sa.Connection, asked: sa.SelectBase) -> list[dict[str, Any]]:
    """Every node of the plan, as it was run."""
    dialect = PGDialect()  # type: ignore[no-untyped-call]
    spelled = str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    plan = tx.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {spelled}").scalar_one()
    return list(_below(plan[0]["Plan"]))


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", ()):
        yield from _below(each)
