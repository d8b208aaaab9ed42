"""Changes of a file over the API: shown, made with what was shown, and listed."""

from typing import Any

import sqlalchemy as sa

from service.tables.persons import person
from tests.api_client import ApiClient, refusal
from tests.factories import Family, create_family

ON = "2025-09-01"


def spouse_of(engine: sa.Engine, family: Family) -> str:
    """Return the id of the spouse."""
    of_family = sa.and_(person.c.household_id == family.household_id, person.c.relation == "spouse")
    with engine.connect() as conn:
        return str(conn.scalars(sa.select(person.c.id).where(of_family)).one())


def filed(desk: ApiClient, engine: sa.Engine) -> tuple[Family, str]:
    """File a family and return it with the address of its changes."""
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    return family, f"/households/{family.household_id}/changes"


def test_head_changes_in_one_step_over_the_api(desk: ApiClient, engine: sa.Engine) -> None:
    """The row `drive.py head`: nobody could become head."""
    family, path = filed(desk, engine)
    spouse = spouse_of(engine, family)
    body: dict[str, Any] = {"on": ON, "change_head": {"reason": "death", "new_head": spouse, "close_account": True}}
    shown = desk.post("registrar", f"{path}/preview", body)
    assert shown.status_code == 200
    effects = shown.get_json()
    assert (effects["refusals"], effects["cases"], effects["payee_after"]) == ([], [], None)
    made = desk.post("registrar", path, {**body, "seen": effects["seen"]})
    assert made.status_code == 201
    members = desk.get("registrar", f"/households/{family.household_id}").get_json()["members"]
    assert {each["id"]: each["relation"] for each in members} == {spouse: "head", str(family.child_id): "child"}
    [change] = desk.get("auditor", path).get_json()["items"]
    assert (change["id"], change["kind"], change["reason"]) == (made.get_json()["id"], "head", "death")


def test_change_that_was_not_shown_is_refused(desk: ApiClient, engine: sa.Engine) -> None:
    family, path = filed(desk, engine)
    body = {"on": ON, "exit": {"reason": "requested"}}
    assert refusal(desk.post("registrar", path, {**body, "seen": "0"})) == (409, ["effects_changed"])
    assert desk.post("registrar", path, body).status_code == 422
    assert desk.get("registrar", f"/households/{family.household_id}").get_json()["exited_on"] is None


def test_exit_and_filing_again_are_shown_in_the_file(desk: ApiClient, engine: sa.Engine) -> None:
    family, path = filed(desk, engine)

    def make(**change: Any) -> None:
        body = {"on": ON, "document": "示例〔2025〕7号", **change}
        seen = desk.post("registrar", f"{path}/preview", body).get_json()["seen"]
        assert desk.post("registrar", path, {**body, "seen": seen}).status_code == 201

    make(exit={"reason": "lifted_out"})
    file = desk.get("registrar", f"/households/{family.household_id}").get_json()
    assert (file["exited_on"], file["exit_reason"]) == (ON, "lifted_out")
    members = [{"person_id": str(family.head_id), "relation": "head"}]
    make(file_again={"reason": "relapse", "members": members})
    file = desk.get("registrar", f"/households/{family.household_id}").get_json()
    assert (file["exited_on"], file["exit_reason"], len(file["members"])) == (None, None, 1)
    assert [each["kind"] for each in desk.get("registrar", path).get_json()["items"]] == ["exited", "filed_again"]


def test_request_names_one_kind_of_change_and_a_member_once(desk: ApiClient, engine: sa.Engine) -> None:
    family, path = filed(desk, engine)
    both = {"on": ON, "exit": {"reason": "other"}, "move": {"reason": "other", "to_unit_id": str(desk.office.unit_id)}}
    for body in ({"on": ON}, both):
        assert refusal(desk.post("registrar", f"{path}/preview", body)) == (422, ["one_change_only"])
    twice = [{"person_id": str(family.child_id), "relation": each} for each in ("child", "other")]
    head = {"reason": "other", "new_head": spouse_of(engine, family), "relations": twice}
    answer = desk.post("registrar", f"{path}/preview", {"on": ON, "change_head": head})
    assert refusal(answer) == (422, ["member_twice"])


def test_open_case_is_shown_with_its_reasons_in_words(desk: ApiClient, engine: sa.Engine) -> None:
    family, path = filed(desk, engine)
    ids = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    application = {"programme": "hardship", **ids, "item": "LIV", "requested": "1500.00", "answers": {}}
    assert desk.post("registrar", "/cases", application).status_code == 201
    head = {"reason": "death", "new_head": spouse_of(engine, family)}
    effects = desk.post("registrar", f"{path}/preview", {"on": ON, "change_head": head}).get_json()
    [stopped] = effects["cases"]
    messages = {each["code"]: each["message"] for each in stopped["stops"]}
    assert messages["beneficiary_left"] == "受助人已不是本户成员，请先核实。"
    assert effects["consented_until"] == "2026-12-31"
    exit_shown = desk.post("registrar", f"{path}/preview", {"on": ON, "exit": {"reason": "other"}}).get_json()
    assert [each["code"] for each in exit_shown["refusals"]] == ["cases_open"]
