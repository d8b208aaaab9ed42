"""Rules ask the day they mean: a visitor's role is that of the day of the visit, a school year that of the application."""

from datetime import date

import pytest
import sqlalchemy as sa

from tests.api_client import ApiClient
from tests.factories import create_account, grant
from tests.lives import Life, award, start
from tests.service.test_corrections import SCHOOLING

MONDAY, FRIDAY = date(2025, 9, 1), date(2025, 9, 5)


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """Return a case in survey since Monday."""
    return start(desk, engine, "hardship", "LIV", {}).to("survey")


@pytest.mark.parametrize(
    ("since", "until", "codes"),
    [
        (date(2020, 1, 1), MONDAY, []),
        (date(2020, 1, 1), date(2025, 8, 31), ["visitor_not_entitled"]),
        (date(2025, 9, 2), date(2099, 1, 1), ["visitor_not_entitled"]),
    ],
)
def test_visitor_holds_the_role_on_the_day_of_the_visit(
    life: Life, engine: sa.Engine, since: date, until: date, codes: list[str]
) -> None:
    with engine.begin() as conn:
        create_account(conn, life.desk.office, "left_later", "auditor")
        grant(conn, life.desk.office, "left_later", "visitor", since=since, until=until)
    monday = life.visited(visitors=("visitor_1", "left_later"))
    life.desk.today = FRIDAY
    if codes:
        assert life.no("visitor_1", "record_visit", **monday) == codes
    else:
        assert life.act("visitor_1", "record_visit", **monday) == "survey"


def test_school_year_of_june_is_kept_when_reviewed_in_july(desk: ApiClient, engine: sa.Engine) -> None:
    desk.today = date(2025, 6, 26)
    life = start(desk, engine, "tuition", "EDU", {**SCHOOLING, "school_year": "2024-2025"}).to("review")
    desk.today = date(2025, 7, 1)
    assert life.act("reviewer", "pass_review", **award(desk, "600.00")) == "notice"


def test_school_year_of_june_is_kept_when_corrected_in_july(desk: ApiClient, engine: sa.Engine) -> None:
    desk.today = date(2025, 6, 26)
    life = start(desk, engine, "tuition", "EDU", {**SCHOOLING, "school_year": "2024-2025"})
    desk.today = date(2025, 7, 1)
    form = {**SCHOOLING, "requested": "600.00"}
    assert life.no("registrar", "correct_application", **form) == ["school_year_wrong"]
    assert life.act("registrar", "correct_application", **{**form, "school_year": "2024/2025"}) == "draft"
