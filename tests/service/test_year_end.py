"""A fund line at the turn of the year: what is decided before it ends is paid until it settles."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from tests.api_client import ApiClient, refusal
from tests.lives import CHECK, ILLNESS, PAPERS, Life, award, start

DECEMBER_17 = date(2025, 12, 17)
SETTLED = "2026-01-31"


def line(desk: ApiClient, **changed: Any) -> str:
    """Open a fund line of 2025 with money, confirmed by an approver; return its id."""
    body = {"unit_id": str(desk.office.unit_id), "code": "END-2025", "title": "年末资金", "source": "OWN", "year": 2025}
    body |= {"document": "示例〔2025〕8号", "items": ["LIV"], "opens_on": "2025-01-01", "expires_on": "2025-12-31"}
    fund_id = str(desk.confirmed("cashier", "/funds", {**body, **changed}).get_json()["id"])
    receipt = {"amount": "5000.00", "document": "银收2025-9", "on": "2025-06-02"}
    desk.confirmed("cashier", f"/funds/{fund_id}/receipts", receipt)
    return fund_id


def to_review(desk: ApiClient, engine: sa.Engine, day: date) -> Life:
    desk.today = day
    life = start(desk, engine, "hardship", "LIV", {})
    life.act("registrar", "submit")
    life.visit()
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    life.act("registrar", "finish_survey")
    life.act("verifier", "record_check", replied_on=day.isoformat(), **CHECK)
    return life


def to_payment(desk: ApiClient, engine: sa.Engine, fund_id: str) -> Life:
    """Return a case that was approved on 30 December, awaiting payment in January."""
    life = to_review(desk, engine, DECEMBER_17)
    life.act("reviewer", "pass_review", **award(desk, "1200.00", fund_id))
    desk.today = date(2025, 12, 30)
    life.act("clock", "end_notice")
    life.act("approver_1", "approve")
    return life


def test_review_refuses_a_line_that_ends_during_the_notice(desk: ApiClient, engine: sa.Engine) -> None:
    life = to_review(desk, engine, date(2025, 12, 26))
    answer = desk.act("reviewer", life.case_id, "pass_review", **award(desk, "1200.00", line(desk)))
    assert refusal(answer) == (409, ["fund_closes_before_decision"])
    values = answer.get_json()["reasons"][0]["values"]
    assert (values["decided_on"], values["expires_on"]) == ("2026-01-06", "2025-12-31")


def test_review_names_the_line_of_the_new_year(desk: ApiClient, engine: sa.Engine) -> None:
    life = to_review(desk, engine, date(2025, 12, 26))
    new_line = line(desk, opens_on="2026-01-01", expires_on="2026-12-31", year=2026)
    assert life.act("reviewer", "pass_review", **award(desk, "1200.00", new_line)) == "notice"


@pytest.mark.parametrize(("day", "codes"), [(date(2026, 1, 31), []), (date(2026, 2, 1), ["settling_over"])])
def test_committed_money_is_paid_until_the_line_settles(
    desk: ApiClient, engine: sa.Engine, day: date, codes: list[str]
) -> None:
    life = to_payment(desk, engine, line(desk, settles_until=SETTLED))
    desk.today = day
    answer = desk.act("cashier", life.case_id, "pay", method="bank", voucher="V-1")
    assert (desk.codes(answer) if codes else answer.get_json()["state"]) == (codes or "transit")


def test_line_without_settling_time_pays_until_it_ends(desk: ApiClient, engine: sa.Engine) -> None:
    life = to_payment(desk, engine, line(desk))
    desk.today = date(2026, 1, 5)
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["fund_closed"]


def test_payment_that_the_bank_returned_is_paid_again_after_the_year_ends(desk: ApiClient, engine: sa.Engine) -> None:
    life = to_payment(desk, engine, line(desk, settles_until=SETTLED))
    life.pay("1200.00")
    desk.today = date(2026, 1, 5)
    life.take_back("1200.00")
    assert life.act("cashier", "pay", method="bank", voucher="V-2") == "transit"


def test_settling_time_commits_nothing_new(desk: ApiClient, engine: sa.Engine) -> None:
    life = to_review(desk, engine, DECEMBER_17)
    life.act("reviewer", "pass_review", **award(desk, "1200.00", line(desk, settles_until=SETTLED)))
    desk.today = date(2026, 1, 5)
    life.act("clock", "end_notice")
    assert life.no("approver_1", "approve") == ["fund_closed"]


def test_line_cannot_settle_before_it_ends(desk: ApiClient) -> None:
    body = {"unit_id": str(desk.office.unit_id), "code": "END-2025", "title": "年末资金", "source": "OWN", "year": 2025}
    body |= {"document": "示例〔2025〕8号", "items": ["LIV"], "opens_on": "2025-01-01", "expires_on": "2025-12-31"}
    answer = desk.post("cashier", "/funds", {**body, "settles_until": "2025-12-30"})
    assert refusal(answer) == (422, ["dates_reversed"])
