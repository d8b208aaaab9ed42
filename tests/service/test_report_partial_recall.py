"""The report counts what was not recalled as aid, and says what was recalled."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.report import figures
from service.report.figure_definition import Scope
from service.report.section import make_section
from service.tables.cases import case
from tests.service.report_fixtures import AS_OF, YEAR, pay, recall
from tests.service.sample_year import Year

ON = date(2025, 11, 10)


@pytest.fixture
def conn(lived_year: tuple[sa.Connection, Year]) -> Iterator[sa.Connection]:
    """A connection in which the year was lived; what a test changes is taken back."""
    connection, _ = lived_year
    savepoint = connection.begin_nested()
    yield connection
    savepoint.rollback()


@pytest.fixture
def year(lived_year: tuple[sa.Connection, Year]) -> Year:
    """The union of the sample reports."""
    return deepcopy(lived_year[1])


def amounts(conn: sa.Connection, year: Year, start: date = YEAR[0], end: date = YEAR[1]) -> dict[str, int]:
    scope = Scope(year.office.unit_path, start, end)
    return {figure.key: figure.amount for figure in figures.figures(conn, scope)}


def changes(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {key: after[key] - before[key] for key in after if after[key] != before[key]}


def sentences(conn: sa.Connection, year: Year) -> str:
    section = make_section(conn, year.office.unit_path, *YEAR, AS_OF, "zh_CN")
    return "".join(each.text for chapter in section.chapters for each in chapter.paragraphs)


def living_grant(conn: sa.Connection, year: Year) -> UUID:
    """Return a grant of 2,000 yuan of the unit's own fund line."""
    own = sa.select(case.c.id).where(case.c.id.in_(year.relief), case.c.fund_id == year.branch.fund_id)
    case_id: UUID = conn.scalars(own.where(case.c.award_fen == 200_000).limit(1)).one()
    return case_id


def test_part_recalled_is_taken_out_and_the_grant_stays(conn: sa.Connection, year: Year) -> None:
    before = amounts(conn, year)
    recall(conn, year.branch, living_grant(conn, year), ON, fen=50_000, back=50_000, state="recovered")
    assert changes(before, amounts(conn, year)) == {
        "relief_and_tuition_money": -50_000,
        "aid_money": -50_000,
        "aid_money_by_item:LIV": -50_000,
        "aid_money_by_source:OWN": -50_000,
        "cases_closed": -1,
        "cases_partly_recalled": 1,
        "money_recalled": 50_000,
        "money_recovered": 50_000,
    }
    assert "另有1件部分追回后了结，其余款项仍为救助。" in sentences(conn, year)


def test_whole_recall_that_is_written_off_is_no_aid_and_not_recovered(conn: sa.Connection, year: Year) -> None:
    before = amounts(conn, year)
    recall(conn, year.branch, living_grant(conn, year), ON, back=40_000, written_off=160_000, state="written_off")
    after = amounts(conn, year)
    changed = changes(before, after)
    assert {key: changed[key] for key in ("aid_money", "aid_grants", "aid_households")} == {
        "aid_money": -200_000,
        "aid_grants": -1,
        "aid_households": -1,
    }
    assert (changed["cases_written_off"], after["cases_recovered"]) == (1, before["cases_recovered"])
    assert (changed["money_recovered"], changed["money_written_off"]) == (40_000, 160_000)
    assert "另有1件追回未果，核销了结。" in sentences(conn, year)


def test_part_recalled_of_a_split_tuition_grant_keeps_the_parts_adding_up(conn: sa.Connection, year: Year) -> None:
    """What is left of the grant is no longer the sum of the parts in the application, so it counts as unsplit."""
    recall(conn, year.branch, year.tuition[0], ON, fen=10_000, back=10_000, state="recovered")
    after, scope = amounts(conn, year), Scope(year.office.unit_path, *YEAR)
    # The one unsplit grant is a small cell, so the figures are withheld; their rows are not.
    assert {after[f"tuition_{part}_money"] for part in ("fee", "living", "unsplit")} == {0}
    pages = [
        figures.rows_behind(conn, f"tuition_{part}_money", scope, None, 500) for part in ("fee", "living", "unsplit")
    ]
    parts = [sum(row["amount"] for row in page.rows) for page in pages]
    assert parts == [160_000, 80_000, 50_000]
    assert sum(parts) == after["tuition_money"]
    assert after["tuition_students"] == 5


def test_recall_counts_on_its_own_day_and_the_grant_on_the_day_of_payment(conn: sa.Connection, year: Year) -> None:
    """A recall in January changes the sum paid in the year before, and is itself of the new year."""
    case_id = pay(conn, year.branch, year.laid_off[32], "LIV", 90_000, date(2025, 12, 30))
    before = amounts(conn, year)
    recall(conn, year.branch, case_id, date(2026, 1, 6), fen=30_000, back=30_000, state="recovered")
    changed = changes(before, amounts(conn, year))
    assert changed["aid_money"] == -30_000
    assert {"money_recalled", "cases_partly_recalled"} & changed.keys() == set()
    january = amounts(conn, year, date(2026, 1, 1), date(2026, 1, 31))
    assert (january["money_recalled"], january["cases_partly_recalled"]) == (30_000, 1)
