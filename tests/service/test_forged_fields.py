"""Fields that a route does not declare are refused by name and change nothing."""

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
from tests.service.test_permissions import HOLDERS, PHOTO
from workflows.vocabulary import Role

UNEXPECTED: dict[str, Any] = {
    "id": "00000000-0000-7000-8000-000000000000", "state": "payment", "phase": "disbursement", "version": 99, "seq": 99,
    "tier": 3, "amount": "9999.00", "award": "9999.00", "award_fen": 999900, "requested_fen": 1, "outstanding_fen": 0,
    "actor": "{bystander}", "actor_id": "{bystander}", "account_id": "{bystander}", "caller": "{bystander}",
    "unit": "{unit}", "unit_id": "{unit}", "unit_path": "/", "programme": "tuition", "fund": "{fund}", "fund_id": "{fund}",
    "policy_set_id": "{policy_set}", "case_no": "HA2025-000001", "created_at": "2020-01-01T00:00:00Z", "on": "2020-01-01",
    "active": True, "available_fen": 1, "body": "{{}}", "hash": "00", "request": "x", "__class__": "Case",
}  # fmt: skip


@pytest.fixture
def tree(engine: sa.Engine) -> OrgTree:
    with engine.begin() as conn:
        tree = build(conn)
    tree.ids.update({f"{name}_id": value for name, value in tree.ids.items()})
    return tree


@pytest.fixture
def client(database_url: str, tmp_path: Path, tree: OrgTree) -> Iterator[ApiClient]:
    with serving(database_url, tmp_path) as app:
        yield ApiClient(app.test_client(), tree.offices["own"], TODAY)


def table_digests(engine: sa.Engine) -> dict[str, str]:
    """Return a digest of the rows of each table."""
    rows = "SELECT md5(coalesce(string_agg(row::text, ' ' ORDER BY row::text), '')) FROM \"{}\" AS row"
    with engine.connect() as conn:
        return {name: str(conn.scalar(sa.text(rows.format(name)))) for name in METADATA.tables}


def declared_fields(document: dict[str, Any], route: Route) -> dict[str, Any]:
    """Return the fields that the OpenAPI document declares for a route."""
    rule = route.rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}")
    content = document["paths"][f"/api/v1{rule}"][route.method.lower()]["requestBody"]["content"]
    [of_body] = content.values()
    name = of_body["schema"]["$ref"].rpartition("/")[2]
    fields: dict[str, Any] = document["components"]["schemas"][name]["properties"]
    return fields


def bodies_with_unexpected_field(route: Route, fields: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the route's body with one undeclared field more, at the top level or in a row of a list in it."""
    for name, value in UNEXPECTED.items():
        if name not in fields:
            yield name, {**deepcopy(route.body), name: value}
        for key, inner in route.body.items():
            if isinstance(inner, list) and inner and isinstance(inner[0], dict) and name not in inner[0]:
                body = deepcopy(route.body)
                body[key][0][name] = value
                yield f"{key}.0.{name}", body


def send(client: ApiClient, tree: OrgTree, route: Route, body: dict[str, Any]) -> Any:
    login, path = HOLDERS.get(route.roles[0], route.roles[0].value), tree.filled(route.called)
    if route.takes_files:
        fields = {name: str(value) for name, value in tree.filled(body).items()}
        return client.send_files(login, path, ("照片.jpg", PHOTO), **fields)
    edit = {} if route.method == "POST" else {"If-Match": '"1"'}
    headers = client.headers(login, **edit)
    return client.http.open(path, method=route.method, headers=headers, json=tree.filled(body))


def test_undeclared_field_is_refused_by_name_and_changes_no_row(
    client: ApiClient, tree: OrgTree, engine: sa.Engine
) -> None:
    document, count, failures = client.http.get("/api/v1/openapi.json").get_json(), 0, []
    before = table_digests(engine)
    for route in ROUTES:
        if not route.body:
            continue
        for field, body in bodies_with_unexpected_field(route, declared_fields(document, route)):
            answer, count = send(client, tree, route, body), count + 1
            named = {
                each["values"].get("field") for each in answer.get_json()["reasons"] if each["code"] == "field_unknown"
            }
            if answer.status_code != 422 or field not in named:
                failures.append(f"{route} {field}: {answer.status_code} {named}")
    bodies = sum(bool(each.body) for each in ROUTES)
    print(f"{count} undeclared fields in {bodies} bodies, {len(failures)} taken or not named")  # noqa: T201
    assert failures == []
    assert count > 500
    assert table_digests(engine) == before


def test_undeclared_answer_to_any_action_is_refused_and_changes_no_row(
    client: ApiClient, tree: OrgTree, engine: sa.Engine
) -> None:
    """The form of an action is a table of fields; an answer to any other field is refused for every role."""
    before, count = table_digests(engine), 0
    for role in Role:
        login = HOLDERS.get(role, role.value)
        if role in {Role.AUDITOR, Role.ADMIN}:
            continue
        for action in client.get(login, f"/cases/{tree.ids['case']}/actions").get_json()["items"]:
            form_keys = {each["key"] for each in action["form"]}
            unexpected_answers = {
                name: value for name, value in tree.filled(UNEXPECTED).items() if name not in form_keys
            }
            answer = client.act(login, tree.ids["case"], action["action"], **unexpected_answers)
            count += 1
            if action["open"] or "answer_unknown" in client.codes(answer):
                assert (answer.status_code, set(client.codes(answer)) - {"answer_missing"}) == (422, {"answer_unknown"})
                unknown = [each for each in answer.get_json()["reasons"] if each["code"] == "answer_unknown"]
                assert {each["values"]["field"] for each in unknown} == set(unexpected_answers), (
                    login,
                    action["action"],
                )
            else:
                expected = 409, {each["code"] for each in action["reasons"]}
                assert (answer.status_code, set(client.codes(answer))) == expected, (login, action["action"])
    assert count > 40
    assert table_digests(engine) == before


def test_body_without_the_undeclared_field_is_accepted(client: ApiClient, tree: OrgTree, engine: sa.Engine) -> None:
    """Why: the tests above must not pass because the body is refused for another reason."""
    before = table_digests(engine)
    accepted = [
        str(route) for route in ROUTES if route.body and send(client, tree, route, route.body).status_code < 300
    ]
    assert len(accepted) >= 15, accepted
    assert table_digests(engine) != before
