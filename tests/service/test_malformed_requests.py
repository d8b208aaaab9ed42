"""Malformed requests are refused with a reason code and never cause a 5xx."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from service.actions import id_number
from tests.api_client import ApiClient, refusal
from tests.factories import create_family, create_organisation

DEEP = '{"answers":' + "[" * 100_000 + "]" * 100_000 + "}"
LONG_NUMBER = "9" * 5000
BODIES = {
    "array": b"[]",
    "null": b"null",
    "text": b'"x"',
    "number": b"1",
    "nan": b'{"answers": {"x": NaN}, "amount": Infinity, "on": NaN, "tier": NaN}',
    "deep": DEEP.encode(),
    "long number": f'{{"answers": {{"x": {LONG_NUMBER}}}, "quantity": {LONG_NUMBER}}}'.encode(),
    "surrogate key": b'{"answers": {"\\ud800": 1}, "\\ud800": 1}',
    "nul key": b'{"answers": {"\\u0000": 1}, "\\u0000": 1}',
    "not utf-8": b'{"answers": "\xff\xfe"}',
    "bom": b"\xef\xbb\xbf{}",
    "utf-16": '{"answers": {}}'.encode("utf-16"),
    "cut": b'{"answers": {',
    "twice": b'{"answers": {}, "answers": 1}',
}
UNREADABLE = {"nan", "deep", "long number", "surrogate key", "nul key", "not utf-8", "cut"}
NOT_UTF_8 = {"bom", "utf-16"}
"""Bodies that are no JSON, and bodies in another encoding than JSON's. The others are JSON of the wrong shape."""
ROUTES = [
    ("registrar", "/cases"),
    ("admin", "/policy-sets"),
    ("registrar", "/cases/{case}/actions/submit"),
]


@pytest.fixture
def ids(desk: ApiClient, engine: sa.Engine) -> dict[str, Any]:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    people = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    answer = desk.post("registrar", "/cases", {"programme": "hardship", **people, "item": "LIV", "requested": "100.00"})
    rows = {"case": answer.get_json()["id"], "household": family.household_id, "person": family.head_id}
    return {**rows, "account": desk.office.people["registrar"], "child": family.child_id}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("caller", "path"), ROUTES)
def test_body_that_is_malformed_is_refused(
    desk: ApiClient, ids: dict[str, Any], caller: str, path: str, body: str
) -> None:
    def post_as(content_type: str) -> tuple[int, set[str]]:
        headers = desk.headers(caller, **{"Content-Type": content_type})
        status, codes = refusal(desk.http.post(f"/api/v1{path.format(**ids)}", data=BODIES[body], headers=headers))
        return status, set(codes)

    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert post_as(content_type) == (415, {"unsupported_media_type"}), content_type
    status = 400 if body in UNREADABLE | NOT_UTF_8 else 422
    codes = {"json_unreadable"} if body in UNREADABLE else {"field_wrong"}
    if path == "/policy-sets" and body == "twice":  # its form has another field
        codes |= {"field_unknown"}
    assert post_as("application/json") == (status, codes)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_request_without_a_body_is_an_empty_form(desk: ApiClient, ids: dict[str, Any], content_type: str) -> None:
    """Refuse an empty body where the form has required fields, and accept it where the form has none."""
    for caller, path in (("registrar", "/cases"), ("admin", "/policy-sets")):
        headers = desk.headers(caller, **{"Content-Type": content_type})
        answer = desk.http.post(f"/api/v1{path}", data=b"", headers=headers)
        assert (answer.status_code, set(desk.codes(answer))) == (422, {"field_wrong"}), path
    headers = desk.headers("registrar", **{"Content-Type": content_type})
    assert desk.http.post(f"/api/v1/cases/{ids['case']}/actions/submit", data=b"", headers=headers).status_code == 200


def valid_requests(client: ApiClient, ids: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    people, unit = client.office.people, str(client.office.unit_id)
    household, day = f"/households/{ids['household']}", "2025-09-01"
    member = {"relation": "child", "name": "示例", "email": "a@example.org", "address": "某街道", "workplace": "某校"}
    signed = {"handed_by": str(people["visitor_1"]), "approved_by": str(people["approver_3"]), "signed_by_family": True}
    yield "registrar", f"{household}/members", member
    yield "registrar", f"{household}/payee", {"person": str(ids["person"]), "bank": "银行", "card": "6" * 16}
    pairing = {"unit_id": unit, "programme_name": "结对", "issued_by": "某部", "from_on": day}
    yield "registrar", f"{household}/pairings", pairing
    donation = {"unit_id": unit, "on": day, "direction": "passed_on", "campaign": "x", "organiser": "x"}
    yield "cashier", "/donations", {**donation, "amount": "1.00", "handed_to": "x"}
    activity = {"unit_id": unit, "on": day, "title": "x", "kind": "sport", "amount": "1.00", "account_code": "501"}
    yield "cashier", "/activities", activity
    gift = {"unit_id": unit, "household_id": str(ids["household"]), "on": day, "item": "KIND", "purpose": "x"}
    yield "registrar", "/gifts", {**gift, "account_code": "502", **signed, "goods": "米", "goods_unit": "袋"}
    account = {"login": f"x{uuid4().hex[:8]}", "display_name": "x", "unit_id": unit, "email": "a@example.org"}
    yield "admin", "/accounts", account
    yield "admin", "/units", {"name": "x", "kind": "county", "division": "371083", "parent_id": unit}
    fund_line = {"unit_id": unit, "code": uuid4().hex[:8], "title": "x", "source": "OWN", "year": 2025, "document": "x"}
    yield "cashier", "/funds", {**fund_line, "items": ["LIV"], "opens_on": day, "expires_on": day}
    receipt = {"amount": "1.00", "document": "x", "on": day}
    yield "cashier", f"/funds/{client.office.fund_id}/receipts", receipt
    visitor_ids = [str(people["visitor_1"])]
    visit = {"unit_id": unit, "kind": "festival", "on": day, "place": "home", "visitors": visitor_ids, "story": "x"}
    yield "visitor_1", "/visits", {**visit, "occasion": "daily"}
    yield "registrar", f"{household}/consents", {
        "signed_on": day, "until_on": day, "text_version": "1", "adults_signed": 1
    }  # fmt: skip
    yield "registrar", f"/cases/{ids['case']}/actions/withdraw", {"answers": {"reason": "x"}}
    yield "registrar", f"/cases/{ids['case']}/actions/submit", {"answers": {}}


HOSTILE_VALUES = {
    "surrogate": "\ud800",
    "nul": "a\x00b",
    "nul mail": "a\x00b@example.org",
    "surrogate mail": "\ud800@example.org",
    "long": "长" * 100_000,
    "true": True,
    "null": None,
    "huge": 10**30,
    "float": 1e308,
    "nan": float("nan"),
    "list": [[]],
    "object": {"a": {}},
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "rtl": "a\u202eb",
    "uuid": "urn:uuid:00000000-0000-0000-0000-000000000000",
}


@pytest.mark.parametrize("value_name", HOSTILE_VALUES)
def test_field_with_a_hostile_value_never_causes_a_server_error(
    desk: ApiClient, ids: dict[str, Any], value_name: str
) -> None:
    server_errors = []
    for caller, path, body in valid_requests(desk, ids):
        for field in body:
            changed_body = json.dumps({**body, field: HOSTILE_VALUES[value_name]})
            headers = desk.headers(caller, **{"Content-Type": "application/json"})
            answer = desk.http.post(f"/api/v1{path}", data=changed_body, headers=headers)
            if answer.status_code >= 500:
                server_errors.append((path.rpartition("/")[2], field, answer.status_code))
    assert server_errors == []


def test_member_with_an_identity_number_is_shown_without_it(desk: ApiClient) -> None:
    """Every real household file has a member with all of these fields."""
    member = {"relation": "head", "name": "示例甲", "id_no": "370123197001010637", "phone": "13800000000"}
    member |= {"email": "a@example.org", "address": "某市某街道1号", "workplace": "某厂"}
    form = {"unit_id": str(desk.office.unit_id), "file_no": uuid4().hex[:10], "identity": "retired", "cause": "other"}
    form |= {"division": "371083", "filed_on": "2025-09-01"}
    created = desk.post("registrar", "/households", {**form, "members": [member]})
    assert created.status_code == 201, created.get_json()
    answer = desk.get("auditor", f"/households/{created.get_json()['id']}")
    assert answer.status_code == 200, answer.get_json()
    assert "370123197001010637" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("number", ["11010519491231002X", "110101199003070134"])
def test_identity_number_that_is_valid_is_accepted(number: str) -> None:
    """The first number is the example of GB 11643."""
    # stdnum's calc_check_digit takes the whole number, not its first 17 digits.
    assert list(id_number.problems("id_no", number, date(2025, 9, 1))) == []


def test_identity_number_with_a_wrong_check_digit_is_refused() -> None:
    numbers = [f"11010519491231002{digit}" for digit in "0123456789"]
    accepted = [each for each in numbers if not list(id_number.problems("id_no", each, date(2025, 9, 1)))]
    assert accepted == []


def test_cursor_of_another_list_is_refused(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        for _ in range(3):
            create_family(conn, desk.office)
    cursor = desk.get("registrar", "/households?size=1").get_json()["next_cursor"]
    for path in ("cases", "visits"):
        assert refusal(desk.get("registrar", f"/{path}?size=1&cursor={cursor}")) == (422, ["cursor_bad"]), path


FAR = "unit={unit}&from=0001-01-01&to=9999-12-31"
PERIOD = "unit={unit}&from=2025-01-01&to=2025-12-31"
FIGURES = "/reports/welfare/figures"
MALFORMED_ADDRESSES = [
    ("/cases?unit_id=x", 422, "field_wrong"),
    ("/cases?state=%00", 422, "field_wrong"),
    ("/cases?size=99999999999999999999", 422, "field_wrong"),
    ("/cases?overdue=maybe", 422, "field_wrong"),
    ("/cases?cursor=%FF", 422, "cursor_bad"),
    ("/cases?cursor=W1siIl0sIOWlvSJd", 422, "cursor_bad"),
    ("/visits?kind=%ED%A0%80", 422, "field_wrong"),
    ("/notices?up=2", 422, "field_wrong"),
    ("/inbox?cursor=e30=", 422, "cursor_bad"),
    ("/cases/00000000-0000-0000-0000-000000000000/events", 404, "not_found"),
    (f"{FIGURES}/tuition_money@9999-12/rows?unit={{unit}}&from=2025-01-01&to=9999-12-31", 404, "not_found"),
    (f"{FIGURES}/aid_money_by_item:%00/rows?{PERIOD}", 404, "not_found"),
    (f"{FIGURES}/%00/rows?{PERIOD}", 404, "not_found"),
    (f"{FIGURES}/aid_money/rows?{PERIOD}&after=x", 422, "field_wrong"),
    (f"{FIGURES}/aid_money/rows?{PERIOD}&size=0", 422, "field_wrong"),
]
UNUSUAL_ADDRESSES = [
    "/cases?item=a&item=b",
    f"/reports/welfare?{FAR}",
    f"/reports/welfare.docx?{FAR}",
    f"{FIGURES}/aid_money/rows?{FAR}",
    f"{FIGURES}/tuition_money@0001-01/rows?unit={{unit}}&from=0001-01-01&to=2025-12-31",
    f"{FIGURES}/aid_money_by_item:%ED%A0%80/rows?{PERIOD}",
]


@pytest.mark.parametrize(("path", "status", "code"), MALFORMED_ADDRESSES)
def test_address_that_is_malformed_is_refused(desk: ApiClient, path: str, status: int, code: str) -> None:
    assert refusal(desk.get("auditor", path.format(unit=desk.office.unit_id))) == (status, [code])


@pytest.mark.parametrize("path", UNUSUAL_ADDRESSES)
def test_address_that_is_unusual_but_valid_is_answered(desk: ApiClient, path: str) -> None:
    assert desk.get("auditor", path.format(unit=desk.office.unit_id)).status_code == 200


HEADERS: list[tuple[dict[str, str], int, str]] = [
    ({"If-Match": '"' + "9" * 5000 + '"'}, 428, "if_match_unreadable"),
    ({"If-Match": '"1", "2"'}, 428, "if_match_unreadable"),
    ({"If-Match": 'W/"1"'}, 428, "if_match_unreadable"),
    ({"If-Match": '"-1"'}, 428, "if_match_unreadable"),
    ({"If-Match": '"١"'}, 428, "if_match_unreadable"),
    ({"If-Match": ""}, 428, "if_match_unreadable"),
    ({"Authorization": "Bearer"}, 401, "token_missing"),
    ({"Authorization": "Bearer " + "x" * 100_000}, 401, "token_invalid"),
    ({"Authorization": "Bearer \xff\xfe"}, 401, "token_invalid"),
    ({"Idempotency-Key": "x" * 121}, 400, "idempotency_key_missing"),
    ({"Idempotency-Key": "中文中文中文中文".encode().decode("latin-1")}, 400, "idempotency_key_missing"),
    ({"X-Songnuan-Date": "0001-01-01T00:00:00+08:00"}, 400, "demo_clock_unreadable"),
    ({"X-Songnuan-Date": "9999-12-31T23:59:59-12:00"}, 400, "demo_clock_unreadable"),
    ({"X-Songnuan-Date": "2025-09-01T09:30:00+99:99"}, 400, "demo_clock_unreadable"),
    ({"X-Songnuan-Date": "0001-06-01"}, 400, "demo_clock_unreadable"),
    ({"X-Songnuan-Date": "9999-06-01"}, 400, "demo_clock_unreadable"),
]


@pytest.mark.parametrize(("headers", "status", "code"), HEADERS, ids=lambda each: str(each)[:40])
def test_header_that_is_malformed_is_refused(
    desk: ApiClient, ids: dict[str, Any], headers: dict[str, str], status: int, code: str
) -> None:
    path = f"/api/v1/cases/{ids['case']}/actions/submit"
    answer = desk.http.post(path, json={}, headers=desk.headers("registrar", **headers))
    assert refusal(answer) == (status, [code])


def test_request_with_an_unreadable_language_is_answered_in_chinese(desk: ApiClient, ids: dict[str, Any]) -> None:
    answer = desk.get("admin", f"/cases/{ids['case']}", **{"Accept-Language": "zh;q=x,,;;"})
    assert refusal(answer) == (403, ["role_missing"])
    assert answer.get_json()["detail"].endswith("。")


def test_if_match_with_a_star_is_refused(desk: ApiClient, ids: dict[str, Any]) -> None:
    headers = desk.headers("registrar", **{"If-Match": "*"})
    answer = desk.http.patch(f"/api/v1/households/{ids['household']}", json={"cause": "other"}, headers=headers)
    assert refusal(answer) == (428, ["if_match_unreadable"])


def test_form_that_is_no_json_is_refused_and_not_read_as_empty(desk: ApiClient, ids: dict[str, Any]) -> None:
    headers = desk.headers("registrar", **{"Content-Type": "text/plain"})
    path = f"/api/v1/cases/{ids['case']}/actions/submit"
    answer = desk.http.post(path, data=b'{"answers": {"state": "payment"}}', headers=headers)
    assert refusal(answer) == (415, ["unsupported_media_type"])


@pytest.mark.parametrize("value", ["yes", "on", 1, "T"])
def test_boolean_field_with_a_word_is_refused(desk: ApiClient, ids: dict[str, Any], value: Any) -> None:
    people = desk.office.people
    gift = {"unit_id": str(desk.office.unit_id), "household_id": str(ids["household"]), "on": "2025-09-01"}
    gift |= {"item": "KIND", "purpose": "x", "account_code": "502", "goods": "米", "goods_unit": "袋"}
    answer = desk.post(
        "registrar", "/gifts", {**gift, "handed_by": str(people["visitor_1"]), "signed_by_family": value}
    )
    assert refusal(answer) == (422, ["field_wrong"])
    assert answer.get_json()["reasons"][0]["values"]["field"] == "signed_by_family"


def test_caller_of_another_unit_reaches_no_list_and_no_row(
    desk: ApiClient, engine: sa.Engine, ids: dict[str, Any]
) -> None:
    with engine.begin() as conn:
        other = create_organisation(conn)
    other_client = ApiClient(desk.http, other, date(2025, 9, 1))
    household_id, unit_id = ids["household"], desk.office.unit_id
    for path in (
        f"/households/{household_id}", f"/persons/{ids['person']}", f"/cases/{ids['case']}",
        f"/funds/{desk.office.fund_id}", f"/cases/{ids['case']}/events", f"/cases/{ids['case']}/actions",
        f"/units/{unit_id}",
        f"/reports/welfare?unit={unit_id}&from=2025-01-01&to=2025-12-31",
        f"/reports/welfare/figures/aid_money/rows?unit={unit_id}&from=2025-01-01&to=2025-12-31",
    ):  # fmt: skip
        for caller in ("registrar", "auditor", "cashier", "admin"):
            reads_nothing = caller == "admin" and not path.startswith("/units/")
            expected = (403, ["role_missing"]) if reads_nothing else (404, ["not_found"])
            assert refusal(other_client.get(caller, path)) == expected, (caller, path)
    for path in (
        "/households",
        "/cases",
        "/visits",
        "/notices",
        f"/cases?unit_id={unit_id}",
        f"/cases?household_id={household_id}",
    ):
        assert other_client.get("registrar", path).get_json()["count"] == 0, path
    assert str(desk.office.fund_id) not in other_client.get("cashier", "/funds").get_data(as_text=True)
    bodies: dict[str, dict[str, Any]] = {
        f"/households/{household_id}/payee": {"person": str(ids["person"]), "bank": "x", "card": "6" * 16},
        f"/households/{household_id}/kinship": {"account_id": str(other.people["registrar"]), "relation": "other"},
        f"/households/{household_id}/consents": {"signed_on": "2025-09-01", "until_on": "2025-09-01",
                                         "text_version": "1", "adults_signed": 1},
        f"/households/{household_id}/pairings": {"unit_id": str(other.unit_id), "programme_name": "x", "issued_by": "x",
                                         "from_on": "2025-09-01"},
        f"/persons/{ids['person']}/reveal": {"purpose": "survey"},
        "/cases": {"programme": "hardship", "household_id": str(household_id), "beneficiary_id": str(ids["person"]),
                   "item": "LIV", "requested": "1.00"},
    }  # fmt: skip
    for path, body in bodies.items():
        assert refusal(other_client.post("registrar", path, body)) == (404, ["not_found"]), path
