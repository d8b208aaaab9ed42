"""API requests: tokens, roles, idempotency keys, versions, cursors and the demo date."""

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


def opening(client: ApiClient, engine: sa.Engine) -> dict[str, Any]:
    with engine.begin() as conn:
        family = create_family(conn, client.office)
    family_ids = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    return {"programme": "hardship", **family_ids, "item": "LIV", "requested": "1000.00", "answers": {}}


def test_missing_unknown_or_expired_token_is_refused(client: ApiClient, engine: sa.Engine) -> None:
    assert refusal(client.http.get("/api/v1/cases")) == (401, ["token_missing"])
    wrong = client.http.get("/api/v1/cases", headers={"Authorization": "Bearer snt_nobody"})
    assert (wrong.status_code, client.codes(wrong)) == (401, ["token_invalid"])
    assert "Bearer" in wrong.headers["WWW-Authenticate"]
    with engine.begin() as conn:
        past = datetime.now(UTC) - timedelta(days=1)
        auditor_token = token.c.hash == sha256(client.office.tokens["auditor"].encode()).digest()
        conn.execute(token.update().where(auditor_token).values(created_at=past - timedelta(days=1), expires_at=past))
    assert client.codes(client.get("auditor", "/cases")) == ["token_invalid"]


def test_grant_gives_no_role_after_its_last_day(client: ApiClient, engine: sa.Engine) -> None:
    body = opening(client, engine)
    with engine.begin() as conn:
        own_grants = role_grant.c.account_id == client.office.people["registrar"]
        conn.execute(role_grant.update().where(own_grants).values(until_on=date(2025, 8, 31)))
    refused = client.post("registrar", "/cases", body)
    assert (refused.status_code, client.codes(refused)) == (403, ["role_missing"])
    client.today = date(2025, 8, 31)
    assert client.post("registrar", "/cases", body).status_code == 201


def test_account_of_another_organisation_finds_no_case(client: ApiClient, engine: sa.Engine) -> None:
    case_id = client.post("registrar", "/cases", opening(client, engine)).get_json()["id"]
    with engine.begin() as conn:
        other = create_organisation(conn)
    stranger = ApiClient(client.http, other, client.today)
    assert refusal(stranger.get("registrar", f"/cases/{case_id}")) == (404, ["not_found"])
    assert refusal(stranger.get("auditor", f"/cases/{case_id}/events")) == (404, ["not_found"])
    assert refusal(stranger.act("registrar", case_id, "submit")) == (404, ["not_found"])
    assert stranger.get("registrar", "/cases").get_json()["count"] == 0
    assert refusal(stranger.get("registrar", f"/cases/{uuid4()}")) == (404, ["not_found"])


def test_unit_above_sees_a_case_and_unit_beside_does_not(engine: sa.Engine, database_url: str, tmp_path: Path) -> None:
    with engine.begin() as conn:
        county = create_organisation(conn)
        bureau, school = create_organisation(conn, above=county), create_organisation(conn, above=county)
    with serving(database_url, tmp_path) as app:
        client = ApiClient(app.test_client(), bureau, date(2025, 9, 1))
        case_id = client.post("registrar", "/cases", opening(client, engine)).get_json()["id"]
        above, beside = ApiClient(client.http, county, client.today), ApiClient(client.http, school, client.today)
        assert above.get("auditor", f"/cases/{case_id}").status_code == 200
        assert refusal(beside.get("auditor", f"/cases/{case_id}")) == (404, ["not_found"])


def test_post_needs_a_key_and_a_repeated_key_has_one_effect(client: ApiClient, engine: sa.Engine) -> None:
    body = opening(client, engine)
    without = client.headers("registrar")
    del without["Idempotency-Key"]
    assert client.codes(client.http.post("/api/v1/cases", json=body, headers=without)) == ["idempotency_key_missing"]
    headers = client.headers("registrar")
    answers = [client.http.post("/api/v1/cases", json=body, headers=headers) for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 201]
    assert len({each.get_data() for each in answers}) == 1
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    other = client.http.post("/api/v1/cases", json={**body, "requested": "9.00"}, headers=headers)
    assert (other.status_code, client.codes(other)) == (422, ["idempotency_key_reused"])
    with engine.connect() as conn:
        own_cases = case.c.household_id == body["household_id"]
        assert conn.scalar(sa.select(sa.func.count()).where(own_cases)) == 1


def test_key_sent_ten_times_at_once_has_one_effect(client: ApiClient, engine: sa.Engine) -> None:
    body, headers = opening(client, engine), client.headers("registrar")
    responses: list[tuple[int, bytes]] = []

    def send() -> None:
        response = client.http.application.test_client().post("/api/v1/cases", json=body, headers=headers)
        responses.append((response.status_code, response.get_data()))

    threads = [threading.Thread(target=send) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(responses)) == 1
    assert responses[0][0] == 201


def test_refusal_is_not_stored_under_the_key(client: ApiClient, engine: sa.Engine) -> None:
    headers, body = client.headers("registrar"), {**opening(client, engine), "requested": "0.00"}
    refused = client.http.post("/api/v1/cases", json=body, headers=headers)
    assert client.codes(refused) == ["amount_not_positive"]
    with engine.connect() as conn:
        assert conn.scalar(sa.select(idempotency.c.key).where(idempotency.c.key == headers["Idempotency-Key"])) is None


def test_step_on_an_old_version_is_refused(client: ApiClient, engine: sa.Engine) -> None:
    opened = client.post("registrar", "/cases", opening(client, engine))
    path = f"/cases/{opened.get_json()['id']}"
    read = client.get("registrar", path)
    assert read.headers["ETag"] == '"1"'
    assert client.get("registrar", path, **{"If-None-Match": '"1"'}).status_code == 304
    first = client.post("registrar", f"{path}/actions/submit", {"answers": {}}, **{"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    stale = client.post("registrar", f"{path}/actions/withdraw", {"answers": {"reason": "x"}}, **{"If-Match": '"1"'})
    assert (stale.status_code, client.codes(stale)) == (412, ["stale"])


def test_openapi_declares_if_match_optional_on_steps(client: ApiClient) -> None:
    paths = client.http.get("/api/v1/openapi.json").get_json()["paths"]
    step, edit = paths["/api/v1/cases/{case_id}/actions/{action}"]["post"], paths["/api/v1/households/{household_id}"]
    if_match_required = [each["required"] for each in step["parameters"] if each["name"] == "If-Match"]
    assert if_match_required == [False]
    assert {each["name"] for each in edit["patch"]["parameters"]} >= {"If-Match"}
    assert "If-Match" not in {each["name"] for each in paths["/api/v1/cases"]["post"]["parameters"]}


def test_programme_forms_are_listed_as_cases_accept_them(client: ApiClient, engine: sa.Engine) -> None:
    """GET /programmes lists what POST /cases takes, and POST /cases accepts it as listed."""
    forms = {each["key"]: each for each in client.get("registrar", "/programmes").get_json()["items"]}
    assert set(forms) == set(PROGRAMMES)
    hardship = forms["hardship"]
    assert {"key": "self_paid", "label": "自付医疗费用", "kind": "money", "required": False, "choices": []} in (
        hardship["answers"]
    )
    submit = next(each for each in hardship["steps"] if each["action"] == "submit")
    assert (submit["sources"], submit["target"], submit["roles"]) == (["draft"], "survey", ["registrar"])
    for item in hardship["items"]:
        body = opening(client, engine) | {"item": item, "answers": {"self_paid": "120.50"}}
        assert client.post("registrar", "/cases", body).status_code == 201, item


def test_unexpected_fields_are_refused_and_change_nothing(client: ApiClient, engine: sa.Engine) -> None:
    body = opening(client, engine)
    unexpected_fields = {"state": "payment", "award": "9.99", "unit_id": str(uuid4()), "version": 9, "actor": "x"}
    for key, value in unexpected_fields.items():
        refused = client.post("registrar", "/cases", {**body, key: value})
        assert refusal(refused) == (422, ["field_unknown"]), key
        known = ["programme", "household_id", "beneficiary_id", "item", "requested", "answers"]
        assert refused.get_json()["reasons"][0]["values"] == {"field": key, "known": known}
    case_id = client.post("registrar", "/cases", body).get_json()["id"]
    refused = client.post("registrar", f"/cases/{case_id}/actions/submit", {"answers": {"state": "payment"}})
    assert (refused.status_code, client.codes(refused)) == (422, ["answer_unknown"])
    assert client.get("registrar", f"/cases/{case_id}").get_json()["state"] == "draft"


def test_date_header_is_accepted_only_by_a_demo_process(client: ApiClient, database_url: str, tmp_path: Path) -> None:
    response = client.get("auditor", "/me")
    assert response.headers["X-Songnuan-Clock"].startswith("demo 2025-09-01T")
    with serving(database_url, tmp_path, demo_clock=False) as app:
        real = ApiClient(app.test_client(), client.office, client.today)
        refused = real.get("auditor", "/me")
        assert (refused.status_code, client.codes(refused)) == (400, ["demo_clock_off"])
        headers = real.headers("auditor")
        del headers["X-Songnuan-Date"]
        plain = app.test_client().get("/api/v1/me", headers=headers)
        assert plain.status_code == 200
        assert "X-Songnuan-Clock" not in plain.headers


def test_stand_in_acting_in_own_role_records_no_principal(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        grant(conn, client.office, "witness", "reviewer", for_whom="reviewer")
    case_id = client.post("registrar", "/cases", opening(client, engine)).get_json()["id"]
    actions = client.get("witness", f"/cases/{case_id}/actions").get_json()["items"]
    suspend = next(each for each in actions if each["action"] == "suspend")
    assert suspend["open"] is True
    client.act("witness", case_id, "submit")
    with engine.connect() as conn:
        actor = sa.select(event.c.principal_id).where(event.c.subject_id == case_id, event.c.seq == 2)
        assert conn.scalar(actor) is None


def test_case_list_pages_by_key_and_refuses_a_changed_cursor(client: ApiClient, engine: sa.Engine) -> None:
    case_ids = {client.post("registrar", "/cases", opening(client, engine)).get_json()["id"] for _ in range(5)}
    listed_ids: list[str] = []
    path = "/cases?size=2"
    while path:
        page = client.get("registrar", path).get_json()
        assert page["count"] == 5
        listed_ids += [each["id"] for each in page["items"]]
        path = f"/cases?size=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert (len(listed_ids), set(listed_ids)) == (5, case_ids)
    cursor = client.get("registrar", "/cases?size=2").get_json()["next_cursor"]
    changed_cursor, other_query_cursor = f"cursor={cursor[:-3]}AAA", f"state=draft&cursor={cursor}"
    for query in (changed_cursor, other_query_cursor):
        assert refusal(client.get("registrar", f"/cases?size=2&{query}")) == (422, ["cursor_bad"]), query


@pytest.mark.parametrize("amount", ["12.345", "-1.00", "1e3", "", " 1", "١"])
def test_amount_that_is_not_exact_is_refused(client: ApiClient, engine: sa.Engine, amount: str) -> None:
    refused = client.post("registrar", "/cases", {**opening(client, engine), "requested": amount})
    assert refusal(refused) == (422, ["field_wrong"])
    assert refused.get_json()["reasons"][0]["values"]["field"] == "requested"
    assert refused.content_type == "application/problem+json"


def test_message_language_follows_accept_language(client: ApiClient) -> None:
    chinese = client.get("registrar", f"/cases/{new_id()}").get_json()
    english = client.get("registrar", f"/cases/{new_id()}", **{"Accept-Language": "en"}).get_json()
    assert chinese["detail"] == "没有找到，或者您无权查看。"
    assert english["detail"] == "Not found, or not yours to see."


def test_several_reasons_are_joined_to_one_sentence(client: ApiClient) -> None:
    answer = client.post("registrar", "/cases", {}).get_json()
    assert len(answer["reasons"]) > 1
    assert answer["detail"].count("；") == len(answer["reasons"]) - 1
    assert "。；" not in answer["detail"]
    assert ".；" not in answer["detail"]


def test_me_returns_login_and_tiers(client: ApiClient) -> None:
    organisation: Organisation = client.office
    me = client.get("approver_2", "/me").get_json()
    assert (me["login"], [each["tier"] for each in me["grants"]]) == (organisation.login("approver_2"), [2])


def test_unreadable_request_is_refused_with_its_reason(client: ApiClient, engine: sa.Engine) -> None:
    body = opening(client, engine)
    unreadable = client.get("registrar", "/cases", **{"X-Songnuan-Date": "last Monday"})
    assert client.codes(unreadable) == ["demo_clock_unreadable"]
    assert client.codes(client.get("registrar", "/cases?cursor=abc")) == ["cursor_bad"]
    assert client.codes(client.get("registrar", "/cases?size=0")) == ["field_wrong"]
    case_id = client.post("registrar", "/cases", body).get_json()["id"]
    bad_if_match = client.post("registrar", f"/cases/{case_id}/actions/submit", {"answers": {}}, **{"If-Match": '"x"'})
    assert (bad_if_match.status_code, client.codes(bad_if_match)) == (428, ["if_match_unreadable"])
    wrong_item = client.post("registrar", "/cases", {**body, "item": "EDU"})
    assert client.codes(wrong_item) == ["item_not_of_programme"]
    unit = client.office.unit_id
    backwards = client.get("auditor", f"/reports/welfare?unit={unit}&from=2025-12-31&to=2025-01-01")
    assert client.codes(backwards) == ["period_backwards"]
    for days in ("from=2025-09-01&to=2025-09-01", "from=2025-09-02&to=2025-09-30", "from=2025-02-01&to=2025-02-27"):
        for page in ("welfare", "welfare.md", "welfare/figures/aid_money/rows"):
            in_days = client.get("auditor", f"/reports/{page}?unit={unit}&{days}")
            assert (in_days.status_code, client.codes(in_days)) == (422, ["period_not_months"])
    client.today = date(1999, 1, 4)
    with engine.begin() as conn:
        own_grants = role_grant.c.account_id == client.office.people["registrar"]
        conn.execute(role_grant.update().where(own_grants).values(from_on=date(1998, 1, 1)))
    too_early = client.post("witness", "/cases", body)
    assert client.codes(too_early) == ["role_missing"]
    with engine.begin() as conn:
        other = create_family(conn, client.office)
    family_ids = {"household_id": str(other.household_id), "beneficiary_id": str(other.head_id)}
    assert client.codes(client.post("registrar", "/cases", {**body, **family_ids})) == ["no_policy"]


def test_database_away_gives_503_and_internal_fault_500(client: ApiClient, database_url: str, tmp_path: Path) -> None:
    with serving("postgresql://nobody@127.0.0.1:9/nothing", tmp_path / "away") as app:
        away = ApiClient(app.test_client(), client.office, client.today).get("auditor", "/me")
        assert refusal(away) == (503, ["database_away"])
        assert away.headers["Retry-After"] == "5"

    def broken() -> str:
        raise ZeroDivisionError

    broken.needs = ()  # type: ignore[attr-defined]
    with serving(database_url, tmp_path / "broken") as app:
        app.add_url_rule("/api/broken", view_func=broken)
        answer = app.test_client().get("/api/broken")
    assert (answer.status_code, client.codes(answer)) == (500, ["internal_server_error"])
    assert "ZeroDivision" not in answer.get_data(as_text=True)


def test_request_against_a_rule_is_refused_with_its_code(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        family = create_family(conn, client.office)
        paired = create_family(conn, client.office)
        conn.execute(household.update().where(household.c.id == paired.household_id).values(kind="rural_paired"))
    family_ids = {"household_id": str(paired.household_id), "beneficiary_id": str(paired.head_id)}
    body = {"programme": "hardship", **family_ids, "item": "LIV", "requested": "1.00", "answers": {}}
    assert client.codes(client.post("registrar", "/cases", body)) == ["household_not_worker"]
    people, unit = client.office.people, str(client.office.unit_id)
    gift: dict[str, Any] = {
        "unit_id": unit,
        "household_id": str(family.household_id),
        "on": "2025-09-01",
        "item": "SWN",
    }
    gift |= {"purpose": "x", "account_code": "502", "handed_by": str(people["visitor_1"]), "signed_by_family": True}
    gift |= {"amount": "9.00", "fund_id": str(client.office.fund_id), "approved_by": str(people["approver_1"])}
    assert client.codes(client.post("registrar", "/gifts", gift)) == ["approver_must_sign"]
    dated_back_grant = {"unit_id": unit, "role": "visitor", "from_on": "2025-08-31", "until_on": "2025-12-31"}
    refused = client.post("admin", f"/accounts/{people['witness']}/grants", dated_back_grant)
    assert client.codes(refused) == ["grant_dated_back"]
    headers = client.headers("registrar")
    broken_json = client.http.post("/api/v1/cases", data=b"{", headers={**headers, "Content-Type": "application/json"})
    assert client.codes(broken_json) == ["json_unreadable"]
    plain = client.http.post("/api/v1/cases", data=b"{}", headers={**headers, "Content-Type": "text/plain"})
    assert client.codes(plain) == ["unsupported_media_type"]
    with client.http.application.test_request_context("/api/v1/cases"):
        unstorable = errors.respond(errors.PROBLEMS[sa.exc.DataError](sa.exc.DataError("x", {}, ValueError())))
    assert client.codes(unstorable) == ["value_unstorable"]
