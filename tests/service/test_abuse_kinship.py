"""Only the relative or an administrator confirms a declared kinship."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from service.tables.events import event
from tests.api_client import ApiClient, refusal
from tests.factories import create_organisation, grant
from tests.lives import Life, start

WRONG = {"reason": "误报"}


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    return start(client, engine, "hardship", "LIV", {})


def declare_kinship(life: Life, who: str, by: str) -> str:
    body = {"account_id": str(life.desk.office.people[who]), "relation": "sibling"}
    response = life.desk.post(by, f"/households/{life.family.household_id}/kinship", body)
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def confirm_kinship(life: Life, kinship_id: str, by: str) -> Any:
    return life.desk.post(by, f"/kinship/{kinship_id}/confirmation", {})


def opened_on_the_next_day(life: Life) -> Life:
    """Withdraw the case, and open another of the family on the next day."""
    life.act("registrar", "withdraw", reason="x")
    life.desk.today += timedelta(days=1)
    family = {"household_id": str(life.family.household_id), "beneficiary_id": str(life.family.head_id)}
    body = {"programme": "hardship", **family, "item": "LIV", "requested": "3000.00", "answers": {}}
    opened = life.desk.post("registrar", "/cases", body)
    assert opened.status_code == 201, opened.get_json()
    return Life(life.desk, life.family, opened.get_json()["id"])


def test_kinship_declared_by_registrar_does_not_exclude_approver(life: Life) -> None:
    """A kinship that only a registrar declares does not exclude the approver of the first tier."""
    declare_kinship(life, "approver_1", "registrar")
    assert life.desk.codes(confirm_kinship(life, declare_kinship(life, "approver_2", "registrar"), "witness")) == [
        "role_missing"
    ]
    life.to("payment")


def test_relative_confirms_own_kinship_and_is_then_refused(life: Life) -> None:
    kinship_id = declare_kinship(life, "approver_1", "registrar")
    assert life.desk.codes(confirm_kinship(life, kinship_id, "registrar")) == ["role_missing"]
    assert confirm_kinship(life, kinship_id, "approver_1").status_code == 204
    assert life.desk.codes(confirm_kinship(life, kinship_id, "approver_1")) == ["kinship_counts"]
    suspension = {"until": "2025-09-20", "ground": "query", "reason": "x"}
    assert life.no("approver_1", "suspend", **suspension) == ["own_family"]
    listed = life.desk.get("approver_1", f"/cases/{life.case_id}/actions").get_json()["items"]
    (suspend,) = (each for each in listed if each["action"] == "suspend")
    assert [reason["code"] for reason in suspend["reasons"]] == ["own_family"]


def test_administrator_confirms_and_ends_kinship_with_events(life: Life, engine: sa.Engine) -> None:
    """The case that was open when the kinship ended keeps the bar; a case opened later does not have it."""
    kinship_id = declare_kinship(life, "reviewer", "registrar")
    life.to("review")
    assert confirm_kinship(life, kinship_id, "admin").status_code == 204
    assert life.no("reviewer", "return_to_survey", reason="x") == ["own_family"]
    assert refusal(life.desk.post("reviewer", f"/kinship/{kinship_id}/end", WRONG)) == (403, ["role_missing"])
    life.desk.confirmed("admin", f"/kinship/{kinship_id}/end", WRONG)
    assert life.no("reviewer", "return_to_survey", reason="x") == ["own_family"]
    later = opened_on_the_next_day(life).to("review")
    assert later.act("reviewer", "return_to_survey", reason="x") == "survey"
    with engine.connect() as conn:
        household_events = event.c.subject_id == life.family.household_id
        actions = conn.scalars(
            sa.select(event.c.action).where(household_events, event.c.action.like("%kinship")).order_by(event.c.seq)
        )
        assert list(actions) == ["declare_kinship", "confirm_kinship", "end_kinship"]


def test_kinship_declared_by_relative_or_administrator_counts_at_once(life: Life) -> None:
    declare_kinship(life, "reviewer", "reviewer")
    declare_kinship(life, "approver_1", "admin")
    path = f"/households/{life.family.household_id}/kinship"
    kin = life.desk.get("auditor", path).get_json()["items"]
    assert [each["confirmed_on"] for each in kin] == ["2025-09-01", "2025-09-01"]
    life.to("review")
    assert life.no("reviewer", "return_to_survey", reason="x") == ["incompatible_duty", "own_family"]


def test_declarer_cannot_confirm_own_declaration_in_another_role(life: Life, engine: sa.Engine) -> None:
    kinship_id = declare_kinship(life, "approver_1", "registrar")
    with engine.begin() as conn:
        grant(conn, life.desk.office, "registrar", "admin")
    assert life.desk.codes(confirm_kinship(life, kinship_id, "registrar")) == ["kinship_own_word"]


def test_administrator_cannot_confirm_own_declaration_nor_end_own_kinship(life: Life) -> None:
    kinship_id = declare_kinship(life, "admin", "admin")
    assert life.desk.codes(confirm_kinship(life, kinship_id, "admin")) == ["kinship_counts"]
    assert life.desk.codes(life.desk.post("admin", f"/kinship/{kinship_id}/end", WRONG)) == ["own_family"]


def test_confirmer_of_ended_kinship_can_still_approve(life: Life) -> None:
    """A confirmation is no work on the household's file: the confirmer may approve once the kinship is ended."""
    kinship_id = declare_kinship(life, "approver_1", "registrar")
    assert confirm_kinship(life, kinship_id, "approver_1").status_code == 204
    life.desk.confirmed("admin", f"/kinship/{kinship_id}/end", WRONG)
    assert life.desk.codes(life.desk.post("admin", f"/kinship/{kinship_id}/end", WRONG)) == ["kinship_over"]
    opened_on_the_next_day(life).to("payment")


def test_kinship_in_another_organisation_is_not_found(life: Life, client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        other = ApiClient(client.http, create_organisation(conn, fen=0), client.today)
    kinship_id = declare_kinship(life, "approver_1", "registrar")
    assert refusal(other.get("admin", f"/households/{life.family.household_id}/kinship")) == (404, ["not_found"])
    assert refusal(other.post("admin", f"/kinship/{kinship_id}/confirmation", {})) == (404, ["not_found"])
    assert refusal(other.post("admin", f"/kinship/{kinship_id}/end", WRONG)) == (404, ["not_found"])
