"""Figures of files: exits by reason, filings again, new heads, moves; a person is counted once by number."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.actions import cases, persons
from service.actions.household_changes.exits import FilingAgain
from service.actions.household_changes.transfers import Transfer
from service.report import figures
from service.report.figure_definition import Scope
from service.report.figures import rows_behind
from service.report.markdown import write_markdown
from service.report.section import make_section
from tests.factories import create_organisation, take_number
from tests.service.change_fixtures import DAY, LIFTED_OUT, Town, death_of_head, move
from tests.service.report_fixtures import AS_OF, YEAR, family, pay
from workflows.vocabulary import Fen

NUMBER = "371099200906060011"


@pytest.fixture
def town(engine: sa.Engine) -> Iterator[Town]:
    """A county with two branches in one snapshot, rolled back when the test ends."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
        county = create_organisation(conn)
        branch = create_organisation(conn, above=county, kind="grass_roots")
        yield Town(conn, county, branch, create_organisation(conn, above=county, kind="grass_roots"))
        conn.rollback()


def amounts(town: Town, unit_path: str, first: date = YEAR[0], last: date = YEAR[1]) -> dict[str, int]:
    """Return the figures of a unit's period, those of files that are not zero."""
    counted = figures.figures(town.conn, Scope(unit_path, first, last))
    return {each.key: each.amount for each in counted if each.key.startswith("households_") and each.amount}


def text(town: Town, unit_path: str, lang: str = "zh_CN") -> str:
    section = make_section(town.conn, unit_path, *YEAR, AS_OF, lang)
    return write_markdown(section)


def test_exit_and_new_head_are_printed_with_the_reason(town: Town) -> None:
    leaving, widowed = town.family(), town.family()
    town.make(leaving, LIFTED_OUT)
    town.make(widowed, death_of_head(town, widowed))
    counted = amounts(town, town.county.unit_path)
    assert (counted["households_exited"], counted["households_exited_by_reason:lifted_out"]) == (1, 1)
    assert (counted["households_with_new_head"], counted["households_on_file"]) == (1, 1)
    chinese, english = text(town, town.county.unit_path), text(town, town.county.unit_path, "en")
    assert "退出1户" in chinese
    assert "退出的1户按原因：脱困1户。" in chinese
    assert "变更户主1户。" in chinese
    assert "out of hardship: 1 household" in english
    assert "Change of head: 1 household" in english


def test_year_without_changes_prints_none_of_their_sentences(town: Town) -> None:
    town.family()
    printed = text(town, town.county.unit_path)
    assert not [
        words for words in ("按原因", "变更户主", "恢复建档", "转入", "转出") if words in printed.split("## ")[0]
    ]
    assert set(amounts(town, town.county.unit_path)) >= {"households_on_file", "households_filed"}


def test_household_filed_again_stays_among_the_exits_of_its_year(town: Town) -> None:
    returning = town.family()
    town.make(returning, LIFTED_OUT)
    back = {returning.head_id: "head"}
    town.make(returning, FilingAgain(on=date(2025, 9, 20), reason="relapse", members=back))
    counted = amounts(town, town.county.unit_path)
    assert counted["households_exited"] == counted["households_filed_again"] == counted["households_on_file"] == 1
    assert counted["households_filed"] == 1, "filed in January; filed again is no new file"


def test_household_between_exit_and_filing_again_is_not_on_file(town: Town) -> None:
    returning = town.family()
    town.make(returning, replace(LIFTED_OUT, on=date(2025, 6, 30)))
    town.make(returning, FilingAgain(on=DAY, reason="relapse", members={returning.head_id: "head"}))
    half_year = amounts(town, town.county.unit_path, date(2025, 1, 1), date(2025, 6, 30))
    assert half_year.get("households_on_file", 0) == 0
    assert half_year["households_exited_by_reason:lifted_out"] == 1
    assert amounts(town, town.county.unit_path)["households_on_file"] == 1


def test_moved_file_is_counted_where_it_was_on_the_last_day(town: Town) -> None:
    moving = town.family()
    opened = town.open_case(moving)
    town.make(moving, move(town))
    before_move = (date(2025, 1, 1), date(2025, 9, 19))
    assert amounts(town, town.branch.unit_path, *before_move)["households_on_file"] == 1
    assert "households_on_file" not in amounts(town, town.other_branch.unit_path, *before_move)
    old, new = amounts(town, town.branch.unit_path), amounts(town, town.other_branch.unit_path)
    assert old == {"households_filed": 1, "households_moved_out": 1}
    assert {"households_on_file": 1, "households_moved_in": 1}.items() <= new.items()
    assert "households_filed" not in new
    county = amounts(town, town.county.unit_path)
    assert "households_moved_in" not in county
    assert "households_moved_out" not in county
    opened_rows = rows_behind(town.conn, "cases_opened", Scope(town.branch.unit_path, *YEAR), None, 10)
    assert [row["id"] for row in opened_rows.rows] == [opened]
    cases.take_action(town.conn, opened, "withdraw", {"reason": "示例"}, town.context())
    ended = rows_behind(town.conn, "cases_withdrawn", Scope(town.other_branch.unit_path, *YEAR), None, 10)
    assert [row["id"] for row in ended.rows] == [opened]


def student_rows(town: Town) -> list[Any]:
    return list(rows_behind(town.conn, "tuition_students", Scope(town.county.unit_path, *YEAR), None, 10).rows)


def give_number(town: Town, person_id: Any) -> None:
    persons.edit_person(town.conn, person_id, {"id_no": NUMBER}, town.context())


def test_student_with_one_number_in_two_files_is_one_person(town: Town) -> None:
    """The row `drive.py student`: in spring in the father's file, in autumn in the mother's."""
    spring, autumn = family(town.conn, town.branch), family(town.conn, town.branch)
    give_number(town, spring.child_id)
    pay(town.conn, town.branch, spring, "EDU", 60_000, date(2025, 3, 12), answers={"school_year": "2024-2025"})
    persons.deactivate_person(town.conn, spring.child_id, town.context())
    give_number(town, autumn.child_id)
    pay(town.conn, town.branch, autumn, "EDU", 60_000, date(2025, 9, 17), answers={"school_year": "2025-2026"})
    [student] = student_rows(town)
    assert (student["amount"], student["on"]) == (Fen(120_000), date(2025, 3, 12))
    for _ in range(2):  # of two households alone the report shows no tuition
        pay(town.conn, town.branch, family(town.conn, town.branch), "EDU", 60_000, date(2025, 9, 17))
    counted = {each.key: each.amount for each in figures.figures(town.conn, Scope(town.county.unit_path, *YEAR))}
    assert (counted["tuition_students"], counted["tuition_households"]) == (3, 4)


def test_student_who_left_for_another_file_is_one_person_without_a_number(town: Town) -> None:
    spring, autumn = town.family(), town.family()
    take_number(town.conn, spring.child_id)
    pay(town.conn, town.branch, spring, "EDU", 60_000, date(2025, 3, 12), answers={"school_year": "2024-2025"})
    town.make(
        spring,
        Transfer(
            on=DAY,
            reason="divorce",
            person_id=spring.child_id,
            to_household_id=autumn.household_id,
            relation="child",
        ),
    )
    joined = town.conn.scalars(sa.text("SELECT id FROM person WHERE first_person_id IS NOT NULL")).one()
    later = replace(autumn, child_id=joined)
    pay(town.conn, town.branch, later, "EDU", 60_000, date(2025, 9, 25), answers={"school_year": "2025-2026"})
    assert len(student_rows(town)) == 1
    give_number(town, joined)
    assert len(student_rows(town)) == 1, "the number of any of the rows is the person's"
    pay(town.conn, town.branch, family(town.conn, town.branch), "EDU", 60_000, date(2025, 9, 25))
    assert len(student_rows(town)) == 2
