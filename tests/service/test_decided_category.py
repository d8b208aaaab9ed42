"""The category that an approval decides reaches the household's file, dated and citing its case."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import cases
from service.tables.households import household
from tests.api_client import ApiClient, refusal
from tests.lives import NOTICE_OVER, Life, start
from tests.service import own_record
from tests.service.test_corrections import SCHOOLING, faults_of

database_url, engine, shared_app = own_record.database_url, own_record.engine, own_record.shared_app


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """Return an approved hardship case; the file has no category yet."""
    return start(desk, engine, "hardship", "LIV", {}).to("approval")


def category_of(life: Life) -> tuple[Any, Any, Any]:
    """Return the category of the file, its day and its case."""
    file = life.desk.get("registrar", f"/households/{life.family.household_id}").get_json()
    return file["category"], file["category_on"], file["category_case_id"]


def test_approval_writes_the_decided_category_into_the_file(life: Life, engine: sa.Engine) -> None:
    assert category_of(life) == (None, None, None)
    life.act("approver_1", "approve")
    assert category_of(life) == ("deep", NOTICE_OVER.isoformat(), life.case_id)
    assert faults_of(engine, life) == []


def test_decision_replaces_a_typed_category(life: Life, engine: sa.Engine) -> None:
    path, desk = f"/households/{life.family.household_id}", life.desk
    tag = desk.get("registrar", path).headers["ETag"]
    patch = {"headers": desk.headers("registrar", **{"If-Match": tag}), "json": {"category": "relative"}}
    assert desk.http.patch(f"/api/v1{path}", **patch).status_code == 200
    life.act("approver_1", "approve")
    assert category_of(life)[0] == "deep"
    assert faults_of(engine, life) == []


def test_decided_category_is_not_typed_over(life: Life) -> None:
    life.act("approver_1", "approve")
    path, desk = f"/households/{life.family.household_id}", life.desk
    tag = desk.get("registrar", path).headers["ETag"]
    patch = {"headers": desk.headers("registrar", **{"If-Match": tag}), "json": {"category": "sudden"}}
    assert refusal(desk.http.patch(f"/api/v1{path}", **patch)) == (409, ["category_decided"])


def test_cancelled_award_takes_the_category_back(life: Life, engine: sa.Engine) -> None:
    life.act("approver_1", "approve")
    life.act("approver_1", "cancel_award", reason="批错了")
    assert category_of(life) == (None, None, None)
    assert faults_of(engine, life) == []


def test_cancelled_award_leaves_the_category_of_an_earlier_decision(
    life: Life, desk: ApiClient, engine: sa.Engine
) -> None:
    life.act("approver_1", "approve")
    ids = {"household_id": str(life.family.household_id), "beneficiary_id": str(life.family.child_id)}
    body = {"programme": "tuition", **ids, "item": "EDU", "requested": "3000.00", "answers": SCHOOLING}
    desk.today = NOTICE_OVER.replace(day=1)
    second = Life(desk, life.family, desk.post("registrar", "/cases", body).get_json()["id"]).to("payment", "500.00")
    assert category_of(life)[2] == second.case_id
    second.act("registrar", "withdraw", reason="已有其他资助")
    assert category_of(life) == ("deep", NOTICE_OVER.isoformat(), life.case_id)
    assert faults_of(engine, life) == []


def test_approver_may_decide_again_for_the_same_family(life: Life, desk: ApiClient) -> None:
    """Why: the event of the category is on the household's chain, but writing it is not filing the household."""
    life.act("approver_1", "approve")
    ids = {"household_id": str(life.family.household_id), "beneficiary_id": str(life.family.child_id)}
    body = {"programme": "tuition", **ids, "item": "EDU", "requested": "3000.00", "answers": SCHOOLING}
    desk.today = NOTICE_OVER.replace(day=1)
    second = Life(desk, life.family, desk.post("registrar", "/cases", body).get_json()["id"])
    assert second.to("payment", "500.00").state == "payment"


def test_batch_of_approvals_writes_the_category_of_every_file(desk: ApiClient, engine: sa.Engine) -> None:
    lives = [start(desk, engine, "hardship", "LIV", {}).to("notice") for _ in range(2)]
    for each in lives:
        each.to("approval")
    with engine.begin() as conn:
        context = desk.office.context(conn, "approver_1", NOTICE_OVER)
        cases.take_action_on_many(conn, [UUID(each.case_id) for each in lives], "approve", {}, context)
    with engine.connect() as conn:
        ids = [each.family.household_id for each in lives]
        rows = conn.execute(sa.select(household.c.category).where(household.c.id.in_(ids)))
        assert [row.category for row in rows] == ["deep", "deep"]
    assert [faults_of(engine, each) for each in lives] == [[], []]
