"""A refusal names the field and repeats nothing that was typed."""

import pytest

from tests.api_client import ApiClient

NUMBER = "11010519491231002X"


@pytest.mark.parametrize(
    ("who", "path", "body", "codes"),
    [
        ("registrar", "/cases", {NUMBER: 1}, {"field_wrong"}),
        ("registrar", "/households", {"members": [{NUMBER: 1}]}, {"field_wrong"}),
        ("admin", "/policy-sets", {"source": f"{NUMBER} = 1"}, {"policy_missing", "policy_unknown_key"}),
        ("registrar", "/cases", {"programme": NUMBER, "requested": NUMBER, "household_id": NUMBER}, {"field_wrong"}),
    ],
)
def test_a_number_typed_as_a_fields_name_is_not_repeated(
    desk: ApiClient, who: str, path: str, body: dict[str, object], codes: set[str]
) -> None:
    refused = desk.post(who, path, body)
    assert (refused.status_code, set(desk.codes(refused))) == (422, codes)
    assert NUMBER not in refused.get_data(as_text=True)


def test_a_date_that_is_none_is_not_repeated(desk: ApiClient) -> None:
    refused = desk.get("registrar", "/cases", **{"X-Songnuan-Date": NUMBER})
    assert desk.codes(refused) == ["demo_clock_unreadable"]
    assert NUMBER not in refused.get_data(as_text=True)


@pytest.mark.parametrize("field", ["stray", "members.0.stray", "__class__"])
def test_a_name_is_repeated(desk: ApiClient, field: str) -> None:
    body = {"members": [{"stray": 1}]} if "." in field else {field: 1}
    refused = desk.post("registrar", "/households", body).get_json()
    assert field in {each["values"]["field"] for each in refused["reasons"]}
