"""Stored responses, notices and listed actions follow rights and rules that changed since."""

from datetime import date

import pytest
import sqlalchemy as sa

from service.tables.accounts import role_grant
from service.tables.funds import fund
from service.tables.households import household
from tests.api_client import ApiClient, refusal
from tests.factories import SAMPLES, create_family, create_organisation
from tests.lives import Life, award, start


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    return start(client, engine, "hardship", "LIV", {})


def refusal_codes_by_action(life: Life, login: str) -> dict[str, list[str]]:
    """Return each action of the present state with the reason codes against it."""
    listed = life.desk.get(login, f"/cases/{life.case_id}/actions").get_json()["items"]
    return {each["action"]: [reason["code"] for reason in each["reasons"]] for each in listed}


def test_stored_response_is_refused_after_its_grant_is_revoked(client: ApiClient, engine: sa.Engine) -> None:
    """The registrar keeps a role in another unit, so the route still serves them; the case is out of their scope."""
    with engine.begin() as conn:
        family, elsewhere = create_family(conn, client.office), create_organisation(conn, fen=0)
        columns = {"account_id": client.office.people["registrar"], "unit_id": elsewhere.unit_id, "role": "registrar"}
        days = {"from_on": date(2020, 1, 1), "until_on": date(2099, 12, 31)}
        conn.execute(role_grant.insert().values(id=elsewhere.unit_id, tier=0, **columns, **days))
    family_ids = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    body = {"programme": "hardship", **family_ids, "item": "LIV", "requested": "3000.00", "answers": {}}
    headers = client.headers("registrar")
    opened = client.http.post("/api/v1/cases", json=body, headers=headers)
    repeated = client.http.post("/api/v1/cases", json=body, headers=headers)
    assert (opened.status_code, repeated.status_code, repeated.get_json()) == (201, 201, opened.get_json())
    with engine.begin() as conn:
        own_grant = sa.and_(
            role_grant.c.account_id == client.office.people["registrar"], role_grant.c.unit_id == client.office.unit_id
        )
        conn.execute(role_grant.update().where(own_grant).values(revoked_on=date(2025, 9, 1)))
    replayed = client.http.post("/api/v1/cases", json=body, headers=headers)
    assert (replayed.status_code, client.codes(replayed)) == (403, ["permission_revoked"])
    assert opened.get_json()["case_no"] not in replayed.get_data(as_text=True)


def test_stored_response_is_replayed_after_a_further_grant(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    headers, path = client.headers("registrar"), f"/api/v1/households/{family.household_id}/consents"
    body = {"signed_on": "2025-09-01", "until_on": "2026-09-01", "text_version": "2025-1", "adults_signed": 2}
    first = client.http.post(path, json=body, headers=headers)
    with engine.begin() as conn:
        columns = {"account_id": client.office.people["registrar"], "unit_id": client.office.unit_id, "role": "visitor"}
        days = {"from_on": date(2020, 1, 1), "until_on": date(2099, 12, 31)}
        conn.execute(role_grant.insert().values(id=family.head_id, tier=0, **columns, **days))
    assert client.http.post(path, json=body, headers=headers).get_json() == first.get_json()


def notice_ids(life: Life) -> list[str]:
    listed = life.desk.get("registrar", f"/notices?case_id={life.case_id}").get_json()["items"]
    return [each["id"] for each in listed]


def test_objection_to_a_removed_notice_does_not_reach_the_next(life: Life) -> None:
    life.to("review")
    life.act("reviewer", "pass_review", **award(life.desk))
    (old,) = notice_ids(life)
    life.act("reviewer", "return_to_review", reason="x")
    life.act("reviewer", "pass_review", **award(life.desk, "1400.00"))
    objection = {"source": "phone", "objection": "家里有车"}
    late = life.desk.post("registrar", f"/notices/{old}/objections", objection)
    assert life.desk.codes(late) == ["notice_over"]
    (new,) = (each for each in notice_ids(life) if each != old)
    assert life.desk.post("registrar", f"/notices/{new}/objections", objection).status_code == 201
    answer = {"outcome": "cleared", "answer": "经查不实"}
    assert life.desk.codes(life.desk.post("reviewer_2", f"/notices/{old}/answers", answer)) == ["notice_over"]
    assert life.desk.post("reviewer_2", f"/notices/{new}/answers", answer).status_code == 201


def test_approver_cannot_spend_expired_fund_by_dating_a_gift_back(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, client.office)
        own_fund = fund.c.id == client.office.fund_id
        conn.execute(fund.update().where(own_fund).values(expires_on=date(2025, 8, 31)))
    people = client.office.people
    gift = {"on": "2025-08-30", "item": "SWN", "purpose": "慰问", "account_code": "502", "signed_by_family": True}
    handover = {"handed_by": str(people["visitor_1"]), "approved_by": str(people["approver_3"])}
    recipient = {"unit_id": str(client.office.unit_id), "household_id": str(family.household_id)}
    money = {"amount": "100.00", "fund_id": str(client.office.fund_id)}
    response = client.post("approver_3", "/gifts", {**gift, **handover, **recipient, **money})
    assert refusal(response) == (409, ["fund_closed"])


def test_new_award_is_listed_under_the_rules_in_force(life: Life, engine: sa.Engine) -> None:
    """The case cites the old set; the set in force asks for three visitors, and the list of actions says so."""
    life.to("review")
    life.act("reviewer", "pass_review", **award(life.desk))
    life.act("reviewer", "return_to_review", reason="x")
    assert refusal_codes_by_action(life, "reviewer")["pass_review"] == []
    text = (SAMPLES / "policy-2025.toml").read_text()
    for old, new in (
        ("min_visitors = 2", "min_visitors = 3"),
        ('key = "sample-weihai"', f'key = "n{life.case_id[-12:]}"'),
    ):
        assert old in text
        text = text.replace(old, new)
    with engine.begin() as conn:
        division = "37109" + life.case_id[-1:].translate(str.maketrans("abcdef", "012345"))
        region = text.replace('region = "3710"', f'region = "{division}"')
        conn.execute(
            sa.text("UPDATE household SET division = :here WHERE id = :id"),
            {"here": division, "id": life.family.household_id},
        )
        conn.execute(
            sa.text(
                "INSERT INTO policy_set SELECT gen_random_uuid(), :key, version, title, issuer, document, :region,"
                " effective_from, effective_to, sample, :source, :digest, loaded_by, loaded_at FROM policy_set LIMIT 1"
            ),
            {"key": f"n{life.case_id[-12:]}", "region": division, "source": region, "digest": life.case_id},
        )
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["too_few_visitors"]
    assert refusal_codes_by_action(life, "reviewer")["pass_review"] == ["too_few_visitors"]


def test_notice_without_a_known_calendar_is_refused_before_any_write(life: Life, engine: sa.Engine) -> None:
    """At the end of 2026 the calendar of 2027 is not known; the list of actions says so too."""
    life.desk.today = date(2026, 12, 28)
    with engine.begin() as conn:
        of_family = household.c.id == life.family.household_id
        conn.execute(household.update().where(of_family).values(finances_as_of=life.desk.today))
    life.to("review")
    assert refusal_codes_by_action(life, "reviewer")["pass_review"] == ["calendar_unknown"]
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["calendar_unknown"]


def test_step_that_would_move_no_money_is_listed_as_refused(life: Life, engine: sa.Engine) -> None:
    """The outstanding sum was settled directly in the database: there is nothing left to write off."""
    life.to("payment")
    life.pay()
    life.act("approver_1", "recall", amount="1500.00", ground="paid_in_error", reason="x")
    assert refusal_codes_by_action(life, "approver_1")["write_off"] == []
    with engine.begin() as conn:
        conn.execute(
            sa.text('UPDATE "case" SET outstanding_fen = 0, recovering_fen = 0 WHERE id = :id'), {"id": life.case_id}
        )
    assert refusal_codes_by_action(life, "approver_1")["write_off"] == ["nothing_to_move"]
