"""What an answer says, and of what: kept answers after a right ended, a notice that is over, actions shown open that are not."""

from datetime import date

import pytest
import sqlalchemy as sa

from service.tables.accounts import role_grant
from service.tables.funds import fund
from tests.api_client import ApiClient, refusal
from tests.factories import SAMPLES, create_family, create_organisation
from tests.lives import Life, award, start


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    return start(desk, engine, "hardship", "LIV", {})


def shown(life: Life, who: str) -> dict[str, list[str]]:
    """Every action out of the present state, and the codes against it."""
    listed = life.desk.get(who, f"/cases/{life.case_id}/actions").get_json()["items"]
    return {each["action"]: [reason["code"] for reason in each["reasons"]] for each in listed}


def test_a_kept_answer_is_not_shown_once_the_grant_it_came_under_has_ended(desk: ApiClient, engine: sa.Engine) -> None:
    """He keeps his role in another unit, so the route still serves him; the case he opened is no longer his to see."""
    with engine.begin() as conn:
        family, elsewhere = create_family(conn, desk.office), create_organisation(conn, fen=0)
        columns = {"account_id": desk.office.people["registrar"], "unit_id": elsewhere.unit_id, "role": "registrar"}
        days = {"from_on": date(2020, 1, 1), "until_on": date(2099, 12, 31)}
        conn.execute(role_grant.insert().values(id=elsewhere.unit_id, tier=0, **columns, **days))
    who = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    body = {"programme": "hardship", **who, "item": "LIV", "requested": "3000.00", "answers": {}}
    headers = desk.headers("registrar")
    opened = desk.http.post("/api/v1/cases", json=body, headers=headers)
    again = desk.http.post("/api/v1/cases", json=body, headers=headers)
    assert (opened.status_code, again.status_code, again.get_json()) == (201, 201, opened.get_json())
    with engine.begin() as conn:
        here = sa.and_(
            role_grant.c.account_id == desk.office.people["registrar"], role_grant.c.unit_id == desk.office.unit_id
        )
        conn.execute(role_grant.update().where(here).values(revoked_on=date(2025, 9, 1)))
    replayed = desk.http.post("/api/v1/cases", json=body, headers=headers)
    assert (replayed.status_code, desk.codes(replayed)) == (403, ["permission_revoked"])
    assert opened.get_json()["case_no"] not in replayed.get_data(as_text=True)


def test_a_kept_answer_is_shown_to_who_has_been_given_more_since(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    headers, path = desk.headers("registrar"), f"/api/v1/households/{family.household_id}/consents"
    body = {"signed_on": "2025-09-01", "until_on": "2026-09-01", "text_version": "2025-1", "adults_signed": 2}
    first = desk.http.post(path, json=body, headers=headers)
    with engine.begin() as conn:
        columns = {"account_id": desk.office.people["registrar"], "unit_id": desk.office.unit_id, "role": "visitor"}
        days = {"from_on": date(2020, 1, 1), "until_on": date(2099, 12, 31)}
        conn.execute(role_grant.insert().values(id=family.head_id, tier=0, **columns, **days))
    assert desk.http.post(path, json=body, headers=headers).get_json() == first.get_json()


def notices(life: Life) -> list[str]:
    listed = life.desk.get("registrar", f"/notices?case_id={life.case_id}").get_json()["items"]
    return [each["id"] for each in listed]


def test_an_objection_to_a_notice_that_was_taken_down_does_not_land_on_the_next(life: Life) -> None:
    life.to("review")
    life.act("reviewer", "pass_review", **award(life.desk))
    (old,) = notices(life)
    life.act("reviewer", "return_to_review", reason="x")
    life.act("reviewer", "pass_review", **award(life.desk, "1400.00"))
    said = {"source": "phone", "objection": "家里有车"}
    late = life.desk.post("registrar", f"/notices/{old}/objections", said)
    assert life.desk.codes(late) == ["notice_over"]
    (new,) = (each for each in notices(life) if each != old)
    assert life.desk.post("registrar", f"/notices/{new}/objections", said).status_code == 201
    answer = {"outcome": "cleared", "answer": "x"}
    assert life.desk.codes(life.desk.post("reviewer", f"/notices/{old}/answers", answer)) == ["notice_over"]
    assert life.desk.post("reviewer", f"/notices/{new}/answers", answer).status_code == 201


def test_an_approver_does_not_spend_a_line_that_is_over_by_dating_his_gift_back(
    desk: ApiClient, engine: sa.Engine
) -> None:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
        mine = fund.c.id == desk.office.fund_id
        conn.execute(fund.update().where(mine).values(expires_on=date(2025, 8, 31)))
    people = desk.office.people
    given = {"on": "2025-08-30", "item": "LIV", "purpose": "慰问", "account_code": "502", "signed_by_family": True}
    hands = {"handed_by": str(people["visitor_1"]), "approved_by": str(people["approver_3"])}
    where = {"unit_id": str(desk.office.unit_id), "household_id": str(family.household_id)}
    what = {"amount": "100.00", "fund_id": str(desk.office.fund_id)}
    made = desk.post("approver_3", "/gifts", {**given, **hands, **where, **what})
    assert refusal(made) == (409, ["fund_closed"])


def test_a_new_award_is_shown_under_the_rules_in_force(life: Life, engine: sa.Engine) -> None:
    """The case cites the old set; since then every vehicle excludes. What is shown refused is what would be refused."""
    life.to("review")
    life.act("reviewer", "pass_review", **award(life.desk))
    life.act("reviewer", "return_to_review", reason="x")
    assert shown(life, "reviewer")["pass_review"] == []
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
    assert shown(life, "reviewer")["pass_review"] == ["too_few_visitors"]


def test_a_notice_that_cannot_be_counted_is_refused_before_anything_is_written(life: Life) -> None:
    """At the end of 2026 the calendar of 2027 is not known; the screen says so too."""
    life.desk.today = date(2026, 12, 28)
    life.to("review")
    assert shown(life, "reviewer")["pass_review"] == ["calendar_unknown"]
    assert life.no("reviewer", "pass_review", **award(life.desk)) == ["calendar_unknown"]


def test_a_step_that_would_move_nothing_is_not_shown_open(life: Life, engine: sa.Engine) -> None:
    """What is still out was settled elsewhere (a row mended by hand): there is nothing left to write off."""
    life.to("payment")
    life.act("cashier", "pay", method="cash", voucher="V-1", cash_reason="urgent")
    life.act("approver_1", "recall", ground="paid_in_error", reason="x")
    assert shown(life, "approver_1")["write_off"] == []
    with engine.begin() as conn:
        conn.execute(sa.text('UPDATE "case" SET outstanding_fen = 0 WHERE id = :id'), {"id": life.case_id})
    assert shown(life, "approver_1")["write_off"] == ["nothing_to_move"]
