"""Every route says who may call it, before the house opens."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask_smorest import Blueprint

from service import api, app
from service.api import openapi
from service.http import auth
from service.i18n.notification_text import render
from tests.api_client import serving
from tests.architecture.source import listed

NOBODY = "postgresql://nobody@127.0.0.1:9/nothing"
"""Port 9 discards: whoever connected while the app is put together would fail here."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The web process, without a database."""
    with serving(NOBODY, tmp_path_factory.mktemp("var")) as made:
        yield made


def test_every_route_names_its_callers(house: Flask) -> None:
    """Why: a route somebody forgot to guard is open to everybody; silence must not mean yes."""
    assert auth.unguarded_routes(house) == []
    assert len(house.view_functions) > len(api.BLUEPRINTS)


def test_what_is_open_to_all_is_a_short_list(house: Flask) -> None:
    """Why: "no token needed" is a decision about families' data; it is made here, by name."""
    open_to_all = {name for name, view in house.view_functions.items() if getattr(view, "needs", None) == ()}
    assert open_to_all <= {"openapi_json", "docs", "healthz", "health.healthz", "readyz", "health.readyz"}


def test_a_route_without_callers_stops_the_house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Why: the check above is worth what it does on the day a route is forgotten."""
    forgetful = Blueprint("forgetful", __name__)

    def forgotten() -> str:
        return "families"

    forgetful.get("/forgotten")(forgotten)
    monkeypatch.setattr(app, "BLUEPRINTS", (*api.BLUEPRINTS, forgetful))
    with pytest.raises(app.UnguardedRoute, match=r"forgetful\.forgotten"), serving(NOBODY, tmp_path):
        pass


def test_every_file_of_the_api_is_mounted(house: Flask) -> None:
    """Why: a noun whose blueprint nobody listed is code that no guard and no document ever sees."""
    folder = Path(api.__file__).parent
    made = {path.stem for path in folder.glob("*.py") if " = Blueprint(" in path.read_text(encoding="utf-8")}
    mounted = {blueprint.import_name.rpartition(".")[2] for blueprint in house.blueprints.values()}
    assert made <= mounted


def test_every_route_stands_in_the_document(house: Flask) -> None:
    """Why: what the OpenAPI document does not tell cannot be used, fuzzed or reviewed."""
    spec = house.test_client().get(f"{openapi.PREFIX}/openapi.json").get_json()
    told = {(path, method) for path, item in spec["paths"].items() for method in item if method != "parameters"}
    kept = {
        (_braces(rule.rule), method.lower())
        for rule in house.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.partition(".")[0] in {blueprint.name for blueprint in api.BLUEPRINTS}
    }
    assert kept == told, listed(kept ^ told)


def _braces(rule: str) -> str:
    """`/cases/<uuid:case_id>` as the document writes it."""
    return "".join(
        part if i == 0 else "{" + part.split(":")[-1].replace(">", "}", 1) for i, part in enumerate(rule.split("<"))
    )


def test_the_address_in_a_notification_is_served(house: Flask) -> None:
    """Why: a notification that names a page nobody built sends its reader nowhere."""
    case_id = uuid4()
    text = render("approval_due", "staff", "zh_CN", case_no="HA2025-000001", case_id=case_id)
    address = next(word for word in re.split(r"[\s：]", text.body) if word.endswith(str(case_id)))
    endpoint, _ = house.url_map.bind("127.0.0.1").match(address, method="GET")
    assert endpoint.startswith("cases.")
