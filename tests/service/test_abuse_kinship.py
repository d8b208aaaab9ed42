"""Who is called a relative, and by whom: nobody picks an approver by declaring the others to be family."""

from typing import Any

import pytest
import sqlalchemy as sa

from service.tables.events import event
from tests.api_client import ApiClient, refusal
from tests.factories import create_organisation, grant
from tests.lives import Life, start


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    return start(desk, engine, "hardship", "LIV", {})


def declared(life: Life, who: str, by: str) -> str:
    body = {"account_id": str(life.desk.office.people[who]), "relation": "sibling"}
    made = life.desk.post(by, f"/households/{life.family.household_id}/kinship", body)
    assert made.status_code == 201, made.get_json()
    return str(made.get_json()["id"])


def confirm(life: Life, kinship: str, by: str) -> Any:
    return life.desk.post(by, f"/kinship/{kinship}/confirmation", {})


def test_a_registrar_does_not_pick_the_approver_by_declaring_the_others(life: Life) -> None:
    """Two registrars call the first tier's approver a relative; he was none, and he signs."""
    declared(life, "approver_1", "registrar")
    assert life.desk.codes(confirm(life, declared(life, "approver_2", "registrar"), "witness")) == ["role_missing"]
    life.to("payment")


def test_who_is_declared_says_so_himself_and_keeps_away(life: Life) -> None:
    kinship = declared(life, "approver_1", "registrar")
    assert life.desk.codes(confirm(life, kinship, "registrar")) == ["role_missing"]
    assert confirm(life, kinship, "approver_1").status_code == 204
    assert life.desk.codes(confirm(life, kinship, "approver_1")) == ["kinship_counts"]
    held = {"until": "2025-09-20", "ground": "query", "reason": "x"}
    assert life.no("approver_1", "suspend", **held) == ["own_family"]
    shown = life.desk.get("approver_1", f"/cases/{life.case_id}/actions").get_json()["items"]
    (suspend,) = (each for each in shown if each["action"] == "suspend")
    assert [reason["code"] for reason in suspend["reasons"]] == ["own_family"]


def test_an_administrator_confirms_and_ends_and_both_are_in_the_trail(life: Life, engine: sa.Engine) -> None:
    kinship = declared(life, "reviewer", "registrar")
    life.to("review")
    assert confirm(life, kinship, "admin").status_code == 204
    assert life.no("reviewer", "return_to_survey", reason="x") == ["own_family"]
    assert refusal(life.desk.post("reviewer", f"/kinship/{kinship}/end", {})) == (403, ["role_missing"])
    assert life.desk.post("admin", f"/kinship/{kinship}/end", {}).status_code == 204
    assert life.act("reviewer", "return_to_survey", reason="x") == "survey"
    with engine.connect() as conn:
        home = event.c.subject_id == life.family.household_id
        told = conn.scalars(
            sa.select(event.c.action).where(home, event.c.action.like("%kinship")).order_by(event.c.seq)
        )
        assert list(told) == ["declare_kinship", "confirm_kinship", "end_kinship"]


def test_ones_own_word_and_an_administrators_count_at_once(life: Life) -> None:
    declared(life, "reviewer", "reviewer")
    declared(life, "approver_1", "admin")
    path = f"/households/{life.family.household_id}/kinship"
    kin = life.desk.get("auditor", path).get_json()["items"]
    assert [each["confirmed_on"] for each in kin] == ["2025-09-01", "2025-09-01"]
    life.to("review")
    assert life.no("reviewer", "return_to_survey", reason="x") == ["incompatible_duty", "own_family"]


def test_nobody_confirms_his_own_word_in_another_office(life: Life, engine: sa.Engine) -> None:
    kinship = declared(life, "approver_1", "registrar")
    with engine.begin() as conn:
        grant(conn, life.desk.office, "registrar", "admin")
    assert life.desk.codes(confirm(life, kinship, "registrar")) == ["kinship_own_word"]


def test_an_administrator_does_not_confirm_what_he_declared_nor_end_his_own(life: Life) -> None:
    kinship = declared(life, "admin", "admin")
    assert life.desk.codes(confirm(life, kinship, "admin")) == ["kinship_counts"]
    assert life.desk.codes(life.desk.post("admin", f"/kinship/{kinship}/end", {})) == ["own_family"]


def test_who_confirms_has_not_written_the_file(life: Life) -> None:
    """A confirmation about another household's relative leaves the confirmer free to sign once it is ended."""
    kinship = declared(life, "approver_1", "registrar")
    assert confirm(life, kinship, "approver_1").status_code == 204
    assert life.desk.post("admin", f"/kinship/{kinship}/end", {}).status_code == 204
    assert life.desk.codes(life.desk.post("admin", f"/kinship/{kinship}/end", {})) == ["kinship_over"]
    life.to("payment")


def test_a_strangers_kin_are_not_there(life: Life, desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        other = ApiClient(desk.http, create_organisation(conn, fen=0), desk.today)
    kinship = declared(life, "approver_1", "registrar")
    assert refusal(other.get("admin", f"/households/{life.family.household_id}/kinship")) == (404, ["not_found"])
    assert refusal(other.post("admin", f"/kinship/{kinship}/confirmation", {})) == (404, ["not_found"])
    assert refusal(other.post("admin", f"/kinship/{kinship}/end", {})) == (404, ["not_found"])
