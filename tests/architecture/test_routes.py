"""Tests that every route declares its roles, is mounted and is documented."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask_smorest import Blueprint
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service import api, app
from service.api import openapi
from service.http import auth
from service.i18n.notification_text import render
from tests.api_client import serving
from tests.architecture.source import listed
from tests.page_client import page_refusal

NOBODY = "postgresql://nobody@127.0.0.1:9/nothing"
"""An address without a server: a connection while the app is created would fail."""

PAGES = "web."
"""How the endpoints of pages begin."""


@pytest.fixture(scope="module")
def flask_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield the app without a database."""
    with serving(NOBODY, tmp_path_factory.mktemp("var")) as created:
        yield created


def test_route_declares_its_roles(flask_app: Flask) -> None:
    """Why: a route without declared roles would be open to everybody."""
    assert auth.unguarded_routes(flask_app) == []
    assert len(flask_app.view_functions) > len(api.BLUEPRINTS)


def test_route_without_token_is_in_the_short_list(flask_app: Flask) -> None:
    """Why: access without a token is a decision about families' data, which is made here for each route."""
    open_to_all = {name for name, view in flask_app.view_functions.items() if getattr(view, "needs", None) == ()}
    documents = {"openapi_json", "docs", "healthz", "health.healthz", "readyz", "health.readyz"}
    assert open_to_all <= documents | {"web.sessions.choose_language"}


def test_route_without_roles_prevents_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Why: a forgotten declaration must be noticed before the route is served."""
    forgetful = Blueprint("forgetful", __name__)

    def forgotten() -> str:
        return "families"

    forgetful.get("/forgotten")(forgotten)
    monkeypatch.setattr(app, "BLUEPRINTS", (*api.BLUEPRINTS, forgetful))
    with pytest.raises(app.UnguardedRoute, match=r"forgetful\.forgotten"), serving(NOBODY, tmp_path):
        pass


def test_blueprint_of_the_api_is_mounted(flask_app: Flask) -> None:
    """Why: routes of an unlisted blueprint are neither served nor checked."""
    folder = Path(api.__file__).parent
    with_blueprint = {path.stem for path in folder.glob("*.py") if " = Blueprint(" in path.read_text(encoding="utf-8")}
    mounted = {blueprint.import_name.rpartition(".")[2] for blueprint in flask_app.blueprints.values()}
    assert with_blueprint <= mounted


def test_route_is_in_the_openapi_document(flask_app: Flask) -> None:
    """Why: a route missing in the OpenAPI document cannot be used, fuzzed or reviewed."""
    spec = flask_app.test_client().get(f"{openapi.PREFIX}/openapi.json").get_json()
    documented = {(path, method) for path, item in spec["paths"].items() for method in item if method != "parameters"}
    routes = {
        (_braces(rule.rule), method.lower())
        for rule in flask_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.partition(".")[0] in {blueprint.name for blueprint in api.BLUEPRINTS}
    }
    assert routes == documented, listed(routes ^ documented)


def test_unknown_query_parameter_is_refused_on_every_route(flask_app: Flask) -> None:
    """Why: `GET /households?name=张` was ignored, and its reader took the whole list for the answer."""
    spec = flask_app.test_client().get(f"{openapi.PREFIX}/openapi.json").get_json()
    for rule in api_rules(flask_app):
        path = re.sub(r"<[^>]*>", _example, rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = flask_app.test_client().open(f"{path}?made_up=1&from=2025-01-01", method=method)
            reasons = {each["values"]["field"]: each for each in _reasons_of(answer)}
            operation = spec["paths"].get(_braces(rule.rule), {}).get(method.lower(), {})
            known = sorted(each["name"] for each in operation.get("parameters", ()) if each.get("in") == "query")
            known = ["for"] if rule.endpoint == "readyz" else known
            assert (answer.status_code, reasons["made_up"]["code"]) == (422, "parameter_unknown"), f"{method} {path}"
            assert reasons["made_up"]["values"] == {"field": "made_up", "known": known}, f"{method} {path}"
            assert ("from" in reasons) == ("from" not in known), f"{method} {path}"


def test_unknown_query_parameter_is_refused_on_every_page(flask_app: Flask) -> None:
    """Why: a filter with a letter too many must not show the whole list."""
    for rule in page_rules(flask_app):
        path = re.sub(r"<[^>]*>", _example, rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = flask_app.test_client().open(f"{path}?made_up=1", method=method)
            assert page_refusal(answer) == (422, "parameter_unknown"), f"{method} {path}"
            assert "made_up" in answer.get_data(as_text=True), f"{method} {path}"


def page_rules(flask_app: Flask) -> list[Rule]:
    """Return the routes of the pages; tests/architecture/test_pages.py asks more of them."""
    return [rule for rule in flask_app.url_map.iter_rules() if rule.endpoint.startswith(PAGES)]


def api_rules(flask_app: Flask) -> list[Rule]:
    """Return the routes that programs call: all but pages and static files."""
    others = ("static", PAGES)
    return [rule for rule in flask_app.url_map.iter_rules() if not rule.endpoint.startswith(others)]


def _example(part: re.Match[str]) -> str:
    """Return a value for a part of an address."""
    if "any(" in part[0]:
        return part[0].partition("(")[2].partition(",")[0].rstrip(")")
    return str(uuid4()) if "uuid" in part[0] else "7" if "int" in part[0] else "nothing"


def _reasons_of(answer: TestResponse) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = answer.get_json()["reasons"]
    return reasons


def test_body_of_a_public_route_is_refused(flask_app: Flask) -> None:
    """Why: what is not read is not answered as if it were."""
    public = ("/healthz", f"{openapi.PREFIX}/openapi.json", f"{openapi.PREFIX}/docs", "/readyz")
    for path in public:
        answer = flask_app.test_client().get(path, json={"made_up": 1})
        (reason,) = answer.get_json()["reasons"]
        assert (answer.status_code, reason["code"]) == (422, "field_unknown"), path
        assert reason["values"] == {"field": "made_up", "known": []}, path


def _braces(rule: str) -> str:
    """Return a rule in OpenAPI notation: `/cases/<uuid:case_id>` → `/cases/{case_id}`."""
    return "".join(
        part if i == 0 else "{" + part.split(":")[-1].replace(">", "}", 1) for i, part in enumerate(rule.split("<"))
    )


def test_address_in_a_notification_is_a_route(flask_app: Flask) -> None:
    """Why: a link in a notification must lead to a page."""
    case_id = uuid4()
    text = render("approval_due", "staff", "zh_CN", case_no="HA2025-000001", case_id=case_id)
    address = next(word for word in re.split(r"[\s：]", text.body) if word.endswith(str(case_id)))
    endpoint, _ = flask_app.url_map.bind("127.0.0.1").match(address, method="GET")
    assert endpoint == "web.cases.show_case"


def test_every_post_is_done_once_for_each_key(flask_app: Flask) -> None:
    """Why: a double click or a repeated request must not pay twice."""
    posts = [rule for rule in api_rules(flask_app) if "POST" in (rule.methods or ())]
    views = {rule.endpoint: flask_app.view_functions[rule.endpoint] for rule in posts}
    assert posts
    # Whoever accepts an invitation has no account yet; a code is used once.
    by_invitation = {"accounts.accept_invitation"}
    assert {name for name, view in views.items() if not hasattr(view, "idempotent")} == by_invitation
