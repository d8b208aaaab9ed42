"""Whose money it is: a unit spends a line of the unit above only while an approver there has opened it, and no more."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.tables.accounts import role_grant
from service.tables.events import event
from tests.api_client import ApiClient, refusal
from tests.factories import create_family, create_organisation
from tests.lives import NOTICE_OVER, Life, award, start


@pytest.fixture
def school(desk: ApiClient, engine: sa.Engine) -> ApiClient:
    """A school under the office, with people of its own; the county's line is `school.county.fund_id`."""
    with engine.begin() as conn:
        return ApiClient(desk.http, create_organisation(conn, above=desk.office, fen=0), desk.today)


def opening(desk: ApiClient, school: ApiClient, **changes: Any) -> dict[str, Any]:
    days = {"from_on": desk.today.isoformat(), "until_on": "2025-12-31"}
    return {"unit_id": str(school.office.unit_id), "document": "示例〔2025〕31号", **days, **changes}


def opened(desk: ApiClient, school: ApiClient, **changes: Any) -> str:
    """The county's approver opens the county's line to the school."""
    made = desk.post("approver_1", f"/funds/{desk.office.fund_id}/allocations", opening(desk, school, **changes))
    assert made.status_code == 201, made.get_json()
    return str(made.get_json()["id"])


def passed(life: Life, desk: ApiClient, yuan: str = "1500.00") -> None:
    """A case of the school, on the county's money, waiting for its approver."""
    life.to("approval", yuan, desk.office.fund_id)


def case_of(school: ApiClient, engine: sa.Engine) -> Life:
    return start(school, engine, "hardship", "LIV", {})


def test_a_school_does_not_spend_the_countys_line(school: ApiClient, desk: ApiClient, engine: sa.Engine) -> None:
    life = case_of(school, engine)
    life.to("review")
    assert life.no("reviewer", "pass_review", **award(desk)) == ["fund_missing"]


def test_a_school_does_not_give_away_the_countys_money(school: ApiClient, desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, school.office)
    given = {"on": school.today.isoformat(), "item": "LIV", "purpose": "慰问", "account_code": "502"}
    people = school.office.people
    hands = {"handed_by": str(people["visitor_1"]), "approved_by": str(people["approver_3"]), "signed_by_family": True}
    what = {"amount": "100.00", "fund_id": str(desk.office.fund_id)}
    where = {"unit_id": str(school.office.unit_id), "household_id": str(family.household_id)}
    made = school.post("approver_3", "/gifts", {**given, **hands, **what, **where})
    assert school.codes(made) == ["fund_missing"]
    opened(desk, school)
    assert school.post("approver_3", "/gifts", {**given, **hands, **what, **where}).status_code == 201


def test_a_line_that_was_opened_is_spent_and_the_opening_is_in_the_trail(
    school: ApiClient, desk: ApiClient, engine: sa.Engine
) -> None:
    opened(desk, school)
    life = case_of(school, engine)
    passed(life, desk)
    assert life.act("approver_1", "approve") == "payment"
    with engine.connect() as conn:
        told = sa.select(event.c.actor_id).where(
            event.c.subject_id == desk.office.fund_id, event.c.action == "open_to_unit"
        )
        assert conn.scalar(told) == desk.office.people["approver_1"]


def test_nobody_opens_a_line_to_himself(school: ApiClient, desk: ApiClient) -> None:
    """Not the school's approver, nor anybody of the county who is no approver."""
    path = f"/funds/{desk.office.fund_id}/allocations"
    assert refusal(school.post("approver_3", path, opening(desk, school))) == (404, ["not_found"])
    assert refusal(desk.post("cashier", path, opening(desk, school))) == (403, ["role_missing"])
    assert refusal(desk.post("reviewer", path, opening(desk, school))) == (403, ["role_missing"])


def test_an_opening_ends(school: ApiClient, desk: ApiClient, engine: sa.Engine) -> None:
    """Closed while a case waits for its approver: nothing is promised any more."""
    ours = opened(desk, school)
    life = case_of(school, engine)
    passed(life, desk)
    desk.today = NOTICE_OVER
    assert desk.post("approver_2", f"/fund-allocations/{ours}/end", {}).status_code == 204
    assert desk.codes(desk.post("approver_2", f"/fund-allocations/{ours}/end", {})) == ["allocation_closed"]
    assert life.no("approver_1", "approve") == ["fund_not_open"]
    shown = life.desk.get("approver_1", f"/cases/{life.case_id}/actions").get_json()
    approve = next(each for each in shown["items"] if each["action"] == "approve")
    assert [each["code"] for each in approve["reasons"]] == ["fund_not_open"]


def test_what_was_promised_is_paid_after_the_opening_ended(
    school: ApiClient, desk: ApiClient, engine: sa.Engine
) -> None:
    opened(desk, school, until_on=NOTICE_OVER.isoformat())
    life = case_of(school, engine)
    passed(life, desk)
    life.act("approver_1", "approve")
    life.desk.today = date(2025, 9, 17)
    assert life.act("cashier", "pay", method="bank", voucher="V-1") == "receipt"


def test_a_ceiling_holds_over_all_cases_of_the_unit(school: ApiClient, desk: ApiClient, engine: sa.Engine) -> None:
    opened(desk, school, ceiling="2000.00")
    first, second = case_of(school, engine), case_of(school, engine)
    for each in (first, second):
        school.today = date(2025, 9, 1)
        passed(each, desk)
    first.act("approver_1", "approve")
    assert second.no("approver_1", "approve") == ["fund_share_short"]
    third = case_of(school, engine)
    third.to("review")
    assert third.no("reviewer", "pass_review", **award(desk, "500.01")) == ["fund_share_short"]


def test_a_neighbour_is_not_meant_nor_a_unit_below_unless_it_is_said(
    school: ApiClient, desk: ApiClient, engine: sa.Engine
) -> None:
    with engine.begin() as conn:
        workshop = ApiClient(desk.http, create_organisation(conn, above=school.office, fen=0), desk.today)
        beside = ApiClient(desk.http, create_organisation(conn, above=desk.office, fen=0), desk.today)
    opened(desk, school)
    lives = [case_of(other, engine) for other in (workshop, beside)]
    for life in lives:
        life.to("review")
        assert life.no("reviewer", "pass_review", **award(desk)) == ["fund_missing"]
    wide = opening(desk, school, unit_id=str(desk.office.unit_id), with_below=True)
    assert desk.post("approver_1", f"/funds/{desk.office.fund_id}/allocations", wide).status_code == 201
    assert [life.act("reviewer", "pass_review", **award(desk)) for life in lives] == ["notice", "notice"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"from_on": "2025-08-31"}, "in_the_past"),
        ({"until_on": "2027-01-01"}, "allocation_outlives_line"),
        ({"unit_id": "own"}, "allocation_not_below"),
        ({"until_on": "2025-08-31"}, "dates_reversed"),
    ],
)
def test_an_opening_that_would_not_do(school: ApiClient, desk: ApiClient, changes: dict[str, str], code: str) -> None:
    context = opening(desk, school, **changes)
    if changes.get("unit_id") == "own":
        context["unit_id"] = str(desk.office.unit_id)
    refused = desk.post("approver_1", f"/funds/{desk.office.fund_id}/allocations", context)
    assert desk.codes(refused) == [code]


def test_a_line_is_not_opened_twice_to_add_up_two_ceilings(school: ApiClient, desk: ApiClient) -> None:
    opened(desk, school, ceiling="100.00")
    again = desk.post(
        "approver_1", f"/funds/{desk.office.fund_id}/allocations", opening(desk, school, ceiling="100.00")
    )
    assert desk.codes(again) == ["allocation_overlaps"]


def test_a_refusal_does_not_tell_the_balance_of_a_line_one_may_not_see(
    school: ApiClient, desk: ApiClient, engine: sa.Engine
) -> None:
    """The county's line holds 100,000 yuan; the school's reviewer learns only that it will not bear the award."""
    opened(desk, school)
    life = case_of(school, engine)
    life.to("review")
    with engine.begin() as conn:
        conn.execute(sa.text('UPDATE "case" SET requested_fen = 20000000 WHERE id = :id'), {"id": life.case_id})
    refused = school.act("reviewer", life.case_id, "pass_review", **award(desk, "150000.00"))
    assert school.codes(refused) == ["over_cap", "fund_insufficient"]
    assert "100000" not in refused.get_data(as_text=True)
    assert "10000000" not in refused.get_data(as_text=True)


def test_the_school_sees_what_is_open_to_it_and_no_balance(school: ApiClient, desk: ApiClient) -> None:
    assert school.get("reviewer", "/fund-allocations").get_json()["items"] == []
    opened(desk, school, ceiling="2000.00")
    (line,) = school.get("reviewer", "/fund-allocations").get_json()["items"]
    assert (line["fund_id"], line["ceiling"], line["drawn"]) == (str(desk.office.fund_id), "2000.00", "0.00")
    assert not {"available", "received", "paid"} & line.keys()
    assert refusal(school.get("reviewer", f"/funds/{desk.office.fund_id}/allocations")) == (404, ["not_found"])
    assert [
        each["unit_id"] for each in desk.get("auditor", f"/funds/{desk.office.fund_id}/allocations").get_json()["items"]
    ]


def test_an_opening_needs_a_right_that_holds_today(school: ApiClient, desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        his = role_grant.c.account_id == desk.office.people["approver_1"]
        conn.execute(role_grant.update().where(his).values(until_on=date(2025, 8, 31)))
    path = f"/funds/{desk.office.fund_id}/allocations"
    assert refusal(desk.post("approver_1", path, opening(desk, school))) == (403, ["role_missing"])
