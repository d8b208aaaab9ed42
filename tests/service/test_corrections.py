"""A returned application is corrected, and the next hand sees what changed."""

import json
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.integrity.faults import Fault
from service.integrity.verify import verify
from service.tables.cases import case
from service.tables.notices import notice
from tests.api_client import ApiClient, refusal
from tests.factories import create_family
from tests.lives import Life, award, start
from tests.service import own_record

database_url, engine, shared_app = own_record.database_url, own_record.engine, own_record.shared_app

MONEY = {"requested": "2400.00"}
SCHOOLING = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}


def returned(life: Life) -> Life:
    """Lead the case to review and return it to the registrar."""
    life.to("review")
    life.act("reviewer", "return_to_draft", reason="金额请核对")
    return life


def seen(life: Life, staff_name: str = "reviewer") -> dict[str, Any]:
    """Return the case as a member of staff sees it."""
    return dict(life.desk.get(staff_name, f"/cases/{life.case_id}").get_json())


def faults_of(engine: sa.Engine, life: Life) -> list[Fault]:
    """Return the faults of the case and its household; other tests change other rows without events."""
    ids = {life.case_id, str(life.family.household_id)}
    with engine.connect() as conn:
        return [each for each in verify(conn).faults if each.key in ids]


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """Return a hardship case in draft, returned by the reviewer."""
    return returned(start(desk, engine, "hardship", "LIV", {}))


def test_returned_application_takes_new_sum_item_and_answers(life: Life) -> None:
    paid = {"self_paid": "12000.00", "cause_text": "更正后的情况"}
    assert life.act("registrar", "correct_application", item="MED", **paid, **MONEY) == "draft"
    now = seen(life)
    assert (now["requested"], now["item"], now["answers"]) == ("2400.00", "MED", {"self_paid": 1_200_000})


def test_event_of_a_correction_keeps_old_and_new_values(life: Life) -> None:
    life.act("registrar", "correct_application", self_paid="12000.00", **MONEY)
    items = life.desk.get("auditor", f"/cases/{life.case_id}/events").get_json()["items"]
    last = json.loads(items[-1]["body"])
    assert last["corrected"] == {"requested": [300_000, 240_000], "self_paid": [None, 1_200_000]}


def test_reviewer_sees_what_changed_since_the_return(life: Life) -> None:
    life.act("registrar", "correct_application", requested="1800.00")
    life.act("registrar", "correct_application", cause_text="家中老人新近住院", **MONEY)
    life.to("review")
    for path in (f"/cases/{life.case_id}", f"/cases/{life.case_id}/actions"):
        changes = life.desk.get("reviewer", path).get_json()["changes"]
        told = {each["field"]: (each["before"], each["after"], each["rewritten"], each["by"]) for each in changes}
        assert told == {
            "requested": ("3000.00", "2400.00", False, "registrar"),
            "cause_text": (None, None, True, "registrar"),
        }
    assert "住院" not in life.desk.get("reviewer", f"/cases/{life.case_id}/actions").get_data(as_text=True)


def test_changes_before_an_earlier_return_are_not_shown_again(life: Life) -> None:
    life.act("registrar", "correct_application", **MONEY)
    returned(life)
    assert seen(life)["changes"] == []
    life.act("registrar", "correct_application", requested="3000.00")
    assert [(each["before"], each["after"]) for each in seen(life)["changes"]] == [("2400.00", "3000.00")]


def test_correction_that_is_taken_back_is_no_change(life: Life) -> None:
    life.act("registrar", "correct_application", **MONEY)
    life.act("registrar", "correct_application", requested="3000.00")
    assert seen(life)["changes"] == []


def test_application_is_corrected_before_it_is_submitted(desk: ApiClient, engine: sa.Engine) -> None:
    life = start(desk, engine, "hardship", "LIV", {})
    life.act("registrar", "correct_application", **MONEY)
    assert seen(life)["requested"] == "2400.00"
    assert life.to("payment").state == "payment"


def test_submitted_application_is_not_corrected(life: Life) -> None:
    life.to("survey")
    assert life.no("registrar", "correct_application", **MONEY) == ["wrong_state"]


def test_correction_to_an_item_with_an_open_case_is_refused(life: Life, desk: ApiClient) -> None:
    family = {"household_id": str(life.family.household_id), "beneficiary_id": str(life.family.head_id)}
    other = {"programme": "hardship", **family, "item": "MED", "requested": "500.00", "answers": {}}
    assert desk.post("registrar", "/cases", other).status_code == 201
    assert life.no("registrar", "correct_application", item="MED", **MONEY) == ["case_already_open"]
    assert life.act("registrar", "correct_application", item="LIV", **MONEY) == "draft"


def test_correction_without_a_sum_is_refused(life: Life) -> None:
    assert life.no("registrar", "correct_application", requested="0.00") == ["amount_not_positive"]
    assert refusal(life.desk.act("registrar", life.case_id, "correct_application")) == (422, ["answer_missing"])


def test_correction_makes_the_earlier_award_notice_and_signatures_void(desk: ApiClient, engine: sa.Engine) -> None:
    life = start(desk, engine, "hardship", "LIV", {}).to("approval", "3000.00")
    life.act("approver_1", "endorse")
    life.act("reviewer", "return_to_review", reason="金额有误")
    life.act("reviewer", "return_to_draft", reason="金额有误")
    life.act("registrar", "correct_application", **MONEY)
    now = seen(life)
    assert (now["award"], now["fund_id"], now["category"]) == (None, None, None)
    life.to("review")
    assert life.no("reviewer", "pass_review", **award(desk, "3000.00")) == ["over_requested"]
    life.act("reviewer", "pass_review", **award(desk, "2400.00"))
    with engine.connect() as conn:
        shown = list(conn.scalars(sa.select(notice.c.content).where(notice.c.case_id == UUID(life.case_id))))
    assert len(set(shown)) == len(shown) == 2


def test_record_with_corrections_verifies(life: Life, engine: sa.Engine) -> None:
    life.act("registrar", "correct_application", item="MED", self_paid="12000.00", **MONEY)
    life.act("registrar", "correct_application", item="LIV", requested="2000.00")
    life.to("payment", "1500.00")
    assert faults_of(engine, life) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"requested_fen": 9_000_000},
        {"item": "TMP"},
        {"answers": {}},
        {"first_answers": None},
        {"first_requested_fen": 1},
        {"first_item": None, "first_answers": None, "first_requested_fen": None},
    ],
    ids=str,
)
def test_forged_application_of_a_corrected_case_is_found(life: Life, engine: sa.Engine, forged: dict[str, Any]) -> None:
    life.act("registrar", "correct_application", self_paid="12000.00", **MONEY)
    changed = case.update().where(case.c.id == UUID(life.case_id))
    values = {name: sa.null() if value is None else value for name, value in forged.items()}
    with engine.connect() as conn:
        conn.execute(changed.values(values))
        found = [each.code for each in verify(conn).faults if each.key == life.case_id]
        conn.rollback()
    assert found == ["row_altered"]


@pytest.mark.parametrize("written", ["2025", "2025/2026", "2025—2026", "2025-2026学年", "２０２５－２０２６"])
def test_spellings_of_one_school_year_are_stored_as_one(desk: ApiClient, engine: sa.Engine, written: str) -> None:
    life = start(desk, engine, "tuition", "EDU", {**SCHOOLING, "school_year": written})
    assert seen(life)["answers"]["school_year"] == "2025-2026"


def test_school_year_is_checked_when_the_case_is_opened(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    ids = {"household_id": str(family.household_id), "beneficiary_id": str(family.child_id)}
    body = {"programme": "tuition", **ids, "item": "EDU", "requested": "600.00"}

    def opened(**answers: str) -> Any:
        return refusal(desk.post("registrar", "/cases", {**body, "answers": {**SCHOOLING, **answers}}))

    assert opened(school_year="2025-27") == (422, ["not_school_year"])
    assert opened(school_year="2024-2025") == (409, ["school_year_wrong"])
    assert opened(tuition_part="500.00", living_part="100.01") == (409, ["parts_over_requested"])
