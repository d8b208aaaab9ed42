"""One person cannot hold two incompatible duties on a case, gift or file."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.tables.accounts import role_grant
from service.tables.cases import case_duty
from service.tables.funds import fund
from tests.api_client import ApiClient, refusal
from tests.factories import create_family, grant
from tests.lives import Life, start

TODAY = date(2025, 9, 1)


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    return start(client, engine, "hardship", "LIV", {})


def add_role(
    engine: sa.Engine, client: ApiClient, login: str, role: str, tier: int = 0, for_whom: str | None = None
) -> None:
    """Give an account one more role."""
    with engine.begin() as conn:
        grant(conn, client.office, login, role, tier, for_whom=for_whom)


def declare_and_confirm_kinship(client: ApiClient, path: str, kin: dict[str, str]) -> None:
    """Let the other registrar declare a relative, and the administrator confirm it."""
    response = client.post("witness", path, kin)
    assert response.status_code == 201, response.get_json()
    assert client.post("admin", f"/kinship/{response.get_json()['id']}/confirmation", {}).status_code == 204


def gift_body(client: ApiClient, household: Any, **changes: Any) -> dict[str, Any]:
    people = client.office.people
    return {
        "unit_id": str(client.office.unit_id),
        "household_id": str(household),
        "on": client.today.isoformat(),
        "item": "SWN",
        "purpose": "慰问",
        "account_code": "502",
        "handed_by": str(people["visitor_1"]),
        "signed_by_family": True,
        "amount": "100.00",
        "fund_id": str(client.office.fund_id),
        "approved_by": str(people["approver_3"]),
        **changes,
    }


def test_registrar_cannot_record_a_gift_by_only_naming_an_approver(client: ApiClient, engine: sa.Engine) -> None:
    """Only the registrar acts: they name the approver and the person handing over, and spend the whole fund."""
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    response = client.post("registrar", "/gifts", gift_body(client, family.household_id, amount="3000.00"))
    with engine.connect() as conn:
        paid = conn.scalar(sa.select(fund.c.paid_fen).where(fund.c.id == client.office.fund_id))
    assert (refusal(response), paid) == ((409, ["approver_must_sign"]), 0)


def test_small_gifts_cannot_add_up_past_the_approver_tier(client: ApiClient, engine: sa.Engine) -> None:
    """Gifts of 2,000 yuan to one household on one day, all under tier 1; the policy gives tier 1 2,000 yuan."""
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    first_tier_approver = str(client.office.people["approver_1"])
    gifts = [
        gift_body(client, family.household_id, amount="2000.00", approved_by=first_tier_approver, confirmed_repeat=True)
        for _ in range(10)
    ]
    client.confirmed("approver_1", "/gifts", gifts[0], by=("visitor_1",))
    answers = [client.post("approver_1", "/gifts", each) for each in gifts[1:]]
    assert [refusal(each) for each in answers] == [(409, ["approver_not_entitled"])] * 9


def test_registrar_cannot_record_a_gift_to_own_family(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    kin = {"account_id": str(client.office.people["registrar"]), "relation": "spouse"}
    declare_and_confirm_kinship(client, f"/households/{family.household_id}/kinship", kin)
    goods = {"item": "KIND", "goods": "大米", "goods_unit": "袋", "amount": None, "fund_id": None, "approved_by": None}
    body = {key: value for key, value in gift_body(client, family.household_id, **goods).items() if value is not None}
    response = client.post("registrar", "/gifts", body)
    assert refusal(response) == (409, ["own_family"])
    assert client.post("visitor_1", "/gifts", body).status_code == 201


def test_gift_approved_for_the_person_handing_over_is_refused(client: ApiClient, engine: sa.Engine) -> None:
    """The approver of the gift acts for the person that hands it over."""
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    add_role(engine, client, "visitor_1", "approver", 1)
    add_role(engine, client, "witness", "approver", 1, for_whom="visitor_1")
    stand_in = str(client.office.people["witness"])
    response = client.post("witness", "/gifts", gift_body(client, family.household_id, approved_by=stand_in))
    assert refusal(response) == (409, ["approver_hands_over"])


def test_cashier_cannot_pay_to_an_account_they_filed(life: Life, engine: sa.Engine) -> None:
    """A cashier that is also a registrar files their own card, and later pays to it."""
    add_role(engine, life.desk, "cashier", "registrar")
    card = {"person": str(life.family.head_id), "bank": "示例银行", "card": "6222020200112233445"}
    life.desk.post("cashier", f"/households/{life.family.household_id}/payee", card)
    life.to("payment")
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["incompatible_duty"]


def test_approver_cannot_approve_after_lowering_the_income(life: Life, engine: sa.Engine) -> None:
    add_role(engine, life.desk, "approver_1", "registrar")
    path = f"/households/{life.family.household_id}"
    tag = life.desk.get("approver_1", path).headers["ETag"]
    finances = {"as_of": "2024-12-31", "lines": [{"side": "income", "kind": "wage", "amount": "10.00"}]}
    headers = life.desk.headers("approver_1", **{"If-Match": tag})
    response = life.desk.http.put(f"/api/v1{path}/finances", json=finances, headers=headers)
    assert response.status_code == 204, response.get_json()
    assert life.to("approval").no("approver_1", "approve") == ["incompatible_duty"]


def test_approver_cannot_approve_after_recording_the_papers(life: Life, engine: sa.Engine) -> None:
    add_role(engine, life.desk, "approver_1", "registrar")
    life.to("approval", by={"add_papers": "approver_1", "finish_survey": "approver_1"})
    assert life.no("approver_1", "approve") == ["incompatible_duty"]


def test_cashier_cannot_recall_or_write_off_after_paying(life: Life, engine: sa.Engine) -> None:
    """One person pays, decides to recall, and writes the debt off."""
    add_role(engine, life.desk, "cashier", "approver", 1)
    life.to("payment")
    life.pay()
    assert life.no("cashier", "recall", amount="1500.00", ground="paid_in_error", reason="x") == ["incompatible_duty"]
    life.act("approver_1", "recall", amount="1500.00", ground="paid_in_error", reason="x")
    assert life.no("cashier", "write_off", minutes="示例〔2025〕9号", reason="x") == ["incompatible_duty"]


def test_stand_in_opening_a_case_gives_both_the_duty(client: ApiClient, engine: sa.Engine) -> None:
    """A stand-in opens the case; the person they act for has the registrar's duty too."""
    add_role(engine, client, "follower", "registrar", for_whom="registrar")
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    family_ids = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    opened = client.post(
        "follower", "/cases", {"programme": "hardship", **family_ids, "item": "LIV", "requested": "100.00"}
    )
    assert opened.status_code == 201
    with engine.connect() as conn:
        duties = conn.scalars(sa.select(case_duty.c.account_id).where(case_duty.c.case_id == opened.get_json()["id"]))
        assert client.office.people["registrar"] in set(duties)


def test_stand_in_cannot_open_a_case_for_the_family_of_the_principal(client: ApiClient, engine: sa.Engine) -> None:
    add_role(engine, client, "follower", "registrar", for_whom="registrar")
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    kin = {"account_id": str(client.office.people["registrar"]), "relation": "spouse"}
    declare_and_confirm_kinship(client, f"/households/{family.household_id}/kinship", kin)
    family_ids = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    opened = client.post(
        "follower", "/cases", {"programme": "hardship", **family_ids, "item": "LIV", "requested": "100.00"}
    )
    assert refusal(opened) == (409, ["own_family"])


def test_stand_in_loses_the_role_when_the_principal_loses_it(life: Life, engine: sa.Engine) -> None:
    add_role(engine, life.desk, "witness", "approver", 1, for_whom="approver_1")
    with engine.begin() as conn:
        approver_grant = sa.and_(
            role_grant.c.account_id == life.desk.office.people["approver_1"], role_grant.c.role == "approver"
        )
        conn.execute(role_grant.update().where(approver_grant).values(revoked_on=TODAY))
    # `witness` did nothing on this case; the grant they act under was revoked two weeks ago
    assert life.to("approval").no("witness", "approve") == ["role_missing"]


def test_relative_cannot_write_own_family_file(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    path = f"/households/{family.household_id}"
    kin = {"account_id": str(client.office.people["registrar"]), "relation": "spouse"}
    declare_and_confirm_kinship(client, f"{path}/kinship", kin)
    card = {"person": str(family.head_id), "bank": "示例银行", "card": "6222020200112233445"}
    changed = client.post("registrar", f"{path}/payee", card)
    assert refusal(changed) == (409, ["own_family"])


def test_survey_by_telephone_is_refused_as_a_visit(life: Life) -> None:
    life.act("registrar", "submit")
    visited = life.desk.act("visitor_1", life.case_id, "record_visit", **{**life.visited(), "place": "phone"})
    assert refusal(visited) == (422, ["not_a_choice"])
    assert visited.get_json()["reasons"][0]["values"]["field"] == "place"
