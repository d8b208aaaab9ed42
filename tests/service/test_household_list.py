"""The list of families: filters, orders, cursors and counts."""

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from service.queries import cases, household_list
from service.queries.page import CappedCount, counted
from service.tables.households import household
from tests.api_client import ApiClient, refusal
from tests.factories import create_family, create_organisation
from tests.lives import start


@dataclass(frozen=True)
class Families:
    """Three families of a unit, by what they are."""

    plain: str
    with_case: str
    ended: str


@pytest.fixture
def families(desk: ApiClient, engine: sa.Engine) -> Families:
    with engine.begin() as conn:
        plain = create_family(conn, desk.office)
    with_case = start(desk, engine, "hardship", "LIV", {}).family
    with engine.begin() as conn:
        ended = create_family(conn, desk.office)
        values = {
            plain: {"file_no": "C-3", "filed_on": "2025-03-01", "category": "deep", "division": "371082"},
            with_case: {"file_no": "A-1", "filed_on": "2025-02-01"},
            ended: {"file_no": "B-2", "filed_on": "2025-01-01", "exited_on": "2025-08-01"},
        }
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for family, columns in values.items():
            conn.execute(household.update().where(household.c.id == family.household_id).values(**columns))
    return Families(*(str(each.household_id) for each in (plain, with_case, ended)))


def listed(desk: ApiClient, **query: Any) -> dict[str, Any]:
    answer = desk.http.get("/api/v1/households", query_string=query, headers=desk.headers("registrar"))
    assert answer.status_code == 200, answer.get_json()
    document: dict[str, Any] = answer.get_json()
    return document


def ids(document: dict[str, Any]) -> list[str]:
    return [each["id"] for each in document["items"]]


def test_each_filter_lists_and_counts_its_families(desk: ApiClient, families: Families) -> None:
    plain, with_case, ended = families.plain, families.with_case, families.ended
    wanted: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [plain, with_case, ended]),
        ({"unit_id": desk.office.unit_id}, [plain, with_case, ended]),
        ({"category": "deep"}, [plain]),
        ({"division": "371082"}, [plain]),
        ({"active": "true"}, [plain, with_case]),
        ({"active": "false"}, [ended]),
        ({"has_open_case": "true"}, [with_case]),
        ({"has_open_case": "false", "active": "true"}, [plain]),
        ({"overdue": "true"}, []),
        ({"filed_from": "2025-02-01", "filed_to": "2025-02-28"}, [with_case]),
        ({"q": "b-"}, [ended]),
        ({"q": "示例", "active": "true"}, [plain, with_case]),
        ({"q": "slj"}, [plain, with_case, ended]),
    ]
    for query, expected in wanted:
        document = listed(desk, **query)
        assert (ids(document), document["count"]) == (expected, len(expected)), query
    desk.today = desk.today.replace(year=2026)
    assert ids(listed(desk, overdue="true")) == [with_case]


@pytest.mark.parametrize("order", ["entered", "newest", "file_no"])
def test_pages_of_each_order_join_without_a_gap(desk: ApiClient, families: Families, order: str) -> None:
    plain, with_case, ended = families.plain, families.with_case, families.ended
    expected = [with_case, ended, plain] if order == "file_no" else [plain, with_case, ended]
    shown, cursor = [], None
    for _ in expected:
        page = listed(desk, sort=order, size=1, **({"cursor": cursor} if cursor else {}))
        shown += ids(page)
        cursor = page["next_cursor"]
    assert (shown, cursor) == (expected, None)


@pytest.mark.usefixtures("families")
def test_cursor_of_another_order_is_refused(desk: ApiClient) -> None:
    cursor = listed(desk, sort="newest", size=1)["next_cursor"]
    answer = desk.get("registrar", f"/households?sort=file_no&size=1&cursor={cursor}")
    assert refusal(answer) == (422, ["cursor_bad"])
    capped = listed(desk, sort="newest", size=1, count="capped", cursor=cursor)
    assert (len(capped["items"]), capped["count"], capped["count_is_capped"]) == (1, 3, False)


def test_families_of_another_unit_are_neither_listed_nor_counted(
    desk: ApiClient, families: Families, engine: sa.Engine
) -> None:
    with engine.begin() as conn:
        other = ApiClient(desk.http, create_organisation(conn), desk.today)
    for query in ({}, {"unit_id": desk.office.unit_id}, {"q": "A-1"}, {"category": "deep"}, {"count": "capped"}):
        document = listed(other, **query)
        assert (document["items"], document["count"], document["next_cursor"]) == ([], 0, None), (query, families)


@pytest.mark.usefixtures("families")
def test_count_stops_at_the_most_and_is_exact_on_demand(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.connect() as conn:
        caller = desk.office.context(conn, "registrar", desk.today).caller
        rows = household_list.matching(conn, caller, {}, desk.today).with_only_columns(household.c.unit_path)
        assert counted(conn, rows, 2) == CappedCount(2, is_capped=True)
        assert counted(conn, rows, 3) == counted(conn, rows, None) == CappedCount(3)
        page = household_list.page(conn, caller, {}, desk.today, None, 2, most=1)
        assert (len(page.rows), page.count, page.count_is_capped) == (2, 1, True)
        assert household_list.count(conn, caller, {}, desk.today) == 3
        case_page = cases.page(conn, caller, {}, desk.today, None, 50, most=1)
        assert (case_page.count, case_page.count_is_capped) == (cases.count(conn, caller, {}, desk.today), False)
