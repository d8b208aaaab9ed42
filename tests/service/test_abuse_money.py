"""Payments that are doubled, too large, from a wrong fund or to another person are refused."""

import threading
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases
from service.crypto.encryption import blind_index, encrypt_field
from service.tables.accounts import role_grant
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.households import household
from service.tables.payments import payment
from service.tables.persons import person
from tests.api_client import ApiClient, refusal
from tests.factories import RING, create_family, grant, open_fund
from tests.identity_numbers import identity_number
from tests.lives import NOTICE_OVER, Life, award, pots, start
from tests.service.policy_fixtures import TWICE_A_YEAR, load_own_policy
from workflows.vocabulary import Refused


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    return start(client, engine, "hardship", "LIV", {})


ID_NUMBER = identity_number("37012320080101123")


def test_fund_for_one_category_cannot_pay_another(life: Life, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        own_fund = fund.c.id == life.desk.office.fund_id
        conn.execute(fund.update().where(own_fund).values(categories=["sudden"]))
    life.to("review")
    with engine.connect() as conn:
        category = conn.scalar(sa.select(case.c.category).where(case.c.id == life.case_id))
    assert category != "sudden"
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["category_not_permitted"]


def test_two_cases_of_one_household_approved_at_once_grant_only_one(client: ApiClient, engine: sa.Engine) -> None:
    """A year's cap of 2,000.00 pays for one of two: the second approval waits for the lock and then sees the first."""
    cap = ("months_of_line = 12", 'fixed = "2000.00"')
    with engine.begin() as conn:
        family = create_family(conn, client.office, division=load_own_policy(client, TWICE_A_YEAR, cap))
    body = {"programme": "hardship", "household_id": str(family.household_id), "item": "LIV", "requested": "3000.00"}
    one, two = (
        Life(client, family, client.post("registrar", "/cases", {**body, "beneficiary_id": str(each)}).get_json()["id"])
        for each in (family.head_id, family.child_id)
    )
    for each in (one, two):
        client.today = date(2025, 9, 1)
        each.to("approval")
    waiting, refusal_codes = threading.Event(), []

    def second() -> None:
        with engine.begin() as conn:
            context = client.office.context(conn, "approver_1", NOTICE_OVER)
            waiting.set()
            try:
                cases.take_action(conn, UUID(two.case_id), "approve", {}, context)
            except Refused as no:
                refusal_codes.extend(no.codes)

    with engine.begin() as conn:
        cases.take_action(
            conn, UUID(one.case_id), "approve", {}, client.office.context(conn, "approver_1", NOTICE_OVER)
        )
        other = threading.Thread(target=second)
        other.start()
        waiting.wait()
        other.join(0.7)
    other.join()
    assert refusal_codes == ["higher_tier_needed", "over_cap"]
    assert pots(engine, client)["committed_fen"] == 150_000


def test_student_filed_again_in_another_household_gets_no_second_grant(client: ApiClient, engine: sa.Engine) -> None:
    """One tuition grant per student and school year: the identity number identifies the student, not the row."""
    tuition_form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    first = start(client, engine, "tuition", "EDU", tuition_form)
    path, child = f"/persons/{first.family.child_id}", first.family.child_id
    id_columns = {
        "id_no_sealed": encrypt_field(RING, "person.id_no", child, ID_NUMBER),
        "id_no_index": blind_index(RING, "id_no", ID_NUMBER),
    }
    with engine.begin() as conn:
        conn.execute(person.update().where(person.c.id == child).values(**id_columns))
    first.to("payment", "600.00")
    first.pay("600.00")
    deleted = client.http.delete(f"/api/v1{path}", headers=client.headers("registrar", **{"If-Match": '"1"'}))
    assert deleted.status_code == 204, deleted.get_json()
    client.today = date(2025, 9, 1)
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    same_student = {"relation": "child", "name": "示例丙", "id_no": ID_NUMBER, "student_stage": "bachelor"}
    added = client.post("registrar", f"/households/{family.household_id}/members", same_student)
    assert added.status_code == 201, added.get_json()
    family_ids = {"household_id": str(family.household_id), "beneficiary_id": added.get_json()["id"]}
    body = {"programme": "tuition", **family_ids, "item": "EDU", "requested": "600.00", "answers": tuition_form}
    second_life = Life(client, family, client.post("registrar", "/cases", body).get_json()["id"])
    assert second_life.to("review").no("reviewer", "pass_review", **award(client, "600.00")) == ["student_repeated"]


def test_payee_renamed_after_approval_is_not_paid(life: Life, engine: sa.Engine) -> None:  # noqa: ARG001
    """The notice showed one name; the head's name is changed before payment."""
    life.to("payment")
    change = {"name": "某某某"}
    headers = life.desk.headers("registrar", **{"If-Match": '"1"'})
    done = life.desk.http.patch(f"/api/v1/persons/{life.family.head_id}", json=change, headers=headers)
    assert done.status_code == 200, done.get_json()
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["signatures_void"]


def test_beneficiary_removed_from_household_is_not_granted(client: ApiClient, engine: sa.Engine) -> None:
    tuition_form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    life = start(client, engine, "tuition", "EDU", tuition_form)
    headers = client.headers("registrar", **{"If-Match": '"1"'})
    deleted = client.http.delete(f"/api/v1/persons/{life.family.child_id}", headers=headers)
    assert deleted.status_code == 204, deleted.get_json()
    assert life.to("review").no("reviewer", "pass_review", **award(client, "600.00")) == ["beneficiary_left"]


def test_unanswered_objection_stops_the_next_notice(life: Life) -> None:
    """The reviewer takes the case back with the objection open and posts a second notice."""
    life.to("notice")
    life.act("registrar", "object", source="phone", objection="家里有车")
    life.act("reviewer", "return_to_review", reason="x")
    life.to("notice")
    life.desk.today = NOTICE_OVER
    assert life.no("clock", "end_notice") == ["objection_open"]


def test_expired_fund_pays_nothing(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    with engine.begin() as conn:
        conn.execute(fund.update().where(fund.c.id == life.desk.office.fund_id).values(expires_on=date(2025, 9, 14)))
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["fund_closed"]


def gift_body(client: ApiClient, household_id: Any, **changes: Any) -> dict[str, Any]:
    people = client.office.people
    gift = {"on": client.today.isoformat(), "item": "SWN", "purpose": "慰问", "account_code": "502"}
    handover = {
        "handed_by": str(people["visitor_1"]),
        "approved_by": str(people["approver_3"]),
        "signed_by_family": True,
    }
    money = {"amount": "100.00", "fund_id": str(client.office.fund_id)}
    recipient = {"unit_id": str(client.office.unit_id), "household_id": str(household_id)}
    return {**gift, **handover, **money, **recipient, **changes}


def test_gift_dated_back_cannot_spend_expired_fund(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, client.office)
        dates = {"opens_on": date(2024, 1, 1), "expires_on": date(2024, 12, 31)}
        conn.execute(fund.update().where(fund.c.id == client.office.fund_id).values(**dates))
    response = client.post("approver_3", "/gifts", gift_body(client, family.household_id, on="2024-12-01"))
    assert refusal(response) == (409, ["gift_not_in_policy", "fund_closed"])


def test_gift_dated_back_is_not_approved_with_a_role_that_has_ended(client: ApiClient, engine: sa.Engine) -> None:
    """An approver who is a registrar now dated a gift back to a day on which they approved, and its money went out."""
    with engine.begin() as conn:
        family = create_family(conn, client.office)
        own = role_grant.c.account_id == client.office.people["approver_3"]
        conn.execute(role_grant.update().where(own).values(revoked_on=date(2025, 9, 2)))
        grant(conn, client.office, "approver_3", "registrar")
    client.today = date(2025, 9, 5)
    response = client.post("approver_3", "/gifts", gift_body(client, family.household_id, on="2025-09-01"))
    assert refusal(response) == (409, ["approver_not_entitled"])


def test_exited_household_gets_no_relief_gift(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, client.office)
        conn.execute(household.update().where(household.c.id == family.household_id).values(exited_on=date(2025, 6, 1)))
    response = client.post("approver_3", "/gifts", gift_body(client, family.household_id))
    assert refusal(response) == (409, ["household_not_filed"])


@pytest.mark.parametrize("item", ["LIV", "EDU", "HOU"])
def test_relief_to_a_worker_household_is_never_a_gift(client: ApiClient, engine: sa.Engine, item: str) -> None:
    """One approver gave 30,000 of living relief to a family refused as a case, without survey, notice or means test."""
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    response = client.post("approver_3", "/gifts", gift_body(client, family.household_id, item=item, amount="30000.00"))
    assert refusal(response)[1][0] == "relief_needs_case"


def test_grant_paid_in_december_does_not_count_in_the_year_of_closing(client: ApiClient, engine: sa.Engine) -> None:
    """A grant paid in 2025 and closed in 2026 leaves the family its grant of 2026."""
    client.today = date(2025, 9, 1)
    one = start(client, engine, "hardship", "LIV", {})
    one.to("follow_up")
    client.today = date(2026, 1, 5)
    one.visit("record_follow_up", "received", ("follower",))
    one.act("registrar", "close")
    family_ids = {"household_id": str(one.family.household_id), "beneficiary_id": str(one.family.head_id)}
    body = {"programme": "hardship", **family_ids, "item": "LIV", "requested": "3000.00"}
    two = Life(client, one.family, client.post("registrar", "/cases", body).get_json()["id"])
    assert two.to("notice").state == "notice"


def test_concurrent_approvals_cannot_overdraw_a_fund(life: Life, engine: sa.Engine) -> None:
    """Of two approvals of 800 yuan from a fund of 1,000 yuan at the same time, one succeeds."""
    with engine.begin() as conn:
        fund_id = open_fund(conn, life.desk.office, 100_000)
    lives = [life, start(life.desk, engine, "hardship", "LIV", {})]
    for each in lives:
        life.desk.today = date(2025, 9, 1)
        each.to("approval", "800.00", fund_id)
    answers: list[tuple[int, list[str]]] = []
    client = life.desk

    def approve(one: Life) -> None:
        headers, path = client.headers("approver_1"), f"/api/v1/cases/{one.case_id}/actions/approve"
        response = client.http.application.test_client().post(path, json={}, headers=headers)
        answers.append((200, []) if response.status_code == 200 else refusal(response))

    threads = [threading.Thread(target=approve, args=(each,)) for each in lives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(200, []), (409, ["fund_short"])]


def test_ten_concurrent_payments_pay_a_case_once(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    client = life.desk
    answers: list[tuple[int, list[str]]] = []

    def pay() -> None:
        path = f"/api/v1/cases/{life.case_id}/actions/pay"
        body = {"answers": {"method": "bank", "voucher": "V-1"}}
        response = client.http.application.test_client().post(path, json=body, headers=client.headers("cashier"))
        answers.append((200, []) if response.status_code == 200 else refusal(response))

    threads = [threading.Thread(target=pay) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == [(200, []), *[(409, ["wrong_state"])] * 9]
    with engine.connect() as conn:
        live = sa.select(sa.func.count()).where(payment.c.case_id == life.case_id, payment.c.state == "sent")
        assert conn.scalar(live) == 1
