"""Sessions of browsers: how long they live, what ends them, and that nothing else opens a page or the API."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.http.csrf import masked
from service.observability import metrics
from service.tables.sessions import session
from tests.api_client import ApiClient, refusal
from tests.factories import Organisation, instant_of
from tests.service.sign_in_fixtures import browser, desk_app, desk_serving, events_of, refusals, said, with_password
from tests.sign_in_browser import PASSWORD, Browser
from workflows.vocabulary import Role

__all__ = ["browser", "desk_app", "with_password"]
WithPassword = Callable[..., str]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CSRF = "token-of-the-form"


def session_row(
    conn: sa.Connection, organisation: Organisation, staff_name: str, age: timedelta, idle: timedelta
) -> str:
    """Write a session as a sign-in of some time ago did; return the token of its cookie."""
    token, now, batch = secrets.token_urlsafe(32), datetime.now(UTC), WriteBatch()
    dates = {"created_at": now - age, "ends_at": now - age + 12 * HOUR, "last_seen_at": now - idle}
    columns = {"token_hash": sha256(token.encode()).digest(), "csrf_token": CSRF, "label": "test", "network": "here"}
    batch.add(session, {"id": new_id(), "account_id": organisation.people[staff_name], **columns, **dates})
    instant_of(conn, organisation, "account", organisation.people[staff_name], batch)
    return token


def with_cookie(app: Flask, token: str) -> Browser:
    browser = Browser(app.test_client())
    browser.http.set_cookie("songnuan", token)
    return browser


@pytest.mark.parametrize(
    ("age", "idle", "lives"),
    [
        (HOUR, 29 * MINUTE, True),
        (HOUR, 31 * MINUTE, False),
        (12 * HOUR - MINUTE, MINUTE, True),
        (12 * HOUR + MINUTE, MINUTE, False),
    ],
)
def test_session_ends_after_half_an_hour_without_a_request_and_after_twelve_hours(
    desk_app: Flask, desk: ApiClient, engine: sa.Engine, age: timedelta, idle: timedelta, lives: bool
) -> None:
    with engine.begin() as conn:
        token = session_row(conn, desk.office, "registrar", age, idle)
    assert (with_cookie(desk_app, token).get("/inbox").status_code == 200) is lives


def test_request_keeps_a_session_alive(desk_app: Flask, desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        token = session_row(conn, desk.office, "registrar", HOUR, 29 * MINUTE)
    with_cookie(desk_app, token).get("/inbox")
    with engine.connect() as conn:
        own = session.c.token_hash == sha256(token.encode()).digest()
        seen = conn.scalar(sa.select(session.c.last_seen_at).where(own))
    assert seen is not None
    assert datetime.now(UTC) - seen < MINUTE


def test_fourth_session_ends_the_oldest(desk_app: Flask, with_password: WithPassword) -> None:
    login = with_password("registrar")
    browsers = [Browser(desk_app.test_client()) for _ in range(4)]
    for each in browsers:
        each.sign_in(login)
    assert [each.get("/inbox").status_code for each in browsers] == [303, 200, 200, 200]


def test_session_ended_elsewhere_is_out_at_its_next_request(
    browser: Browser, desk_app: Flask, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login, lost = with_password("registrar"), Browser(desk_app.test_client())
    lost.sign_in(login)
    browser.sign_in(login)
    page = browser.get("/account/sessions").text
    [ended] = re.findall(r'action="(/account/sessions/[^"]*/end)"', page)
    assert browser.post(ended).status_code == 303
    assert lost.get("/inbox").status_code == 303
    assert browser.get("/inbox").status_code == 200
    assert events_of(engine, desk.office.people["registrar"])[-1] == "end_session"


def test_session_of_another_person_cannot_be_ended(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    with engine.begin() as conn:
        session_row(conn, desk.office, "visitor_1", MINUTE, MINUTE)
        own = session.c.account_id == desk.office.people["visitor_1"]
        other = conn.scalar(sa.select(session.c.id).where(own))
    browser.sign_in(with_password("registrar"))
    browser.get("/account/sessions")
    before = refusals("not_found")
    assert said(browser.post(f"/account/sessions/{other}/end")) == (404, "not_found")
    assert refusals("not_found") == before + 1


@pytest.mark.parametrize("second", ["registrar", "visitor_1"])
def test_sign_in_ends_the_older_session_of_the_same_browser(
    browser: Browser, desk_app: Flask, desk: ApiClient, engine: sa.Engine, with_password: WithPassword, second: str
) -> None:
    """Why: a copy of the older cookie would go on for half an hour, and nobody would look for it."""
    logins = {name: with_password(name) for name in {"registrar", second}}
    browser.sign_in(logins["registrar"])
    kept = browser.cookie() or ""
    browser.sign_in(logins[second])
    assert browser.get("/inbox").status_code == 200
    assert with_cookie(desk_app, kept).get("/inbox").status_code == 303
    own = ["sign_in"] if second == "registrar" else []
    assert events_of(engine, desk.office.people["registrar"]) == ["sign_in", "end_session", *own]


def test_sign_out_ends_the_session_and_not_the_cookie_alone(
    browser: Browser, desk_app: Flask, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    browser.sign_in(with_password("registrar"))
    kept = browser.cookie() or ""
    browser.get("/inbox")
    assert browser.post("/sign-out").headers["Location"] == "/sign-in"
    assert browser.cookie() is None
    assert with_cookie(desk_app, kept).get("/inbox").status_code == 303
    assert events_of(engine, desk.office.people["registrar"]) == ["sign_in", "sign_out"]


def test_account_that_is_ended_is_out_at_once(browser: Browser, desk: ApiClient, with_password: WithPassword) -> None:
    browser.sign_in(with_password("registrar"))
    ended = desk.post("admin", f"/accounts/{desk.office.people['registrar']}/end", {"reason": "调离"})
    assert ended.status_code in {200, 204}, ended.get_json()
    assert browser.get("/inbox").status_code == 303
    before = refusals("sign_in_wrong")
    assert said(browser.sign_in(desk.office.login("registrar"))) == (422, "sign_in_wrong")
    assert refusals("sign_in_wrong") == before + 1


def test_role_that_is_revoked_is_gone_at_the_next_request(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    browser.sign_in(with_password("registrar"))
    assert browser.get("/cases").status_code == 200
    with engine.begin() as conn:
        conn.execute(
            sa.text("UPDATE role_grant SET revoked_on = '2020-02-02' WHERE account_id = :id"),
            {"id": desk.office.people["registrar"]},
        )
    before = refusals("role_missing")
    assert said(browser.get("/cases")) == (403, "role_missing")
    assert refusals("role_missing") == before + 1


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"_csrf": ""}, {}),
        ({"_csrf": "forged"}, {}),
        ({"_csrf": masked("another-token")}, {}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
        ({}, {"Origin": "https://elsewhere.example"}),
    ],
)
def test_form_of_another_site_is_refused_signed_in_or_not(
    browser: Browser, with_password: WithPassword, fields: dict[str, str], headers: dict[str, str]
) -> None:
    login = with_password("registrar")
    before = refusals("csrf_invalid")
    browser.get("/sign-in")
    refused = browser.post("/sign-in", {"login": login, "password": PASSWORD, **fields}, **headers)
    assert said(refused) == (403, "csrf_invalid")
    assert browser.cookie() is None
    browser.sign_in(login)
    browser.get("/inbox")
    assert said(browser.post("/sign-out", fields, **headers)) == (403, "csrf_invalid")
    assert refusals("csrf_invalid") == before + 2
    assert browser.get("/inbox").status_code == 200


def test_cookie_opens_no_route_of_the_api_and_a_token_no_page(
    desk_app: Flask, desk: ApiClient, engine: sa.Engine
) -> None:
    """Why: a cookie goes along with requests of other sites, and a token has no second factor."""
    with engine.begin() as conn:
        browser = with_cookie(desk_app, session_row(conn, desk.office, "registrar", MINUTE, MINUTE))
    assert browser.get("/inbox").status_code == 200
    tried = 0
    for method, path, needs in _guarded_routes(desk_app):
        form = {"_csrf": masked(CSRF), "_key": uuid4().hex} if method != "GET" else None
        if path.startswith("/api/"):
            answer = browser.http.open(path, method=method, data=form)
            assert refusal(answer) == (401, ["token_missing"]), f"{method} {path}"
        else:
            bearer = {"Authorization": f"Bearer {desk.office.tokens['registrar']}"}
            answer = desk_app.test_client().open(path, method=method, data=form, headers=bearer)
            assert answer.headers.get("Location", "").startswith("/sign-in"), f"{method} {path} {needs}"
        tried += 1
    assert tried > 100


def _guarded_routes(app: Flask) -> list[tuple[str, str, Any]]:
    """Return the method and a path of every route that names roles."""
    routes = []
    for rule in app.url_map.iter_rules():
        needs = getattr(app.view_functions[rule.endpoint], "needs", ())
        if needs and isinstance(needs[0], Role):
            path = re.sub(r"<[^>]*>", lambda part: _example(part[0]), rule.rule)
            routes += [(method, path, needs) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return routes


def _example(part: str) -> str:
    choice = re.search(r"any\(([a-z_]+)", part)
    return choice[1] if choice else str(UUID(int=7)) if "uuid" in part else "7" if "int" in part else "nothing"


def test_guesses_are_refused_before_anything_is_hashed(
    database_url: str, tmp_path: Path, with_password: WithPassword
) -> None:
    """Why: each hash takes 64 MiB and a tenth of a second, so guesses would be an attack on the memory."""
    login, hashes = with_password("registrar"), metrics.PASSWORD_CHECKS._value
    with desk_serving(database_url, tmp_path, SONGNUAN_RATE_FAILED_TOKENS="3/hour") as app:
        browser = Browser(app.test_client())
        browser.get("/sign-in")
        before, refused = hashes.get(), refusals("too_many_failed_tokens")
        answers = [browser.post("/sign-in", {"login": login, "password": f"guess {each}"}) for each in range(300)]
        statuses = [each.status_code for each in answers]
        assert (statuses, refusals("too_many_failed_tokens")) == ([422] * 3 + [429] * 297, refused + 297)
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert hashes.get() - before == 3
        other = Browser(app.test_client(), address="192.0.2.9")
        assert other.sign_in(login).status_code == 303, "three failures lock nobody out on another network"


def test_cookie_is_sent_over_https_alone_where_public_url_says_so(
    database_url: str, tmp_path: Path, with_password: WithPassword
) -> None:
    login = with_password("registrar")
    with desk_serving(database_url, tmp_path, PUBLIC_URL="https://desk.union.example") as app:
        browser = Browser(app.test_client())
        http = browser.http
        shown = http.get("/sign-in", base_url="https://desk.union.example")
        csrf = shown.text.partition('name="_csrf" value="')[2].partition('"')[0]
        form = {"_csrf": csrf, "login": login, "password": PASSWORD}
        response = http.post("/sign-in", data=form, base_url="https://desk.union.example")
    [cookie] = [each for each in response.headers.getlist("Set-Cookie") if each.startswith("__Host-songnuan=")]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {each.strip() for each in cookie.split(";")}
    assert "Domain" not in cookie
    assert "Secure" in shown.headers["Set-Cookie"]
