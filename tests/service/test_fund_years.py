"""The statement of fund lines for a year: what came in, what was paid, and what is carried into the next year."""

from datetime import date

import sqlalchemy as sa
from flask import Flask

from service.queries import fund_years
from service.queries.scope import Caller
from tests.api_client import ApiClient, refusal
from tests.lives import case_at
from tests.service.browser import browser_of
from tests.service.test_page_funds import cells
from tests.service.test_year_end import SETTLED, line, to_payment

Sums = dict[str, int | None]


def sums_of(engine: sa.Engine, caller: Caller, fund_id: str, year: int) -> Sums | None:
    """Return the sums of a line in a year; None where the statement does not have it."""
    with engine.connect() as conn:
        rows = fund_years.page(conn, caller, {"year": year}, None, 100).rows
    return next(({name: row[name] for name in fund_years.SUMS} for row in rows if str(row["id"]) == fund_id), None)


def auditor(desk: ApiClient, engine: sa.Engine) -> Caller:
    with engine.connect() as conn:
        return desk.office.context(conn, "auditor", desk.today).caller


def expected_sums(**changed: int | None) -> Sums:
    return {**dict.fromkeys(fund_years.SUMS, 0), **changed}


def test_money_approved_in_december_and_paid_in_january_is_carried_over(desk: ApiClient, engine: sa.Engine) -> None:
    fund_id = line(desk, settles_until=SETTLED, expected="6000.00")
    life = to_payment(desk, engine, fund_id)
    desk.today = date(2026, 1, 8)
    life.pay("1200.00")
    caller = auditor(desk, engine)
    assert sums_of(engine, caller, fund_id, 2025) == expected_sums(
        expected=600_000, received=500_000, committed=120_000, left=380_000, carried_over=500_000
    )
    assert sums_of(engine, caller, fund_id, 2026) == expected_sums(
        expected=None, carried_in=500_000, paid=120_000, left=380_000, carried_over=380_000
    )
    assert sums_of(engine, caller, fund_id, 2024) is None


def test_page_adds_up_its_lines_and_says_that_the_year_is_not_over(
    desk: ApiClient, engine: sa.Engine, shared_app: Flask
) -> None:
    case_at("receipt", desk, engine)
    year = desk.today.year
    reader = browser_of(shared_app, engine, desk, "auditor")
    page = reader.open(f"/funds/years?year={year}").text
    with engine.connect() as conn:
        sums = fund_years.sums(conn, auditor(desk, engine), {"year": year})
    assert cells(page, "本年到账")[-1].replace(",", "") == f"{sums['received'] / 100:.2f}"
    assert cells(page, "预计到账")[-1] == "—", "nothing is known of what was expected, which is not nothing expected"
    assert "本年尚未结束" in page
    assert "本年尚未结束" not in reader.open(f"/funds/years?year={year - 1}").text
    assert "这一年没有资金。" in reader.open("/funds/years?year=2001").text


def test_expected_sum_must_be_money(desk: ApiClient) -> None:
    body = {"unit_id": str(desk.office.unit_id), "code": "E-1", "title": "资金", "source": "OWN", "year": 2025}
    body |= {"document": "示例〔2025〕9号", "items": ["LIV"], "opens_on": "2025-01-01", "expires_on": "2025-12-31"}
    assert refusal(desk.post("cashier", "/funds", {**body, "expected": "0.00"})) == (422, ["not_money"])
    assert refusal(desk.post("cashier", "/funds", {**body, "expected": "十万"})) == (422, ["field_wrong"])
