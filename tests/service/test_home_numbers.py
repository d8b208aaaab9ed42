"""A number of the first page is the number of rows of its list, and its sum their sum, under any filters."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa

from service.queries import (
    case_list,
    confirmations,
    fund_list,
    household_list,
    inbox,
    notices,
    notification_list,
    page,
    payment_list,
    staff_list,
    visits,
)
from service.queries.case_list import Sort
from service.queries.inbox import InboxList
from service.queries.page import CountedSum
from service.queries.scope import Caller
from service.web import home_tiles as rows
from service.web.home_tiles import HomeList
from service.web.household_filters import CATEGORIES
from tests.factories import create_organisation
from tests.service.random_cases import TODAY, Town
from tests.service.random_records import SOURCES, town_with_records
from workflows.code_lists import ObjectionOutcome
from workflows.payment_states import PaymentState
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase

TRIES = int(os.environ.get("HOME_FILTERS", "1000"))
SEED = int(os.environ.get("HOME_SEED", "1"))
CASES, SIZE, AT_ONCE = 60, 17, 20

Part = tuple[list[dict[str, Any]], list[str] | None, CountedSum]
Read = Callable[[sa.Connection, Caller, dict[str, Any], list[str] | None], Part]


def _of_inbox(which: InboxList) -> Read:
    def read(conn: sa.Connection, who: Caller, values: dict[str, Any], after: list[str] | None) -> Part:
        listed = inbox.page(conn, who, which, values, TODAY, after, SIZE)
        return listed.rows, listed.last, listed.total

    return read


def _cases(conn: sa.Connection, who: Caller, values: dict[str, Any], after: list[str] | None) -> Part:
    listed = case_list.page(conn, who, values, Sort.NEWEST, TODAY, after, SIZE)
    return listed.rows, listed.last, listed.total


def _with_total(read: Callable[..., tuple[page.Page, CountedSum]]) -> Read:
    def read_part(conn: sa.Connection, who: Caller, values: dict[str, Any], after: list[str] | None) -> Part:
        listed, total = read(conn, who, values, after, SIZE)
        return listed.rows, listed.last, total

    return read_part


def _counted(read: Callable[..., page.Page], *today: Any) -> Read:
    def read_part(conn: sa.Connection, who: Caller, values: dict[str, Any], after: list[str] | None) -> Part:
        listed = read(conn, who, values, *today, after, SIZE)
        return listed.rows, listed.last, CountedSum(listed.count, None)

    return read_part


def _waiting(conn: sa.Connection, who: Caller, _values: dict[str, Any], _after: list[str] | None) -> Part:
    found = confirmations.waiting(conn, who, TODAY)
    return found, None, CountedSum(found[0]["all_count"] if found else 0, None)


READS: dict[HomeList, Read] = {
    rows.TO_CONFIRM: _waiting,
    rows.TO_DO: _of_inbox(InboxList.TO_DO),
    rows.MINE: _of_inbox(InboxList.MINE),
    rows.CASES: _cases,
    rows.FAMILIES: _counted(household_list.page, TODAY),
    rows.PAYMENTS: _with_total(payment_list.page),
    rows.LINES: _counted(fund_list.page),
    rows.VISITS: _with_total(visits.page_with_total),
    rows.NOTICES: _with_total(notices.page_with_total),
    rows.OBJECTIONS: _with_total(notices.objections_with_total),
    rows.LETTERS: _with_total(notification_list.page_with_total),
    rows.STAFF: _counted(staff_list.page, TODAY),
}
"""How the page of each list reads its rows."""

MONEY = {rows.TO_DO: "fen", rows.MINE: "fen", rows.CASES: "fen", rows.PAYMENTS: "fen", rows.LINES: "available_fen"}
"""The lists that have money, with the column that their pages add up."""

DAYS = [f"{year}-{month:02d}-{day}" for year in (2024, 2025) for month in range(1, 10) for day in (10, 14, 28)]
OF_CASES: dict[str, Sequence[str]] = {
    "programme": sorted(PROGRAMMES),
    "state": [state.key for state in PROGRAMMES["hardship"].states],
    "phase": list(map(str, Phase)),
    "year": ["2024", "2025"],
    "overdue": ["1"],
}
OF_DAYS = {"from": DAYS, "to": DAYS}
CHOICES: dict[HomeList, dict[str, Sequence[str]]] = {
    rows.TO_CONFIRM: {},
    rows.TO_DO: OF_CASES,
    rows.MINE: OF_CASES,
    rows.CASES: OF_CASES,
    rows.FAMILIES: {
        "category": CATEGORIES,
        "active": ["yes", "no"],
        "has_open_case": ["1"],
        "overdue": ["1"],
    },
    rows.PAYMENTS: {
        "state": list(map(str, PaymentState)),
        "method": ["cash", "bank"],
        "paid_from": DAYS,
        "paid_to": DAYS,
        "source": list(map(str, SOURCES)),
        "again": ["1"],
        "no_receipt": ["1"],
    },
    rows.LINES: {"year": ["2024", "2025"], "source": list(map(str, SOURCES)), "item": ["LIV", "EDU"]},
    rows.VISITS: {"kind": ["survey", "follow_up"], "confirmed": ["yes", "no"], "record_state": ["live"], **OF_DAYS},
    rows.NOTICES: {"posted": ["up", "over"], "objected": ["open", "any"], **OF_DAYS},
    rows.OBJECTIONS: {"answer": ["open", *map(str, ObjectionOutcome)], "source": ["phone"], **OF_DAYS},
    rows.LETTERS: {"letter_state": ["permanent_failure", "technical_failure", "sending"], **OF_DAYS},
    rows.STAFF: {"role": ["cashier", "approver"], "ended": ["1"]},
}
"""What the filters of each list may ask for, besides the unit."""


@pytest.fixture
def town(conn: sa.Connection) -> Town:
    """Return a town with records of every list, which is rolled back."""
    return town_with_records(conn, Random(SEED), CASES)


def callers(conn: sa.Connection, town: Town) -> list[Caller]:
    """Return everybody on the staff of the town."""
    return [office.context(conn, name, TODAY).caller for office, name in town.people.values()]


def asked_at_random(dice: Random, counts: HomeList, town: Town) -> dict[str, str]:
    """Return random filters of a list as its address has them; one is sometimes nonsense."""
    choices = {**CHOICES[counts], "unit_id": [str(each.unit_id) for each in (town.city, *town.counties)]}
    names = dice.sample(sorted(choices), dice.randint(0, min(3, len(choices))))
    return {name: dice.choice(["nonsense", *choices[name], *choices[name]]) for name in names}


def all_rows(conn: sa.Connection, counts: HomeList, who: Caller, values: dict[str, Any]) -> tuple[CountedSum, Any]:
    """Return the count and sum of the rows of all pages of a list, and the count that the list itself shows."""
    found, after = list[dict[str, Any]](), None
    while True:
        part, after, shown = READS[counts](conn, who, values, after)
        found += part
        if after is None:
            break
    assert len({row["id"] for row in found}) == len(found)
    fen = sum(row[MONEY[counts]] for row in found) if counts in MONEY else None
    return CountedSum(len(found), fen), shown


def test_number_of_a_thousand_random_filters_is_that_of_the_rows_of_the_list(conn: sa.Connection, town: Town) -> None:
    dice, people, seen = Random(SEED), callers(conn, town), Counter[HomeList]()
    for _ in range(TRIES // AT_ONCE):
        who = dice.choice(people)
        tries = [(counts, asked_at_random(dice, counts, town)) for counts in dice.choices(list(READS), k=AT_ONCE)]
        values = [counts.read(asked) for counts, asked in tries]
        listed = [counts.listed(conn, who, given, TODAY) for (counts, _), given in zip(tries, values, strict=True)]
        numbers = page.totals(conn, {str(index): each for index, each in enumerate(listed)})
        for index, (counts, asked) in enumerate(tries):
            walked, shown = all_rows(conn, counts, who, values[index])
            assert numbers[str(index)] == walked, (who.login, counts.path, asked)
            assert shown.count == walked.count, (who.login, counts.path, asked)
            assert shown.fen in {None, walked.fen}, (who.login, counts.path, asked)
            seen[counts] += walked.count
    assert set(READS) == {counts for counts, number in seen.items() if number}, "each list had rows"


def test_money_by_month_and_source_is_that_of_the_payments_behind_each_cell(conn: sa.Connection, town: Town) -> None:
    compared = 0
    for who in callers(conn, town)[::4]:
        for year in (2024, 2025):
            asked = {"state": "live", "paid_from": f"{year}-01-01", "paid_to": f"{year}-12-31"}
            found = payment_list.totals_by_month_and_source(conn, who, rows.PAYMENTS.read(asked))
            for (month, source), total in found.items():
                days = {"paid_from": f"{year}-{month:02d}-01", "paid_to": f"{year}-{month:02d}-28"} if month else {}
                of_cell = {**asked, **days, **({"source": source} if source else {})}
                walked, _shown = all_rows(conn, rows.PAYMENTS, who, rows.PAYMENTS.read(of_cell))
                assert total == walked, (who.login, of_cell)
                compared += 1
    assert compared > len(SOURCES) * 12


@pytest.fixture
def strangers(conn: sa.Connection) -> list[Caller]:
    """Return the staff of a unit without records; its own fund line is all it has."""
    other = create_organisation(conn, fen=0)
    return [other.context(conn, name, TODAY).caller for name in other.people]


def test_people_of_another_unit_count_nothing_of_the_town(
    conn: sa.Connection, town: Town, strangers: list[Caller]
) -> None:
    assert town.families
    for who in strangers:
        tiles = {each.key: each for each in rows.TILES if each.key not in {"staff", "lines"}}
        asked = {key: each.counts.listed(conn, who, each.counts.read(each.asked), TODAY) for key, each in tiles.items()}
        numbers = {**rows.PHASES, **rows.CATEGORY}
        asked |= {key: counts.listed(conn, who, counts.read(given), TODAY) for key, (counts, given) in numbers.items()}
        assert {total.count for total in page.totals(conn, asked).values()} == {0}
        assert payment_list.totals_by_month_and_source(conn, who, {}) == {(None, None): CountedSum.of(0, 0, 1)}


def test_number_beyond_the_limit_says_only_that_there_are_more(conn: sa.Connection, town: Town) -> None:
    auditor = town.city.context(conn, "auditor", TODAY).caller
    lists = {"cases": rows.CASES, "families": rows.FAMILIES}
    listed = {name: counts.listed(conn, auditor, {}, TODAY) for name, counts in lists.items()}
    exact, capped = page.totals(conn, listed), page.totals(conn, listed, most=5)
    assert (exact["cases"].count, exact["families"].count) == (CASES, CASES // 2)
    assert set(capped.values()) == {CountedSum(5, None, has_more=True)}
    assert page.totals(conn, {}) == {}


def test_addresses_of_the_tiles_are_read_as_they_are_written() -> None:
    """Why: a filter that its list does not know filters nothing, and the tile would count everything."""
    links = [(each.counts, each.asked) for each in rows.TILES] + list({**rows.PHASES, **rows.CATEGORY}.values())
    assert {counts for counts, _ in links} == READS.keys() == CHOICES.keys(), "each list is compared above"
    for counts, asked in links:
        given = {name: value.format(year=TODAY.year) for name, value in asked.items()}
        assert len(counts.read(given)) == len(asked), (counts.path, asked)
        assert set(dict(parse_qsl(urlsplit(counts.path).query))) <= {"list"}
