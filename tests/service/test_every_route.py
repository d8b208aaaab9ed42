"""Every route checks the token, role, idempotency key and version it needs."""

import re
from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from service.api import BLUEPRINTS
from service.i18n.reason_messages import message_for
from tests.api_client import ApiClient, refusal
from tests.service.route_table import INVITED
from workflows.vocabulary import Reason, Role

NEEDS = "needs"
"""The attribute in which service/http/auth.py stores the roles of a view."""
EDITS = {"PUT", "PATCH", "DELETE"}
LOGINS = {Role.VISITOR: "visitor_1", Role.APPROVER: "approver_1"}
"""Logins of the test organisation that differ from the name of their role."""


def _routes(app: Flask) -> Iterator[tuple[str, str, tuple[Role, ...]]]:
    """Yield the method, a path with unknown ids, and the roles the view names; no route served by invitation."""
    names = {blueprint.name for blueprint in BLUEPRINTS}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in names and rule.rule not in INVITED:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, _path(rule), getattr(app.view_functions[rule.endpoint], NEEDS)


def _path(rule: Rule) -> str:
    return re.sub(r"<[^>]*>", _unknown, rule.rule)


def _unknown(part: re.Match[str]) -> str:
    return str(uuid4()) if "uuid" in part[0] else "0" if "int" in part[0] else "nothing"


def _login(roles: tuple[Role, ...]) -> str:
    return LOGINS.get(roles[0], roles[0].value)


def _call(client: ApiClient, method: str, path: str, login: str | None, *, without: str = "", body: Any = None) -> Any:
    headers = client.headers(login) if login else {}
    headers.pop(without, None)
    return client.http.open(path, method=method, headers=headers, **_sent(client, method, path, body))


def _sent(client: ApiClient, method: str, path: str, body: Any) -> dict[str, Any]:
    """Return a body as the route takes it: JSON, or a form where files are sent."""
    form = "multipart/form-data"
    if form in _content(client.http.get("/api/v1/openapi.json").get_json(), method, path):
        return {"data": body, "content_type": form}
    return {"json": body if method != "GET" else None}


def test_request_without_a_token_is_refused_on_every_route(client: ApiClient) -> None:
    """Why: a check that is missing on one route is enough for an attacker."""
    routes = list(_routes(client.http.application))
    assert routes
    for method, path, _roles in routes:
        refused = _call(client, method, path, None, body={})
        assert (refused.status_code, client.codes(refused)) == (401, ["token_missing"]), f"{method} {path}"


def test_role_not_named_by_a_route_is_refused(client: ApiClient) -> None:
    """Why: a cashier that can file a household could pay their own invention."""
    routes = list(_routes(client.http.application))
    assert any(set(Role) - set(roles) for _method, _path, roles in routes)
    for method, path, roles in routes:
        for other_role in set(Role) - set(roles):
            refused = _call(client, method, path, _login((other_role,)), body={})
            assert (refused.status_code, client.codes(refused)) == (403, ["role_missing"]), (
                f"{other_role} {method} {path}"
            )


def test_post_without_an_idempotency_key_is_refused_on_every_route(client: ApiClient) -> None:
    """Why: a double click must not pay twice, and an unknown caller must not learn about keys."""
    posts = [(path, roles) for method, path, roles in _routes(client.http.application) if method == "POST"]
    assert posts
    for path, roles in posts:
        refused = _call(client, "POST", path, _login(roles), without="Idempotency-Key", body={})
        assert (refused.status_code, client.codes(refused)) == (400, ["idempotency_key_missing"]), path


def test_edit_without_if_match_is_refused_on_every_route(client: ApiClient) -> None:
    """Why: of two people editing one family, the second must read the first edit before overwriting it."""
    document = client.http.get("/api/v1/openapi.json").get_json()
    tried = 0
    for method, path, roles in _routes(client.http.application):
        if method in EDITS:
            body = _filled(document, method, path)
            refused = _call(client, method, path, _login(roles), body=body)
            assert (refused.status_code, client.codes(refused)) == (428, ["if_match_missing"]), (
                f"{method} {path} {body}"
            )
            tried += 1
    assert tried


def test_unknown_body_field_is_refused_on_every_route(client: ApiClient) -> None:
    """Why: a field that is not read looks as if it were stored."""
    document = client.http.get("/api/v1/openapi.json").get_json()
    for method, path, roles in _routes(client.http.application):
        body = _filled(document, method, path) or {}
        headers = client.headers(_login(roles)) | {"If-Match": '"1"'}
        sent = _sent(client, method, path, {**body, "made_up": 1}) if method != "GET" else {"json": {"made_up": 1}}
        answer = client.http.open(path, method=method, headers=headers, **sent)
        unknown = [each for each in answer.get_json()["reasons"] if each["code"] == "field_unknown"]
        assert (answer.status_code, [each["values"]["field"] for each in unknown]) == (422, ["made_up"]), (
            f"{method} {path}: {answer.get_json()}"
        )
        assert set(unknown[0]["values"]["known"]) >= set(body), f"{method} {path}"


def test_document_says_which_operation_needs_no_token(client: ApiClient) -> None:
    """Why: it asked for a token and a key where none is read; whoever accepts an invitation has no token yet."""
    document = client.http.get("/api/v1/openapi.json").get_json()
    said = {
        path
        for path, methods in document["paths"].items()
        for operation in methods.values()
        if isinstance(operation, dict) and operation.get("security") == []
    }
    assert said == INVITED
    accepted = document["paths"]["/api/v1/invitations/acceptance"]["post"]
    assert "Idempotency-Key" not in {each["name"] for each in accepted.get("parameters", ())}


def test_invitation_needs_no_token_and_its_code_is_checked(client: ApiClient) -> None:
    """Why: whoever accepts an invitation has no token yet."""
    (path,) = INVITED
    form = {"code": "2" * 20, "label": "x"}
    assert refusal(client.http.post(path, json=form)) == (409, ["invitation_unknown"])
    assert refusal(client.http.post(path, json={**form, "made_up": 1})) == (422, ["field_unknown"])


def _filled(document: dict[str, Any], method: str, path: str) -> Any:
    """Return the smallest body that the OpenAPI document calls complete."""
    content = _content(document, method, path)
    schemas = [each["schema"] for each in content.values()]
    return _example(document, schemas[0]) if schemas else None


def _content(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """Return the kinds of body that the OpenAPI document names for a route."""
    for shape, item in document["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", shape), path) and method.lower() in item:
            content: dict[str, Any] = item[method.lower()].get("requestBody", {}).get("content", {})
            return content
    raise LookupError(f"{method} {path} is not in the document")


def _example(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "enum" in schema or "example" in schema:
        return schema.get("example", schema.get("enum", [None])[0])
    kind = schema.get("type", "object")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _example(document, fields[name]) for name in schema.get("required", ())}
    if kind == "array":
        return [_example(document, schema["items"])]
    examples_by_format = {"uuid": str(uuid4()), "date": "2025-03-03", "date-time": "2025-03-03T09:30:00+08:00"}
    examples_by_type: dict[str, Any] = {"string": "x", "integer": 1, "boolean": True}
    return examples_by_format.get(
        cast(str, schema.get("format")), examples_by_type.get(kind if isinstance(kind, str) else kind[0])
    )


def test_unknown_path_of_the_api_returns_a_problem_document(client: ApiClient) -> None:
    """Why: the error page of the framework shows which framework it is, and no way on."""
    missing = client.http.get("/api/v1/nothing")
    assert refusal(missing) == (404, ["not_found"])
    assert missing.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/nothing", "/cases/nothing"])
def test_unknown_page_returns_a_page_in_the_words_of_its_code(client: ApiClient, path: str) -> None:
    """Why: a person reads it, not a program."""
    missing = client.http.get(path)
    words = message_for(Reason.of("not_found", status=404), "zh_CN")
    codes = ["not_found"] if words in missing.text else []
    assert (missing.status_code, codes) == (404, ["not_found"])
    assert missing.mimetype == "text/html"
