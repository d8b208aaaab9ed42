"""A unit spends a fund of the unit above only within an allocation."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.actions.fund_allocations import NewFundAllocation, allocate_to_unit
from service.tables.accounts import role_grant
from service.tables.events import event
from tests.api_client import ApiClient, refusal
from tests.factories import Family, create_family, create_organisation
from tests.lives import NOTICE_OVER, Life, award, start
from tests.service.import_fixtures import codes


@pytest.fixture
def school(client: ApiClient, engine: sa.Engine) -> ApiClient:
    """Return a client of a school below the organisation (the county), with staff of its own and no money."""
    with engine.begin() as conn:
        return ApiClient(client.http, create_organisation(conn, above=client.office, fen=0), client.today)


def allocation_body(client: ApiClient, school: ApiClient, **changes: Any) -> dict[str, Any]:
    dates = {"from_on": client.today.isoformat(), "until_on": "2025-12-31"}
    paper = {"document": "示例〔2025〕31号", "ceiling": "50000.00"}
    return {"unit_id": str(school.office.unit_id), **paper, **dates, **changes}


def allocate(client: ApiClient, school: ApiClient, **changes: Any) -> str:
    """Let the county's approver allocate the county's fund to the school, confirmed by its cashier; return the id."""
    path, body = f"/funds/{client.office.fund_id}/allocations", allocation_body(client, school, **changes)
    return str(client.confirmed("approver_3", path, body, by=("cashier",)).get_json()["id"])


def drawn_under(client: ApiClient) -> dict[str, str]:
    """Return what was drawn under each allocation of the county's fund, in yuan."""
    rows = client.get("auditor", f"/funds/{client.office.fund_id}/allocations").get_json()["items"]
    return {each["id"]: each["drawn"] for each in rows}


def lead_to_approval(life: Life, client: ApiClient, yuan: str = "1500.00") -> None:
    """Lead a case of the school to approval, on the county's fund."""
    life.to("approval", yuan, client.office.fund_id)


def start_case(school: ApiClient, engine: sa.Engine) -> Life:
    return start(school, engine, "hardship", "LIV", {})


def test_school_cannot_spend_the_county_fund_without_an_allocation(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    life = start_case(school, engine)
    life.to("review")
    assert life.no("reviewer", "pass_review", **award(client)) == ["fund_missing"]


def test_school_cannot_give_from_the_county_fund_without_an_allocation(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    with engine.begin() as conn:
        family = create_family(conn, school.office)
    gift = gift_of(school, client, family)
    response = school.post("approver_3", "/gifts", gift)
    assert school.codes(response) == ["fund_missing"]
    allocate(client, school)
    school.confirmed("approver_3", "/gifts", gift, by=("visitor_1",))


def test_gift_dated_back_does_not_spend_an_allocation_that_was_closed(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    """Regression: the line must be open on the gift's day and today, its allocation was asked of the gift's day alone."""
    allocation = allocate(client, school)
    with engine.begin() as conn:
        family = create_family(conn, school.office)
    client.today = school.today = date(2025, 9, 5)
    assert client.post("approver_3", f"/fund-allocations/{allocation}/end", {}).status_code == 204
    refused = school.post("approver_3", "/gifts", gift_of(school, client, family, on="2025-09-01"))
    assert school.codes(refused) == ["fund_missing"]


def gift_of(school: ApiClient, client: ApiClient, family: Family, **changed: Any) -> dict[str, Any]:
    """Return a gift of money of the school, of today, from the county's fund."""
    people = school.office.people
    gift = {"on": school.today.isoformat(), "item": "SWN", "purpose": "慰问", "account_code": "502"}
    handover = {"handed_by": str(people["visitor_1"]), "approved_by": str(people["approver_3"])}
    money = {"amount": "100.00", "fund_id": str(client.office.fund_id), "signed_by_family": True}
    recipient = {"unit_id": str(school.office.unit_id), "household_id": str(family.household_id)}
    return {**gift, **handover, **money, **recipient, **changed}


def test_allocated_fund_is_spent_and_the_allocation_is_logged(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    allocate(client, school)
    life = start_case(school, engine)
    lead_to_approval(life, client)
    assert life.act("approver_1", "approve") == "payment"
    with engine.connect() as conn:
        allocator = sa.select(event.c.actor_id).where(
            event.c.subject_id == client.office.fund_id, event.c.action == "open_to_unit"
        )
        assert conn.scalar(allocator) == client.office.people["approver_3"]


def test_allocation_needs_an_approver_of_the_unit_above(school: ApiClient, client: ApiClient) -> None:
    """Neither the school's approver nor a county account without the approver role may allocate."""
    path = f"/funds/{client.office.fund_id}/allocations"
    assert refusal(school.post("approver_3", path, allocation_body(client, school))) == (404, ["not_found"])
    assert refusal(client.post("cashier", path, allocation_body(client, school))) == (403, ["role_missing"])
    assert refusal(client.post("reviewer", path, allocation_body(client, school))) == (403, ["role_missing"])


def test_ended_allocation_refuses_an_approval(school: ApiClient, client: ApiClient, engine: sa.Engine) -> None:
    """The allocation ends while a case waits for its approver: nothing more is committed."""
    allocation_id = allocate(client, school)
    life = start_case(school, engine)
    lead_to_approval(life, client)
    client.today = NOTICE_OVER
    assert client.post("approver_2", f"/fund-allocations/{allocation_id}/end", {}).status_code == 204
    assert client.codes(client.post("approver_2", f"/fund-allocations/{allocation_id}/end", {})) == [
        "allocation_closed"
    ]
    assert life.no("approver_1", "approve") == ["fund_not_open"]
    listed = life.desk.get("approver_1", f"/cases/{life.case_id}/actions").get_json()
    approve = next(each for each in listed["items"] if each["action"] == "approve")
    assert [each["code"] for each in approve["reasons"]] == ["fund_not_open"]


def test_approved_award_is_paid_after_the_allocation_ended(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    allocate(client, school, until_on=NOTICE_OVER.isoformat())
    life = start_case(school, engine)
    lead_to_approval(life, client)
    life.act("approver_1", "approve")
    life.desk.today = date(2025, 9, 17)
    assert life.act("cashier", "pay", method="bank", voucher="V-1") == "transit"


def test_allocation_ceiling_covers_all_cases_of_the_unit(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    allocate(client, school, ceiling="2000.00")
    first, second = start_case(school, engine), start_case(school, engine)
    for each in (first, second):
        school.today = date(2025, 9, 1)
        lead_to_approval(each, client)
    first.act("approver_1", "approve")
    assert second.no("approver_1", "approve") == ["fund_share_short"]
    third = start_case(school, engine)
    third.to("review")
    assert third.no("reviewer", "pass_review", **award(client, "500.01")) == ["fund_share_short"]


def test_money_that_came_back_from_an_earlier_allocation_does_not_widen_the_next(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    """Regression: what was recovered under the second allocation was taken off what had been drawn under it."""
    allocate(client, school, ceiling="1500.00", until_on="2025-09-30")
    first = start_case(school, engine).to("receipt", fund_id=client.office.fund_id)
    client.today = school.today = date(2025, 10, 8)
    again = allocate(client, school, ceiling="1500.00")
    first.act("approver_1", "recall", amount="1500.00", ground="paid_in_error", reason="重复")
    first.recover("1500.00")
    assert drawn_under(client)[again] == "0.00"
    second = start_case(school, engine).to("review")
    assert second.no("reviewer", "pass_review", **award(client, "1500.01")) == ["fund_share_short"]


def test_what_is_drawn_after_an_allocation_was_closed_counts_under_the_next(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    closed = allocate(client, school)
    client.today = school.today = date(2025, 9, 2)
    assert client.post("approver_3", f"/fund-allocations/{closed}/end", {}).status_code == 204
    again = allocate(client, school, ceiling="1500.00")
    start_case(school, engine).to("payment", fund_id=client.office.fund_id)
    assert drawn_under(client) == {closed: "0.00", again: "1500.00"}


def test_allocation_excludes_units_beside_and_below_unless_stated(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    with engine.begin() as conn:
        workshop = ApiClient(client.http, create_organisation(conn, above=school.office, fen=0), client.today)
        neighbour = ApiClient(client.http, create_organisation(conn, above=client.office, fen=0), client.today)
    allocate(client, school)
    lives = [start_case(other, engine) for other in (workshop, neighbour)]
    for life in lives:
        life.to("review")
        assert life.no("reviewer", "pass_review", **award(client)) == ["fund_missing"]
    wide_allocation = allocation_body(client, school, unit_id=str(client.office.unit_id), with_below=True)
    path = f"/funds/{client.office.fund_id}/allocations"
    client.confirmed("approver_3", path, wide_allocation, by=("cashier",))
    assert [life.act("reviewer", "pass_review", **award(client)) for life in lives] == ["notice", "notice"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"from_on": "2025-08-31"}, "in_the_past"),
        ({"until_on": "2027-01-01"}, "allocation_outlives_line"),
        ({"unit_id": "own"}, "allocation_not_below"),
        ({"until_on": "2025-08-31"}, "dates_reversed"),
    ],
)
def test_invalid_allocation_is_refused(
    school: ApiClient, client: ApiClient, changes: dict[str, str], code: str
) -> None:
    body = allocation_body(client, school, **changes)
    if changes.get("unit_id") == "own":
        body["unit_id"] = str(client.office.unit_id)
    refused = client.post("approver_3", f"/funds/{client.office.fund_id}/allocations", body)
    assert client.codes(refused) == [code]


@pytest.mark.parametrize(
    ("approver", "ceiling", "refused"),
    [("approver_1", "2000.00", []), ("approver_1", "2000.01", ["tier_too_low"]), ("approver_2", "2000.01", [])],
)
def test_allocation_needs_the_tier_of_its_ceiling(
    school: ApiClient, client: ApiClient, approver: str, ceiling: str, refused: list[str]
) -> None:
    """Why: an approver whose tier ends at 2,000 yuan would let a school's approvers spend a whole fund line."""
    path, body = f"/funds/{client.office.fund_id}/allocations", allocation_body(client, school, ceiling=ceiling)
    proposed = client.post(approver, path, body)
    assert (client.codes(proposed) if refused else proposed.status_code) == (refused or 202)


def test_allocation_without_a_ceiling_is_refused(school: ApiClient, client: ApiClient, conn: sa.Connection) -> None:
    path, body = f"/funds/{client.office.fund_id}/allocations", allocation_body(client, school)
    assert refusal(client.post("approver_3", path, {**body, "ceiling": None})) == (422, ["field_wrong"])
    period = (client.today, date(2025, 12, 31))
    new = NewFundAllocation(client.office.fund_id, school.office.unit_id, *period, "示例〔2025〕31号")
    context = client.office.context(conn, "approver_3", client.today)
    assert codes(lambda: allocate_to_unit(conn, new, context)) == ["answer_missing"]


def test_second_overlapping_allocation_is_refused(school: ApiClient, client: ApiClient) -> None:
    allocate(client, school, ceiling="100.00")
    second_allocation = client.post(
        "approver_1", f"/funds/{client.office.fund_id}/allocations", allocation_body(client, school, ceiling="100.00")
    )
    assert client.codes(second_allocation) == ["allocation_overlaps"]


def test_refusal_does_not_disclose_the_balance_of_the_county_fund(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    """The county's fund holds 100,000 yuan; the school's reviewer learns only that it is too small for the award."""
    allocate(client, school, ceiling="200000.00")
    life = start_case(school, engine)
    life.to("review")
    with engine.begin() as conn:
        conn.execute(sa.text('UPDATE "case" SET requested_fen = 20000000 WHERE id = :id'), {"id": life.case_id})
    refused = school.act("reviewer", life.case_id, "pass_review", **award(client, "150000.00"))
    assert school.codes(refused) == ["over_cap", "fund_insufficient"]
    assert "100000" not in refused.get_data(as_text=True)
    assert "10000000" not in refused.get_data(as_text=True)


def test_school_sees_its_allocation_without_the_balance(school: ApiClient, client: ApiClient) -> None:
    assert school.get("reviewer", "/fund-allocations").get_json()["items"] == []
    allocate(client, school, ceiling="2000.00")
    (allocation,) = school.get("reviewer", "/fund-allocations").get_json()["items"]
    assert (allocation["fund_id"], allocation["ceiling"], allocation["drawn"]) == (
        str(client.office.fund_id),
        "2000.00",
        "0.00",
    )
    assert not {"available", "received", "paid"} & allocation.keys()
    assert refusal(school.get("reviewer", f"/funds/{client.office.fund_id}/allocations")) == (404, ["not_found"])
    assert [
        each["unit_id"]
        for each in client.get("auditor", f"/funds/{client.office.fund_id}/allocations").get_json()["items"]
    ]


def test_allocation_by_an_approver_with_an_ended_grant_is_refused(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    with engine.begin() as conn:
        approver_grants = role_grant.c.account_id == client.office.people["approver_1"]
        conn.execute(role_grant.update().where(approver_grants).values(until_on=date(2025, 8, 31)))
    path = f"/funds/{client.office.fund_id}/allocations"
    assert refusal(client.post("approver_1", path, allocation_body(client, school))) == (403, ["role_missing"])


def test_review_refuses_an_allocation_that_ends_before_the_decision(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    """A notice posted on 1 September ends on the 8th; the allocation has ended by then."""
    allocate(client, school, until_on="2025-09-08")
    life = start_case(school, engine).to("review")
    assert life.no("reviewer", "pass_review", **award(client)) == ["fund_not_open"]


def test_review_takes_an_allocation_that_begins_before_the_decision(
    school: ApiClient, client: ApiClient, engine: sa.Engine
) -> None:
    allocate(client, school, from_on="2025-09-08")
    life = start_case(school, engine).to("review")
    assert life.act("reviewer", "pass_review", **award(client)) == "notice"
