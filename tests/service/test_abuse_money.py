"""What an auditor doubts: each test tries to pay twice, too much, from the wrong line, or to somebody else."""

import threading
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases
from service.crypto.encryption import blind_index, encrypt_field
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.households import household
from service.tables.payments import payment
from service.tables.persons import person
from tests.api_client import ApiClient, refusal
from tests.factories import RING, create_family, open_fund
from tests.lives import NOTICE_OVER, Life, award, pots, start
from workflows.vocabulary import Refused


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    return start(desk, engine, "hardship", "LIV", {})


def with_check_digit(first: str) -> str:
    """The identity number that begins with these 17 digits."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(int(a) * b for a, b in zip(first, weights, strict=True)) % 11]


NUMBER = with_check_digit("37012320080101123")


def test_a_fund_for_one_category_does_not_pay_another(life: Life, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        mine = fund.c.id == life.desk.office.fund_id
        conn.execute(fund.update().where(mine).values(categories=["sudden"]))
    life.to("review")
    with engine.connect() as conn:
        found = conn.scalar(sa.select(case.c.category).where(case.c.id == life.case_id))
    assert found != "sudden"
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["category_not_permitted"]


def test_two_cases_of_one_household_approved_at_once_are_not_both_granted(desk: ApiClient, engine: sa.Engine) -> None:
    """The same item once a year for a household: the second approval waits for the lock and must then see the first."""
    one = start(desk, engine, "hardship", "LIV", {})
    body = {
        "programme": "hardship",
        "household_id": str(one.family.household_id),
        "item": "LIV",
        "requested": "3000.00",
    }
    opened = desk.post("registrar", "/cases", {**body, "beneficiary_id": str(one.family.child_id)})
    two = Life(desk, one.family, opened.get_json()["id"])
    for each in (one, two):
        desk.today = date(2025, 9, 1)
        each.to("approval")
    waiting, refused = threading.Event(), []

    def second() -> None:
        with engine.begin() as conn:
            context = desk.office.context(conn, "approver_1", NOTICE_OVER)
            waiting.set()
            try:
                cases.take_action(conn, UUID(two.case_id), "approve", {}, context)
            except Refused as no:
                refused.extend(no.codes)

    with engine.begin() as conn:
        cases.take_action(conn, UUID(one.case_id), "approve", {}, desk.office.context(conn, "approver_1", NOTICE_OVER))
        other = threading.Thread(target=second)
        other.start()
        waiting.wait()
        other.join(0.7)
    other.join()
    assert refused == ["item_repeated"]
    assert pots(engine, desk)["committed_fen"] == 150_000


def test_a_student_filed_anew_in_another_household_is_the_same_student(desk: ApiClient, engine: sa.Engine) -> None:
    """One tuition grant per student and school year: the number says who he is, the row does not."""
    form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    first = start(desk, engine, "tuition", "EDU", form)
    path, child = f"/persons/{first.family.child_id}", first.family.child_id
    kept = {
        "id_no_sealed": encrypt_field(RING, "person.id_no", child, NUMBER),
        "id_no_index": blind_index(RING, "id_no", NUMBER),
    }
    with engine.begin() as conn:
        conn.execute(person.update().where(person.c.id == child).values(**kept))
    first.to("payment", "600.00")
    first.act("cashier", "pay", method="bank", voucher="V-1")
    gone = desk.http.delete(f"/api/v1{path}", headers=desk.headers("registrar", **{"If-Match": '"1"'}))
    assert gone.status_code == 204, gone.get_json()
    desk.today = date(2025, 9, 1)
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    same = {"relation": "child", "name": "示例丙", "id_no": NUMBER, "student_stage": "bachelor"}
    added = desk.post("registrar", f"/households/{family.household_id}/members", same)
    assert added.status_code == 201, added.get_json()
    who = {"household_id": str(family.household_id), "beneficiary_id": added.get_json()["id"]}
    body = {"programme": "tuition", **who, "item": "EDU", "requested": "600.00", "answers": form}
    again = Life(desk, family, desk.post("registrar", "/cases", body).get_json()["id"])
    assert again.to("review").no("reviewer", "pass_review", **award(desk, "600.00")) == ["student_repeated"]


def test_the_payee_is_not_made_into_somebody_else_after_the_signatures(life: Life, engine: sa.Engine) -> None:  # noqa: ARG001
    """The notice showed one name; before payment the head gets another."""
    life.to("payment")
    change = {"name": "某某某"}
    headers = life.desk.headers("registrar", **{"If-Match": '"1"'})
    done = life.desk.http.patch(f"/api/v1/persons/{life.family.head_id}", json=change, headers=headers)
    assert done.status_code == 200, done.get_json()
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["signatures_void"]


def test_a_beneficiary_who_left_the_family_is_not_granted(desk: ApiClient, engine: sa.Engine) -> None:
    form = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    life = start(desk, engine, "tuition", "EDU", form)
    headers = desk.headers("registrar", **{"If-Match": '"1"'})
    gone = desk.http.delete(f"/api/v1/persons/{life.family.child_id}", headers=headers)
    assert gone.status_code == 204, gone.get_json()
    assert life.to("review").no("reviewer", "pass_review", **award(desk, "600.00")) == ["beneficiary_left"]


def test_an_objection_nobody_answered_stops_the_next_notice_too(life: Life) -> None:
    """The reviewer takes the case back with the objection open and hangs it out anew."""
    life.to("notice")
    life.act("registrar", "object", source="phone", objection="家里有车")
    life.act("reviewer", "return_to_review", reason="x")
    life.to("notice")
    life.desk.today = NOTICE_OVER
    assert life.no("clock", "end_notice") == ["objection_open"]


def test_an_expired_line_pays_nothing(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    with engine.begin() as conn:
        conn.execute(fund.update().where(fund.c.id == life.desk.office.fund_id).values(expires_on=date(2025, 9, 14)))
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["fund_closed"]


def gift_of(desk: ApiClient, household_id: Any, **changes: Any) -> dict[str, Any]:
    people = desk.office.people
    given = {"on": desk.today.isoformat(), "item": "LIV", "purpose": "慰问", "account_code": "502"}
    hands = {"handed_by": str(people["visitor_1"]), "approved_by": str(people["approver_3"]), "signed_by_family": True}
    what = {"amount": "100.00", "fund_id": str(desk.office.fund_id)}
    where = {"unit_id": str(desk.office.unit_id), "household_id": str(household_id)}
    return {**given, **hands, **what, **where, **changes}


def test_an_expired_line_is_not_spent_by_dating_a_gift_back(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
        days = {"opens_on": date(2024, 1, 1), "expires_on": date(2024, 12, 31)}
        conn.execute(fund.update().where(fund.c.id == desk.office.fund_id).values(**days))
    made = desk.post("approver_3", "/gifts", gift_of(desk, family.household_id, on="2024-12-01"))
    assert refusal(made) == (409, ["fund_closed"])


def test_a_household_that_left_gets_no_gift_of_relief(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
        conn.execute(household.update().where(household.c.id == family.household_id).values(exited_on=date(2025, 6, 1)))
    made = desk.post("approver_3", "/gifts", gift_of(desk, family.household_id))
    assert refusal(made) == (409, ["household_not_filed"])


def test_relief_given_by_hand_counts_towards_the_same_item(life: Life) -> None:
    """LIV by gift and LIV by case: the same help twice (domain/2 §2.7)."""
    made = life.desk.post("approver_3", "/gifts", gift_of(life.desk, life.family.household_id, amount="1000.00"))
    assert made.status_code == 201, made.get_json()
    assert life.to("review").no("reviewer", "pass_review", **award(life.desk)) == ["item_repeated"]


def test_a_grant_of_december_does_not_count_in_january_because_the_case_was_closed_then(
    desk: ApiClient, engine: sa.Engine
) -> None:
    """Paid in 2025, closed in 2026: the family may have its grant of 2026."""
    desk.today = date(2025, 9, 1)
    one = start(desk, engine, "hardship", "LIV", {})
    one.to("follow_up")
    desk.today = date(2026, 1, 5)
    one.visit("record_follow_up", "received", ("follower",))
    one.act("registrar", "close")
    who = {"household_id": str(one.family.household_id), "beneficiary_id": str(one.family.head_id)}
    body = {"programme": "hardship", **who, "item": "LIV", "requested": "3000.00"}
    two = Life(desk, one.family, desk.post("registrar", "/cases", body).get_json()["id"])
    assert two.to("notice").state == "notice"


def test_one_payments_fund_is_the_cases(life: Life, engine: sa.Engine) -> None:
    """Two approvals of 800 from a line of 1,000, at once."""
    with engine.begin() as conn:
        line = open_fund(conn, life.desk.office, 100_000)
    lives = [life, start(life.desk, engine, "hardship", "LIV", {})]
    for each in lives:
        life.desk.today = date(2025, 9, 1)
        each.to("approval", "800.00", line)
    answers: list[tuple[int, list[str]]] = []
    desk = life.desk

    def approve(one: Life) -> None:
        headers, path = desk.headers("approver_1"), f"/api/v1/cases/{one.case_id}/actions/approve"
        sent = desk.http.application.test_client().post(path, json={}, headers=headers)
        answers.append((200, []) if sent.status_code == 200 else refusal(sent))

    threads = [threading.Thread(target=approve, args=(each,)) for each in lives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(200, []), (409, ["fund_short"])]


def test_one_payment_when_ten_pay_at_once(life: Life, engine: sa.Engine) -> None:
    life.to("payment")
    desk = life.desk
    answers: list[tuple[int, list[str]]] = []

    def pay() -> None:
        path = f"/api/v1/cases/{life.case_id}/actions/pay"
        body = {"answers": {"method": "bank", "voucher": "V-1"}}
        sent = desk.http.application.test_client().post(path, json=body, headers=desk.headers("cashier"))
        answers.append((200, []) if sent.status_code == 200 else refusal(sent))

    threads = [threading.Thread(target=pay) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == [(200, []), *[(409, ["wrong_state"])] * 9]
    with engine.connect() as conn:
        live = sa.select(sa.func.count()).where(payment.c.case_id == life.case_id, payment.c.state == "live")
        assert conn.scalar(live) == 1
