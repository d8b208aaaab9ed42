"""What is not asked for is refused by name, and changes nothing: no state, tier, sum, person or unit can be slipped in."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.db.columns import METADATA
from tests.api_client import ApiClient, serving
from tests.service.org_tree import TODAY, OrgTree, build
from tests.service.route_table import ROUTES, Route
from tests.service.test_permissions import HOLDERS
from workflows.vocabulary import Role

FORGED: dict[str, Any] = {
    "id": "00000000-0000-7000-8000-000000000000", "state": "payment", "phase": "disbursement", "version": 99, "seq": 99,
    "tier": 3, "amount": "9999.00", "award": "9999.00", "award_fen": 999900, "requested_fen": 1, "outstanding_fen": 0,
    "actor": "{bystander}", "actor_id": "{bystander}", "account_id": "{bystander}", "caller": "{bystander}",
    "unit": "{unit}", "unit_id": "{unit}", "unit_path": "/", "programme": "tuition", "fund": "{fund}", "fund_id": "{fund}",
    "policy_set_id": "{policy_set}", "case_no": "HA2025-000001", "created_at": "2020-01-01T00:00:00Z", "on": "2020-01-01",
    "active": True, "available_fen": 1, "body": "{{}}", "hash": "00", "request": "x", "__class__": "Case",
}  # fmt: skip


@pytest.fixture
def place(engine: sa.Engine) -> OrgTree:
    with engine.begin() as conn:
        made = build(conn)
    made.ids.update({f"{name}_id": value for name, value in made.ids.items()})
    return made


@pytest.fixture
def desk(database_url: str, tmp_path: Path, place: OrgTree) -> Iterator[ApiClient]:
    with serving(database_url, tmp_path) as app:
        yield ApiClient(app.test_client(), place.offices["own"], TODAY)


def kept(engine: sa.Engine) -> dict[str, str]:
    """A digest of every row of every table."""
    rows = "SELECT md5(coalesce(string_agg(row::text, ' ' ORDER BY row::text), '')) FROM \"{}\" AS row"
    with engine.connect() as conn:
        return {name: str(conn.scalar(sa.text(rows.format(name)))) for name in METADATA.tables}


def asked_for(document: dict[str, Any], route: Route) -> dict[str, Any]:
    """The fields the document says a route takes."""
    rule = route.rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}")
    content = document["paths"][f"/api/v1{rule}"][route.method.lower()]["requestBody"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    fields: dict[str, Any] = document["components"]["schemas"][name]["properties"]
    return fields


def bent(route: Route, fields: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The route's body with one forged field more, on its own floor or in a row of a list in it."""
    for name, value in FORGED.items():
        if name not in fields:
            yield name, {**deepcopy(route.body), name: value}
        for key, inner in route.body.items():
            if isinstance(inner, list) and inner and isinstance(inner[0], dict) and name not in inner[0]:
                body = deepcopy(route.body)
                body[key][0][name] = value
                yield f"{key}.0.{name}", body


def send(desk: ApiClient, place: OrgTree, route: Route, body: dict[str, Any]) -> Any:
    role = route.roles[0]
    edit = {} if route.method == "POST" else {"If-Match": '"1"'}
    headers = desk.headers(HOLDERS.get(role, role.value), **edit)
    return desk.http.open(place.filled(route.called), method=route.method, headers=headers, json=place.filled(body))


def test_a_forged_field_is_refused_by_name_and_changes_no_row(
    desk: ApiClient, place: OrgTree, engine: sa.Engine
) -> None:
    document, tried, wrong = desk.http.get("/api/v1/openapi.json").get_json(), 0, []
    before = kept(engine)
    for route in ROUTES:
        if not route.body:
            continue
        for field, body in bent(route, asked_for(document, route)):
            answer, tried = send(desk, place, route, body), tried + 1
            named = {
                each["values"].get("field") for each in answer.get_json()["reasons"] if each["code"] == "field_wrong"
            }
            if answer.status_code != 422 or field not in named:
                wrong.append(f"{route} {field}: {answer.status_code} {named}")
    print(f"{tried} forged fields in {sum(bool(each.body) for each in ROUTES)} bodies, {len(wrong)} taken or not named")  # noqa: T201
    assert wrong == []
    assert tried > 500
    assert kept(engine) == before


def test_a_forged_answer_to_any_open_action_changes_no_row(desk: ApiClient, place: OrgTree, engine: sa.Engine) -> None:
    """The form of an action is a table of questions; what it does not ask is refused, whoever answers."""
    before, tried = kept(engine), 0
    for role in Role:
        who = HOLDERS.get(role, role.value)
        if role in {Role.AUDITOR, Role.ADMIN}:
            continue
        for choice in desk.get(who, f"/cases/{place.ids['case']}/actions").get_json()["items"]:
            asks = {each["key"] for each in choice["form"]}
            forged = {name: value for name, value in place.filled(FORGED).items() if name not in asks}
            answer = desk.act(who, place.ids["case"], choice["action"], **forged)
            tried += 1
            if choice["open"] or "answer_unknown" in desk.codes(answer):
                assert (answer.status_code, set(desk.codes(answer)) - {"answer_missing"}) == (422, {"answer_unknown"})
                unknown = [each for each in answer.get_json()["reasons"] if each["code"] == "answer_unknown"]
                assert {each["values"]["field"] for each in unknown} == set(forged), (who, choice["action"])
            else:
                told = 409, {each["code"] for each in choice["reasons"]}
                assert (answer.status_code, set(desk.codes(answer))) == told, (who, choice["action"])
    assert tried > 40
    assert kept(engine) == before


def test_a_body_that_was_right_is_taken_once_the_forgery_is_gone(
    desk: ApiClient, place: OrgTree, engine: sa.Engine
) -> None:
    """Else the tests above would pass on bodies that are refused for something else."""
    before = kept(engine)
    taken = [str(route) for route in ROUTES if route.body and send(desk, place, route, route.body).status_code < 300]
    assert len(taken) >= 15, taken
    assert kept(engine) != before
