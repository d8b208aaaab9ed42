"""Requests that are bent on purpose: whatever comes in, the answer is a refusal with a code and never a 5xx."""

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
"""Bodies that are no JSON, and bodies in another encoding than JSON's; the rest are JSON of the wrong shape."""
ROUTES = [
    ("registrar", "/cases"),
    ("admin", "/policy-sets"),
    ("registrar", "/cases/{case}/actions/submit"),
]


@pytest.fixture
def names(desk: ApiClient, engine: sa.Engine) -> dict[str, Any]:
    with engine.begin() as conn:
        family = create_family(conn, desk.office)
    who = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    opened = desk.post("registrar", "/cases", {"programme": "hardship", **who, "item": "LIV", "requested": "100.00"})
    ids = {"case": opened.get_json()["id"], "household": family.household_id, "person": family.head_id}
    return {**ids, "account": desk.office.people["registrar"], "child": family.child_id}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("who", "path"), ROUTES)
def test_a_bent_body_is_refused(desk: ApiClient, names: dict[str, Any], who: str, path: str, body: str) -> None:
    def sent_as(kind: str) -> tuple[int, set[str]]:
        headers = desk.headers(who, **{"Content-Type": kind})
        status, codes = refusal(desk.http.post(f"/api/v1{path.format(**names)}", data=BODIES[body], headers=headers))
        return status, set(codes)

    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert sent_as(kind) == (415, {"unsupported_media_type"}), kind
    status = 400 if body in UNREADABLE | NOT_UTF_8 else 422
    assert sent_as("application/json") == (status, {"json_unreadable" if body in UNREADABLE else "field_wrong"})


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_no_body_is_an_empty_form(desk: ApiClient, names: dict[str, Any], kind: str) -> None:
    """Refused where the form has fields that must be filled in, and taken where it has none."""
    for who, path in (("registrar", "/cases"), ("admin", "/policy-sets")):
        sent = desk.http.post(f"/api/v1{path}", data=b"", headers=desk.headers(who, **{"Content-Type": kind}))
        assert (sent.status_code, set(desk.codes(sent))) == (422, {"field_wrong"}), path
    headers = desk.headers("registrar", **{"Content-Type": kind})
    assert desk.http.post(f"/api/v1/cases/{names['case']}/actions/submit", data=b"", headers=headers).status_code == 200


def fields_of(desk: ApiClient, names: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    people, unit = desk.office.people, str(desk.office.unit_id)
    home, day = str(names["household"]), "2025-09-01"
    member = {"relation": "child", "name": "示例", "email": "a@example.org", "address": "某街道", "workplace": "某校"}
    hands = {"handed_by": str(people["visitor_1"]), "approved_by": str(people["approver_3"]), "signed_by_family": True}
    yield "registrar", f"/households/{home}/members", member
    yield "registrar", f"/households/{home}/payee", {"person": str(names["person"]), "bank": "银行", "card": "6" * 16}
    pairing = {"unit_id": unit, "programme_name": "结对", "issued_by": "某部", "from_on": day}
    yield "registrar", f"/households/{home}/pairings", pairing
    donation = {"unit_id": unit, "on": day, "direction": "passed_on", "campaign": "x", "organiser": "x"}
    yield "cashier", "/donations", {**donation, "amount": "1.00", "handed_to": "x"}
    activity = {"unit_id": unit, "on": day, "title": "x", "kind": "sport", "amount": "1.00", "account_code": "501"}
    yield "cashier", "/activities", activity
    gift = {"unit_id": unit, "household_id": home, "on": day, "item": "KIND", "purpose": "x", "account_code": "502"}
    yield "registrar", "/gifts", {**gift, **hands, "goods": "米", "goods_unit": "袋"}
    account = {"login": f"x{uuid4().hex[:8]}", "display_name": "x", "unit_id": unit, "email": "a@example.org"}
    yield "admin", "/accounts", account
    yield "admin", "/units", {"name": "x", "kind": "county", "division": "371083", "parent_id": unit}
    line = {"unit_id": unit, "code": uuid4().hex[:8], "title": "x", "source": "OWN", "year": 2025, "document": "x"}
    yield "cashier", "/funds", {**line, "items": ["LIV"], "opens_on": day, "expires_on": day}
    receipt = {"amount": "1.00", "document": "x", "on": day}
    yield "cashier", f"/funds/{desk.office.fund_id}/receipts", receipt
    ids = [str(people["visitor_1"])]
    visit = {"unit_id": unit, "kind": "festival", "on": day, "place": "home", "visitors": ids, "story": "x"}
    yield "visitor_1", "/visits", {**visit, "occasion": "daily"}
    yield "registrar", f"/households/{home}/consents", {
        "signed_on": day, "until_on": day, "text_version": "1", "adults_signed": 1
    }  # fmt: skip
    yield "registrar", f"/cases/{names['case']}/actions/withdraw", {"answers": {"reason": "x"}}
    yield "registrar", f"/cases/{names['case']}/actions/submit", {"answers": {}}


NASTY = {
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


@pytest.mark.parametrize("nasty", NASTY)
def test_no_field_takes_a_thing_that_breaks_the_house(desk: ApiClient, names: dict[str, Any], nasty: str) -> None:
    broken = []
    for who, path, body in fields_of(desk, names):
        for field in body:
            bent = json.dumps({**body, field: NASTY[nasty]})
            headers = desk.headers(who, **{"Content-Type": "application/json"})
            sent = desk.http.post(f"/api/v1{path}", data=bent, headers=headers)
            if sent.status_code >= 500:
                broken.append((path.rpartition("/")[2], field, sent.status_code))
    assert broken == []


def test_a_member_with_an_identity_number_can_be_looked_at(desk: ApiClient) -> None:
    """The first real file of any union."""
    member = {"relation": "head", "name": "示例甲", "id_no": "370123197001010637", "phone": "13800000000"}
    member |= {"email": "a@example.org", "address": "某市某街道1号", "workplace": "某厂"}
    filed = {"unit_id": str(desk.office.unit_id), "file_no": uuid4().hex[:10], "identity": "retired", "cause": "other"}
    filed |= {"division": "371083", "filed_on": "2025-09-01"}
    made = desk.post("registrar", "/households", {**filed, "members": [member]})
    assert made.status_code == 201, made.get_json()
    seen = desk.get("auditor", f"/households/{made.get_json()['id']}")
    assert seen.status_code == 200, seen.get_json()
    assert "370123197001010637" not in seen.get_data(as_text=True)


@pytest.mark.parametrize("number", ["11010519491231002X", "110101199003070134"])
def test_a_true_identity_number_is_taken(number: str) -> None:
    """GB 11643's own example first; stdnum's calc_check_digit wants the whole number, not its first 17 places."""
    assert list(id_number.problems("id_no", number, date(2025, 9, 1))) == []


def test_a_number_with_a_wrong_check_digit_is_refused() -> None:
    wrong = [f"11010519491231002{digit}" for digit in "0123456789"]
    taken = [each for each in wrong if not list(id_number.problems("id_no", each, date(2025, 9, 1)))]
    assert taken == []


def test_a_cursor_of_another_list_is_refused(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        for _ in range(3):
            create_family(conn, desk.office)
    cursor = desk.get("registrar", "/households?size=1").get_json()["next_cursor"]
    for path in ("cases", "visits"):
        assert refusal(desk.get("registrar", f"/{path}?size=1&cursor={cursor}")) == (422, ["cursor_bad"]), path


FAR = "unit={unit}&from=0001-01-01&to=9999-12-31"
PERIOD = "unit={unit}&from=2025-01-01&to=2025-12-31"
FIGURES = "/reports/welfare/figures"
BENT_ADDRESSES = [
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
ODD_ADDRESSES = [
    "/cases?item=a&item=b",
    f"/reports/welfare?{FAR}",
    f"/reports/welfare.docx?{FAR}",
    f"{FIGURES}/aid_money/rows?{FAR}",
    f"{FIGURES}/tuition_money@0001-01/rows?unit={{unit}}&from=0001-01-01&to=2025-12-31",
    f"{FIGURES}/aid_money_by_item:%ED%A0%80/rows?{PERIOD}",
]


@pytest.mark.parametrize(("path", "status", "code"), BENT_ADDRESSES)
def test_a_bent_address_is_refused(desk: ApiClient, path: str, status: int, code: str) -> None:
    assert refusal(desk.get("auditor", path.format(unit=desk.office.unit_id))) == (status, [code])


@pytest.mark.parametrize("path", ODD_ADDRESSES)
def test_an_odd_address_is_answered(desk: ApiClient, path: str) -> None:
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
def test_a_bent_header_is_refused(
    desk: ApiClient, names: dict[str, Any], headers: dict[str, str], status: int, code: str
) -> None:
    path = f"/api/v1/cases/{names['case']}/actions/submit"
    sent = desk.http.post(path, json={}, headers=desk.headers("registrar", **headers))
    assert refusal(sent) == (status, [code])


def test_an_unreadable_language_is_answered_in_chinese(desk: ApiClient, names: dict[str, Any]) -> None:
    told = desk.get("admin", f"/cases/{names['case']}", **{"Accept-Language": "zh;q=x,,;;"})
    assert refusal(told) == (403, ["role_missing"])
    assert told.get_json()["detail"].endswith("。")


def test_a_star_is_no_version_that_was_read(desk: ApiClient, names: dict[str, Any]) -> None:
    headers = desk.headers("registrar", **{"If-Match": "*"})
    edited = desk.http.patch(f"/api/v1/households/{names['household']}", json={"cause": "other"}, headers=headers)
    assert refusal(edited) == (428, ["if_match_unreadable"])


def test_a_form_that_is_no_json_is_not_taken_for_an_empty_one(desk: ApiClient, names: dict[str, Any]) -> None:
    headers = desk.headers("registrar", **{"Content-Type": "text/plain"})
    path = f"/api/v1/cases/{names['case']}/actions/submit"
    sent = desk.http.post(path, data=b'{"answers": {"state": "payment"}}', headers=headers)
    assert refusal(sent) == (415, ["unsupported_media_type"])


@pytest.mark.parametrize("given", ["yes", "on", 1, "T"])
def test_a_word_is_no_yes(desk: ApiClient, names: dict[str, Any], given: Any) -> None:
    people = desk.office.people
    gift = {"unit_id": str(desk.office.unit_id), "household_id": str(names["household"]), "on": "2025-09-01"}
    gift |= {"item": "KIND", "purpose": "x", "account_code": "502", "goods": "米", "goods_unit": "袋"}
    made = desk.post("registrar", "/gifts", {**gift, "handed_by": str(people["visitor_1"]), "signed_by_family": given})
    assert refusal(made) == (422, ["field_wrong"])
    assert made.get_json()["reasons"][0]["values"]["field"] == "signed_by_family"


def test_every_list_and_row_of_another_unit_is_closed(
    desk: ApiClient, engine: sa.Engine, names: dict[str, Any]
) -> None:
    with engine.begin() as conn:
        other = create_organisation(conn)
    stranger = ApiClient(desk.http, other, date(2025, 9, 1))
    home, unit = names["household"], desk.office.unit_id
    for path in (
        f"/households/{home}", f"/persons/{names['person']}", f"/cases/{names['case']}", f"/funds/{desk.office.fund_id}",
        f"/cases/{names['case']}/events", f"/cases/{names['case']}/actions", f"/units/{unit}",
        f"/reports/welfare?unit={unit}&from=2025-01-01&to=2025-12-31",
        f"/reports/welfare/figures/aid_money/rows?unit={unit}&from=2025-01-01&to=2025-12-31",
    ):  # fmt: skip
        for who in ("registrar", "auditor", "cashier", "admin"):
            no_reader = who == "admin" and not path.startswith("/units/")
            expected = (403, ["role_missing"]) if no_reader else (404, ["not_found"])
            assert refusal(stranger.get(who, path)) == expected, (who, path)
    for path in (
        "/households",
        "/cases",
        "/visits",
        "/notices",
        f"/cases?unit_id={unit}",
        f"/cases?household_id={home}",
    ):
        assert stranger.get("registrar", path).get_json()["count"] == 0, path
    assert str(desk.office.fund_id) not in stranger.get("cashier", "/funds").get_data(as_text=True)
    bodies: dict[str, dict[str, Any]] = {
        f"/households/{home}/payee": {"person": str(names["person"]), "bank": "x", "card": "6" * 16},
        f"/households/{home}/kinship": {"account_id": str(other.people["registrar"]), "relation": "other"},
        f"/households/{home}/consents": {"signed_on": "2025-09-01", "until_on": "2025-09-01", "text_version": "1",
                                         "adults_signed": 1},
        f"/households/{home}/pairings": {"unit_id": str(other.unit_id), "programme_name": "x", "issued_by": "x",
                                         "from_on": "2025-09-01"},
        f"/persons/{names['person']}/reveal": {"purpose": "survey"},
        "/cases": {"programme": "hardship", "household_id": str(home), "beneficiary_id": str(names["person"]),
                   "item": "LIV", "requested": "1.00"},
    }  # fmt: skip
    for path, body in bodies.items():
        assert refusal(stranger.post("registrar", path, body)) == (404, ["not_found"]), path
