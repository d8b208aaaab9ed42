"""Who is let in, what a repeat does, what a stale reader hears, and whose clock is believed."""

import threading
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from service.db.columns import new_id
from service.http import errors
from service.tables.accounts import role_grant, token
from service.tables.cases import case
from service.tables.events import event, idempotency
from service.tables.households import household
from tests.api_client import ApiClient, refusal, serving
from tests.factories import Organisation, create_family, create_organisation, grant
from workflows.programmes import PROGRAMMES


def opening(desk: ApiClient, engine: sa.Engine) -> dict[str, Any]:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    who = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    return {"programme": "hardship", **who, "item": "LIV", "requested": "1000.00", "answers": {}}


def test_no_token_a_wrong_one_and_an_ended_one(desk: ApiClient, engine: sa.Engine) -> None:
    assert refusal(desk.http.get("/api/v1/cases")) == (401, ["token_missing"])
    wrong = desk.http.get("/api/v1/cases", headers={"Authorization": "Bearer snt_nobody"})
    assert (wrong.status_code, desk.codes(wrong)) == (401, ["token_invalid"])
    assert "Bearer" in wrong.headers["WWW-Authenticate"]
    with engine.begin() as conn:
        past = datetime.now(UTC) - timedelta(days=1)
        mine = token.c.hash == sha256(desk.office.tokens["auditor"].encode()).digest()
        conn.execute(token.update().where(mine).values(created_at=past - timedelta(days=1), expires_at=past))
    assert desk.codes(desk.get("auditor", "/cases")) == ["token_invalid"]


def test_a_grant_counts_on_its_days_only(desk: ApiClient, engine: sa.Engine) -> None:
    body = opening(desk, engine)
    with engine.begin() as conn:
        mine = role_grant.c.account_id == desk.office.people["registrar"]
        conn.execute(role_grant.update().where(mine).values(until_on=date(2025, 8, 31)))
    late = desk.post("registrar", "/cases", body)
    assert (late.status_code, desk.codes(late)) == (403, ["role_missing"])
    desk.today = date(2025, 8, 31)
    assert desk.post("registrar", "/cases", body).status_code == 201


def test_a_stranger_finds_nothing(desk: ApiClient, engine: sa.Engine) -> None:
    case_id = desk.post("registrar", "/cases", opening(desk, engine)).get_json()["id"]
    with engine.begin() as conn:
        other = create_organisation(conn)
    stranger = ApiClient(desk.http, other, desk.today)
    assert refusal(stranger.get("registrar", f"/cases/{case_id}")) == (404, ["not_found"])
    assert refusal(stranger.get("auditor", f"/cases/{case_id}/events")) == (404, ["not_found"])
    assert refusal(stranger.act("registrar", case_id, "submit")) == (404, ["not_found"])
    assert stranger.get("registrar", "/cases").get_json()["count"] == 0
    assert refusal(stranger.get("registrar", f"/cases/{uuid4()}")) == (404, ["not_found"])


def test_a_unit_above_sees_those_below_and_not_beside(engine: sa.Engine, database_url: str, tmp_path: Path) -> None:
    with engine.begin() as conn:
        county = create_organisation(conn)
        bureau, school = create_organisation(conn, above=county), create_organisation(conn, above=county)
    with serving(database_url, tmp_path) as app:
        desk = ApiClient(app.test_client(), bureau, date(2025, 9, 1))
        case_id = desk.post("registrar", "/cases", opening(desk, engine)).get_json()["id"]
        above, beside = ApiClient(desk.http, county, desk.today), ApiClient(desk.http, school, desk.today)
        assert above.get("auditor", f"/cases/{case_id}").status_code == 200
        assert refusal(beside.get("auditor", f"/cases/{case_id}")) == (404, ["not_found"])


def test_every_post_wants_a_key_and_a_repeat_does_it_once(desk: ApiClient, engine: sa.Engine) -> None:
    body = opening(desk, engine)
    without = desk.headers("registrar")
    del without["Idempotency-Key"]
    assert desk.codes(desk.http.post("/api/v1/cases", json=body, headers=without)) == ["idempotency_key_missing"]
    headers = desk.headers("registrar")
    answers = [desk.http.post("/api/v1/cases", json=body, headers=headers) for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 201]
    assert len({each.get_data() for each in answers}) == 1
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    other = desk.http.post("/api/v1/cases", json={**body, "requested": "9.00"}, headers=headers)
    assert (other.status_code, desk.codes(other)) == (422, ["idempotency_key_reused"])
    with engine.connect() as conn:
        mine = case.c.household_id == body["household_id"]
        assert conn.scalar(sa.select(sa.func.count()).where(mine)) == 1


def test_one_key_sent_ten_times_at_once_has_one_effect(desk: ApiClient, engine: sa.Engine) -> None:
    body, headers = opening(desk, engine), desk.headers("registrar")
    seen: list[tuple[int, bytes]] = []

    def send() -> None:
        response = desk.http.application.test_client().post("/api/v1/cases", json=body, headers=headers)
        seen.append((response.status_code, response.get_data()))

    threads = [threading.Thread(target=send) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(seen)) == 1
    assert seen[0][0] == 201


def test_a_refusal_is_not_kept_so_that_it_may_end(desk: ApiClient, engine: sa.Engine) -> None:
    headers, body = desk.headers("registrar"), {**opening(desk, engine), "requested": "0.00"}
    refused = desk.http.post("/api/v1/cases", json=body, headers=headers)
    assert desk.codes(refused) == ["amount_not_positive"]
    with engine.connect() as conn:
        assert conn.scalar(sa.select(idempotency.c.key).where(idempotency.c.key == headers["Idempotency-Key"])) is None


def test_who_read_an_old_version_is_told(desk: ApiClient, engine: sa.Engine) -> None:
    opened = desk.post("registrar", "/cases", opening(desk, engine))
    path = f"/cases/{opened.get_json()['id']}"
    seen = desk.get("registrar", path)
    assert seen.headers["ETag"] == '"1"'
    assert desk.get("registrar", path, **{"If-None-Match": '"1"'}).status_code == 304
    first = desk.post("registrar", f"{path}/actions/submit", {"answers": {}}, **{"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    stale = desk.post("registrar", f"{path}/actions/withdraw", {"answers": {"reason": "x"}}, **{"If-Match": '"1"'})
    assert (stale.status_code, desk.codes(stale)) == (412, ["stale"])


def test_the_document_says_that_a_step_may_name_the_version_it_read(desk: ApiClient) -> None:
    paths = desk.http.get("/api/v1/openapi.json").get_json()["paths"]
    step, edit = paths["/api/v1/cases/{case_id}/actions/{action}"]["post"], paths["/api/v1/households/{household_id}"]
    guards = [each["required"] for each in step["parameters"] if each["name"] == "If-Match"]
    assert guards == [False]
    assert {each["name"] for each in edit["patch"]["parameters"]} >= {"If-Match"}
    assert "If-Match" not in {each["name"] for each in paths["/api/v1/cases"]["post"]["parameters"]}


def test_a_newcomer_reads_every_form_before_he_fills_one_in(desk: ApiClient, engine: sa.Engine) -> None:
    """What POST /cases takes for a programme is told, and taken as it is told."""
    told = {each["key"]: each for each in desk.get("registrar", "/programmes").get_json()["items"]}
    assert set(told) == set(PROGRAMMES)
    hardship = told["hardship"]
    assert {"key": "self_paid", "label": "自付医疗费用", "kind": "money", "required": False, "choices": []} in (
        hardship["answers"]
    )
    submit = next(each for each in hardship["steps"] if each["action"] == "submit")
    assert (submit["sources"], submit["target"], submit["roles"]) == (["draft"], "survey", ["registrar"])
    for item in hardship["items"]:
        context = opening(desk, engine) | {"item": item, "answers": {"self_paid": "120.50"}}
        assert desk.post("registrar", "/cases", context).status_code == 201, item


def test_forged_fields_are_refused_and_change_nothing(desk: ApiClient, engine: sa.Engine) -> None:
    body = opening(desk, engine)
    forged = {"state": "payment", "award": "9.99", "unit_id": str(uuid4()), "version": 9, "actor": "x"}
    for key, value in forged.items():
        refused = desk.post("registrar", "/cases", {**body, key: value})
        assert refusal(refused) == (422, ["field_wrong"]), key
        assert refused.get_json()["reasons"][0]["values"]["field"] == key
    case_id = desk.post("registrar", "/cases", body).get_json()["id"]
    refused = desk.post("registrar", f"/cases/{case_id}/actions/submit", {"answers": {"state": "payment"}})
    assert (refused.status_code, desk.codes(refused)) == (422, ["answer_unknown"])
    assert desk.get("registrar", f"/cases/{case_id}").get_json()["state"] == "draft"


def test_only_a_demo_process_believes_a_date(desk: ApiClient, database_url: str, tmp_path: Path) -> None:
    told = desk.get("auditor", "/me")
    assert told.headers["X-Songnuan-Clock"].startswith("demo 2025-09-01T")
    with serving(database_url, tmp_path, demo_clock=False) as app:
        real = ApiClient(app.test_client(), desk.office, desk.today)
        refused = real.get("auditor", "/me")
        assert (refused.status_code, desk.codes(refused)) == (400, ["demo_clock_off"])
        headers = real.headers("auditor")
        del headers["X-Songnuan-Date"]
        plain = app.test_client().get("/api/v1/me", headers=headers)
        assert plain.status_code == 200
        assert "X-Songnuan-Clock" not in plain.headers


def test_a_stand_in_counts_as_both(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        grant(conn, desk.office, "witness", "reviewer", for_whom="reviewer")
    case_id = desk.post("registrar", "/cases", opening(desk, engine)).get_json()["id"]
    choices = desk.get("witness", f"/cases/{case_id}/actions").get_json()["items"]
    suspend = next(each for each in choices if each["action"] == "suspend")
    assert suspend["open"] is True
    desk.act("witness", case_id, "submit")
    with engine.connect() as conn:
        actor = sa.select(event.c.principal_id).where(event.c.subject_id == case_id, event.c.seq == 2)
        assert conn.scalar(actor) is None


def test_the_list_pages_by_key_and_a_bent_cursor_is_refused(desk: ApiClient, engine: sa.Engine) -> None:
    made = {desk.post("registrar", "/cases", opening(desk, engine)).get_json()["id"] for _ in range(5)}
    seen: list[str] = []
    path = "/cases?size=2"
    while path:
        page = desk.get("registrar", path).get_json()
        assert page["count"] == 5
        seen += [each["id"] for each in page["items"]]
        path = f"/cases?size=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert (len(seen), set(seen)) == (5, made)
    cursor = desk.get("registrar", "/cases?size=2").get_json()["next_cursor"]
    bent, of_another = f"cursor={cursor[:-3]}AAA", f"state=draft&cursor={cursor}"
    for query in (bent, of_another):
        assert refusal(desk.get("registrar", f"/cases?size=2&{query}")) == (422, ["cursor_bad"]), query


@pytest.mark.parametrize("amount", ["12.345", "-1.00", "1e3", "", " 1", "١"])
def test_money_is_read_exactly_or_refused(desk: ApiClient, engine: sa.Engine, amount: str) -> None:
    refused = desk.post("registrar", "/cases", {**opening(desk, engine), "requested": amount})
    assert refusal(refused) == (422, ["field_wrong"])
    assert refused.get_json()["reasons"][0]["values"]["field"] == "requested"
    assert refused.content_type == "application/problem+json"


def test_words_follow_the_reader(desk: ApiClient) -> None:
    chinese = desk.get("registrar", f"/cases/{new_id()}").get_json()
    english = desk.get("registrar", f"/cases/{new_id()}", **{"Accept-Language": "en"}).get_json()
    assert chinese["detail"] == "没有找到，或者您无权查看。"
    assert english["detail"] == "Not found, or not yours to see."


def test_many_reasons_read_as_one_sentence(desk: ApiClient) -> None:
    answer = desk.post("registrar", "/cases", {}).get_json()
    assert len(answer["reasons"]) > 1
    assert answer["detail"].count("；") == len(answer["reasons"]) - 1
    assert "。；" not in answer["detail"]
    assert ".；" not in answer["detail"]


def test_an_office_has_people(desk: ApiClient) -> None:
    office: Organisation = desk.office
    me = desk.get("approver_2", "/me").get_json()
    assert (me["login"], [each["tier"] for each in me["grants"]]) == (office.login("approver_2"), [2])


def test_requests_that_cannot_be_read_are_told_how_to_mend(desk: ApiClient, engine: sa.Engine) -> None:
    body = opening(desk, engine)
    unreadable = desk.get("registrar", "/cases", **{"X-Songnuan-Date": "last Monday"})
    assert desk.codes(unreadable) == ["demo_clock_unreadable"]
    assert desk.codes(desk.get("registrar", "/cases?cursor=abc")) == ["cursor_bad"]
    assert desk.codes(desk.get("registrar", "/cases?size=0")) == ["field_wrong"]
    case_id = desk.post("registrar", "/cases", body).get_json()["id"]
    weird = desk.post("registrar", f"/cases/{case_id}/actions/submit", {"answers": {}}, **{"If-Match": '"x"'})
    assert (weird.status_code, desk.codes(weird)) == (428, ["if_match_unreadable"])
    wrong_item = desk.post("registrar", "/cases", {**body, "item": "EDU"})
    assert desk.codes(wrong_item) == ["item_not_of_programme"]
    unit = desk.office.unit_id
    backwards = desk.get("auditor", f"/reports/welfare?unit={unit}&from=2025-12-31&to=2025-01-01")
    assert desk.codes(backwards) == ["period_backwards"]
    desk.today = date(1999, 1, 4)
    with engine.begin() as conn:
        mine = role_grant.c.account_id == desk.office.people["registrar"]
        conn.execute(role_grant.update().where(mine).values(from_on=date(1998, 1, 1)))
    too_early = desk.post("witness", "/cases", body)
    assert desk.codes(too_early) == ["role_missing"]
    with engine.begin() as conn:
        other = create_family(conn, desk.office)
    who = {"household_id": str(other.household_id), "beneficiary_id": str(other.head_id)}
    assert desk.codes(desk.post("registrar", "/cases", {**body, **who})) == ["no_policy"]


def test_a_database_that_is_away_and_a_fault_of_our_own_say_so(desk: ApiClient, tmp_path: Path) -> None:
    with serving("postgresql://nobody@127.0.0.1:9/nothing", tmp_path / "away") as app:
        away = ApiClient(app.test_client(), desk.office, desk.today).get("auditor", "/me")
        assert refusal(away) == (503, ["database_away"])
        assert away.headers["Retry-After"] == "5"
    app = desk.http.application

    def broken() -> str:
        raise ZeroDivisionError

    broken.needs = ()  # type: ignore[attr-defined]
    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")
    assert (answer.status_code, desk.codes(answer)) == (500, ["internal_server_error"])
    assert "ZeroDivision" not in answer.get_data(as_text=True)


def test_what_nobody_may_slip_in(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
        paired = create_family(conn, desk.office)
        conn.execute(household.update().where(household.c.id == paired.household_id).values(kind="rural_paired"))
    who = {"household_id": str(paired.household_id), "beneficiary_id": str(paired.head_id)}
    body = {"programme": "hardship", **who, "item": "LIV", "requested": "1.00", "answers": {}}
    assert desk.codes(desk.post("registrar", "/cases", body)) == ["household_not_worker"]
    people, unit = desk.office.people, str(desk.office.unit_id)
    gift: dict[str, Any] = {
        "unit_id": unit,
        "household_id": str(family.household_id),
        "on": "2025-09-01",
        "item": "LIV",
    }
    gift |= {"purpose": "x", "account_code": "502", "handed_by": str(people["visitor_1"]), "signed_by_family": True}
    gift |= {"amount": "9.00", "fund_id": str(desk.office.fund_id), "approved_by": str(people["approver_1"])}
    assert desk.codes(desk.post("registrar", "/gifts", gift)) == ["approver_must_sign"]
    back = {"unit_id": unit, "role": "visitor", "from_on": "2025-08-31", "until_on": "2025-12-31"}
    late = desk.post("admin", f"/accounts/{people['witness']}/grants", back)
    assert desk.codes(late) == ["grant_dated_back"]
    headers = desk.headers("registrar")
    typed = desk.http.post("/api/v1/cases", data=b"{", headers={**headers, "Content-Type": "application/json"})
    assert desk.codes(typed) == ["json_unreadable"]
    plain = desk.http.post("/api/v1/cases", data=b"{}", headers={**headers, "Content-Type": "text/plain"})
    assert desk.codes(plain) == ["unsupported_media_type"]
    with desk.http.application.test_request_context():
        unstorable = errors.respond(errors.PROBLEMS[sa.exc.DataError](sa.exc.DataError("x", {}, ValueError())))
    assert desk.codes(unstorable) == ["value_unstorable"]
