"""The matrix of routes: nobody without a token, no POST without a key, no edit without a version."""

import re
from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from service.api import BLUEPRINTS
from tests.api_client import ApiClient, refusal
from workflows.vocabulary import Role

NEEDS = "needs"
"""Where auth.needs() writes down the roles of a view."""
EDITS = {"PUT", "PATCH", "DELETE"}
WORKERS = {Role.VISITOR: "visitor_1", Role.APPROVER: "approver_1"}
"""Who holds a role in the office of the tests, where it is not called like the role."""


def _routes(app: Flask) -> Iterator[tuple[str, str, tuple[Role, ...]]]:
    """Method, path with ids nobody has, and the roles the view names."""
    names = {blueprint.name for blueprint in BLUEPRINTS}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in names:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, _path(rule), getattr(app.view_functions[rule.endpoint], NEEDS)


def _path(rule: Rule) -> str:
    return re.sub(r"<[^>]*>", lambda part: str(uuid4()) if "uuid" in part[0] else "nothing", rule.rule)


def _who(roles: tuple[Role, ...]) -> str:
    return WORKERS.get(roles[0], roles[0].value)


def _call(desk: ApiClient, method: str, path: str, who: str | None, *, without: str = "", body: Any = None) -> Any:
    headers = desk.headers(who) if who else {}
    headers.pop(without, None)
    return desk.http.open(path, method=method, headers=headers, json=body if method != "GET" else None)


def test_nobody_is_served_without_a_token(desk: ApiClient) -> None:
    """Why: the one line that was forgotten is the one that is found."""
    routes = list(_routes(desk.http.application))
    assert routes
    for method, path, _roles in routes:
        refused = _call(desk, method, path, None, body={})
        assert (refused.status_code, desk.codes(refused)) == (401, ["token_missing"]), f"{method} {path}"


def test_no_role_but_those_named_is_served(desk: ApiClient) -> None:
    """Why: a cashier who can file a household can pay it."""
    routes = list(_routes(desk.http.application))
    assert any(set(Role) - set(roles) for _method, _path, roles in routes)
    for method, path, roles in routes:
        for stranger in set(Role) - set(roles):
            refused = _call(desk, method, path, _who((stranger,)), body={})
            assert (refused.status_code, desk.codes(refused)) == (403, ["role_missing"]), f"{stranger} {method} {path}"


def test_every_post_asks_for_a_key_once_the_caller_is_known(desk: ApiClient) -> None:
    """Why: a double click must not pay twice; and a stranger must not learn what keys look like."""
    posts = [(path, roles) for method, path, roles in _routes(desk.http.application) if method == "POST"]
    assert posts
    for path, roles in posts:
        refused = _call(desk, "POST", path, _who(roles), without="Idempotency-Key", body={})
        assert (refused.status_code, desk.codes(refused)) == (400, ["idempotency_key_missing"]), path


def test_every_edit_asks_which_version_was_read(desk: ApiClient) -> None:
    """Why: two people correct one family; the second must see what the first wrote before writing over it."""
    document = desk.http.get("/api/v1/openapi.json").get_json()
    tried = 0
    for method, path, roles in _routes(desk.http.application):
        if method in EDITS:
            body = _filled(document, method, path)
            refused = _call(desk, method, path, _who(roles), body=body)
            assert (refused.status_code, desk.codes(refused)) == (428, ["if_match_missing"]), f"{method} {path} {body}"
            tried += 1
    assert tried


def _filled(document: dict[str, Any], method: str, path: str) -> Any:
    """The least body the document calls complete."""
    for shape, item in document["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", shape), path) and method.lower() in item:
            content = item[method.lower()].get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            return _example(document, schema) if schema else None
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
    known = {"uuid": str(uuid4()), "date": "2025-03-03", "date-time": "2025-03-03T09:30:00+08:00"}
    plain: dict[str, Any] = {"string": "x", "integer": 1, "boolean": True}
    return known.get(cast(str, schema.get("format")), plain.get(kind if isinstance(kind, str) else kind[0]))


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/nothing", "/"])
def test_a_page_that_is_not_there_is_a_problem_document(desk: ApiClient, path: str) -> None:
    """Why: an error page of the framework names the framework, and helps nobody."""
    missing = desk.http.get(path)
    assert refusal(missing) == (404, ["not_found"])
    assert missing.content_type == "application/problem+json"
