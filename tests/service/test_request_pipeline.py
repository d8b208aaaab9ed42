"""The request pipeline serves pages as it serves JSON: session cookie, CSRF token, key and version in the form."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, redirect, request
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from service.actions import households
from service.actions.cases import take_action
from service.app import create_app
from service.config import read_settings
from service.http.auth import EVERYONE, requires_role
from service.http.context import action_context, caller
from service.http.csrf import masked
from service.http.etags import version_read
from service.http.idempotency import idempotent
from service.http.sessions import Session
from service.http.transaction import connection
from service.observability import metrics
from service.queries import accounts
from service.tables.households import household
from tests.api_client import NO_RATES, ApiClient
from tests.factories import RING
from tests.lives import start

CSRF = "csrf-token-of-the-session"


@dataclass
class KnownSessions:
    """A session store: the logins of cookies, whose grants are read with every request."""

    logins: dict[bytes, str] = field(default_factory=dict)
    second_factor = True

    def find(self, conn: sa.Connection, token_hash: bytes, _at: datetime, on: date) -> Session | None:
        login = self.logins.get(token_hash)
        found = accounts.caller_by_login(conn, login, on) if login else None
        return Session(uuid4(), found, CSRF) if found else None


@dataclass
class Browser:
    """A browser signed in as one person, with the fields a form of theirs carries."""

    http: FlaskClient
    day: date

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Any:
        form = {"_csrf": masked(CSRF), "_key": uuid4().hex, **(fields or {})}
        return self.http.post(path, data=form, headers={"X-Songnuan-Date": f"{self.day}T09:30:00+08:00", **headers})


def add_pages(app: Flask) -> None:
    """Three pages as the desk will have them."""

    @app.get("/me")
    @requires_role(*EVERYONE)
    def me() -> str:
        return caller().login

    @app.post("/cases/<uuid:case_id>/submit")
    @requires_role(*EVERYONE)
    @idempotent
    def submit(case_id: UUID) -> Response:
        step = take_action(connection(), case_id, "submit", {}, action_context(version_read(required=False)))
        return redirect(f"/cases/{case_id}?version={step.version}", 303)

    @app.post("/households/<uuid:household_id>")
    @requires_role(*EVERYONE)
    @idempotent
    def edit(household_id: UUID) -> str:
        context = action_context(version_read(required=True))
        households.edit_household(connection(), household_id, {"cause": request.form["cause"]}, context)
        return "done"


@pytest.fixture
def app(desk: ApiClient, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A web process with pages and a session store, beside the JSON API."""
    keys = ",".join(f"{number}:{secret.hex()}" for number, secret in RING.keys.items())
    environ = {
        **NO_RATES,
        "DATABASE_URL": database_url,
        "SONGNUAN_VAR": str(tmp_path),
        "SONGNUAN_DEMO_CLOCK": "1",
        "KEYRING": keys,
    }
    login = desk.office.login("registrar")
    made = create_app(read_settings(environ), KnownSessions({sha256(b"cookie-of-registrar").digest(): login}))
    add_pages(made)
    yield made
    made.extensions["songnuan"].engine.dispose()


@pytest.fixture
def browser(app: Flask, desk: ApiClient) -> Browser:
    http = app.test_client()
    http.set_cookie("songnuan", "cookie-of-registrar")
    return Browser(http, desk.today)


def counted(code: str) -> float:
    value: float = metrics.REFUSALS.labels(code)._value.get()
    return value


def refused(response: Any, code: str, before: float) -> int:
    """Return the status of a refusal on a page, which counts its reason and shows no problem document."""
    assert counted(code) == before + 1
    assert response.mimetype == "text/html"
    status: int = response.status_code
    return status


def test_session_cookie_signs_in_on_a_page_and_never_under_the_api(browser: Browser, desk: ApiClient) -> None:
    assert browser.http.get("/me").text == desk.office.login("registrar")
    response = browser.http.get("/api/v1/me")
    assert (response.status_code, desk.codes(response)) == (401, ["token_missing"])


def test_bearer_token_is_not_accepted_on_a_page(app: Flask, desk: ApiClient) -> None:
    before = counted("session_missing")
    response = app.test_client().get("/me", headers=desk.headers("registrar"))
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in?next=%2Fme")
    assert counted("session_missing") == before + 1


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"_csrf": "forged"}, {}),
        ({"_csrf": ""}, {}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Origin": "https://elsewhere.example"}),
    ],
)
def test_form_from_another_site_is_refused_and_changes_nothing(
    browser: Browser, desk: ApiClient, engine: sa.Engine, fields: dict[str, str], headers: dict[str, str]
) -> None:
    life, before = start(desk, engine, "hardship", "LIV", {}), counted("csrf_invalid")
    response = browser.post(f"/cases/{life.case_id}/submit", fields, **headers)
    assert refused(response, "csrf_invalid", before) == 403
    assert desk.get("registrar", f"/cases/{life.case_id}").get_json()["state"] == "draft"


def test_form_posted_twice_is_taken_once_and_answered_alike(
    browser: Browser, desk: ApiClient, engine: sa.Engine
) -> None:
    life, key = start(desk, engine, "hardship", "LIV", {}), uuid4().hex
    first, second = (browser.post(f"/cases/{life.case_id}/submit", {"_key": key}) for _ in range(2))
    assert (first.status_code, first.headers["Location"]) == (303, second.headers["Location"])
    assert second.headers["Idempotency-Replayed"] == "true"
    assert desk.get("registrar", f"/cases/{life.case_id}").get_json()["version"] == 2


def test_form_without_a_key_is_refused(browser: Browser, desk: ApiClient, engine: sa.Engine) -> None:
    life, before = start(desk, engine, "hardship", "LIV", {}), counted("idempotency_key_missing")
    response = browser.post(f"/cases/{life.case_id}/submit", {"_key": ""})
    assert refused(response, "idempotency_key_missing", before) == 400


def test_step_taken_on_a_page_is_counted_once_it_is_committed(
    browser: Browser, desk: ApiClient, engine: sa.Engine
) -> None:
    life, steps = start(desk, engine, "hardship", "LIV", {}), metrics.STEPS.labels("hardship", "submit")
    before = steps._value.get()
    assert browser.post(f"/cases/{life.case_id}/submit").status_code == 303
    browser.post(f"/cases/{life.case_id}/submit")
    assert steps._value.get() == before + 1


def test_refusal_on_a_page_is_a_page_with_the_reason_in_words(
    browser: Browser, desk: ApiClient, engine: sa.Engine
) -> None:
    life, before = start(desk, engine, "hardship", "LIV", {}), counted("wrong_state")
    browser.post(f"/cases/{life.case_id}/submit")
    response = browser.post(f"/cases/{life.case_id}/submit")
    assert refused(response, "wrong_state", before) == 409
    assert '<html lang="zh-CN">' in response.text
    assert "wrong_state" not in response.text


@pytest.mark.parametrize(
    ("version", "code", "status"), [("9", "stale", 412), ("", "if_match_unreadable", 428), ("1", "", 200)]
)
def test_form_names_the_version_it_shows(
    browser: Browser, desk: ApiClient, engine: sa.Engine, version: str, code: str, status: int
) -> None:
    life = start(desk, engine, "hardship", "LIV", {})
    before = counted(code) if code else 0.0
    response = browser.post(f"/households/{life.family.household_id}", {"cause": "disaster", "_version": version})
    if code:
        assert refused(response, code, before) == status
    with engine.connect() as conn:
        cause = conn.scalars(sa.select(household.c.cause).where(household.c.id == life.family.household_id)).one()
    assert (cause == "disaster") == (not code)


def test_form_with_a_character_that_cannot_be_stored_is_refused(
    browser: Browser, desk: ApiClient, engine: sa.Engine
) -> None:
    life, before = start(desk, engine, "hardship", "LIV", {}), counted("form_unreadable")
    response = browser.post(f"/households/{life.family.household_id}", {"cause": "a\0b", "_version": "1"})
    assert refused(response, "form_unreadable", before) == 400


def test_json_body_on_a_page_carries_no_csrf_token_and_is_refused(browser: Browser) -> None:
    before = counted("csrf_invalid")
    response = browser.http.post("/cases/00000000-0000-0000-0000-000000000000/submit", json={"_csrf": CSRF})
    assert refused(response, "csrf_invalid", before) == 403
