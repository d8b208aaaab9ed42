"""A refusal names the field and does not repeat the input."""

import pytest

from tests.api_client import ApiClient

ID_NUMBER = "11010519491231002X"


@pytest.mark.parametrize(
    ("login", "path", "body", "codes"),
    [
        ("registrar", "/cases", {ID_NUMBER: 1}, {"field_wrong", "field_unknown"}),
        ("registrar", "/households", {"members": [{ID_NUMBER: 1}]}, {"field_wrong", "field_unknown"}),
        ("admin", "/policy-sets", {"source": f"{ID_NUMBER} = 1"}, {"policy_missing", "policy_unknown_key"}),
        (
            "registrar",
            "/cases",
            {"programme": ID_NUMBER, "requested": ID_NUMBER, "household_id": ID_NUMBER},
            {"field_wrong"},
        ),
    ],
)
def test_identity_number_as_field_name_is_not_repeated(
    client: ApiClient, login: str, path: str, body: dict[str, object], codes: set[str]
) -> None:
    refused = client.post(login, path, body)
    assert (refused.status_code, set(client.codes(refused))) == (422, codes)
    assert ID_NUMBER not in refused.get_data(as_text=True)


def test_invalid_date_is_not_repeated(client: ApiClient) -> None:
    refused = client.get("registrar", "/cases", **{"X-Songnuan-Date": ID_NUMBER})
    assert client.codes(refused) == ["demo_clock_unreadable"]
    assert ID_NUMBER not in refused.get_data(as_text=True)


def test_identity_number_as_parameter_name_is_not_repeated(client: ApiClient) -> None:
    refused = client.get("registrar", f"/cases?{ID_NUMBER}=1")
    assert (refused.status_code, client.codes(refused)) == (422, ["parameter_unknown"])
    assert ID_NUMBER not in refused.get_data(as_text=True)


def test_household_list_with_an_unknown_parameter_is_refused_and_names_the_known_ones(client: ApiClient) -> None:
    """Regression: `GET /households?name=张` answered with every row."""
    refused = client.get("registrar", "/households?name=张").get_json()
    [reason] = refused["reasons"]
    assert (reason["code"], reason["values"]["field"]) == ("parameter_unknown", "name")
    assert {"cursor", "q", "size", "unit_id"} <= set(reason["values"]["known"])
    assert refused["detail"].startswith("没有“name”这个查询参数；可以用的有：active、")


@pytest.mark.parametrize("field", ["stray", "members.0.stray", "__class__"])
def test_plain_field_name_is_repeated(client: ApiClient, field: str) -> None:
    body = {"members": [{"stray": 1}]} if "." in field else {field: 1}
    refused = client.post("registrar", "/households", body).get_json()
    assert field in {each["values"]["field"] for each in refused["reasons"]}
