"""Roles that need a second factor need a session that has shown one, whatever the account was given elsewhere."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.api_client import ApiClient
from tests.service.sign_in_fixtures import browser, desk_app, events_of, refusals, said, with_password
from tests.service.test_passkeys import KEYS, add_passkey, end_passkey, sign_in_with
from tests.sign_in_browser import PASSWORD, SECRET, Browser, add_credentials, one_time_code
from tests.software_passkey import SoftwarePasskey

__all__ = ["browser", "desk_app", "with_password"]
WithPassword = Callable[..., str]


def set_up_codes(browser: Browser, proof: str = PASSWORD, at: datetime | None = None) -> tuple[Any, str]:
    """Set up the authenticator that the page offers; return the response and the secret."""
    browser.get("/account/keys")
    secret = browser.page.partition('class="secret">')[2].partition("<")[0]
    sealed = browser.page.partition('name="sealed" value="')[2].partition('"')[0]
    form = {"sealed": sealed, "code": one_time_code(at, secret=secret), "proof": proof}
    return browser.post("/account/keys/totp", form), secret


@pytest.mark.parametrize("by_code", [True, False], ids=["codes", "passkey"])
def test_session_begun_with_the_password_stays_without_roles_when_a_factor_is_set_up_elsewhere(
    browser: Browser, desk_app: Flask, with_password: WithPassword, by_code: bool
) -> None:
    """Why: whoever has the password alone would only have to wait in their session."""
    login, waiting = with_password("approver_1"), Browser(desk_app.test_client())
    waiting.sign_in(login)
    browser.sign_in(login)
    if by_code:
        assert set_up_codes(browser)[0].status_code == 200
    else:
        assert add_passkey(browser, SoftwarePasskey()).status_code == 303
    assert browser.get("/cases").status_code == 200, "the factor was shown in this session"
    before = refusals("role_missing")
    assert said(waiting.get("/cases")) == (403, "role_missing")
    assert refusals("role_missing") == before + 1
    assert "这次登录没有用第二步" in waiting.get("/account/keys").text


def test_session_begun_with_the_password_cannot_raise_itself_where_there_is_a_passkey(
    browser: Browser, desk_app: Flask, with_password: WithPassword
) -> None:
    login, waiting, own = with_password("approver_1"), Browser(desk_app.test_client()), SoftwarePasskey()
    waiting.sign_in(login)
    waiting.get("/account/keys")
    options = waiting.post(f"{KEYS}/challenge", {"proof": PASSWORD}).get_json()
    browser.sign_in(login)
    assert add_passkey(browser, SoftwarePasskey()).status_code == 303
    before = refusals("second_factor_first")
    assert said(waiting.post(KEYS, {"label": "x", "answer": own.made(options)})) == (409, "second_factor_first")
    assert said(waiting.post(f"{KEYS}/challenge", {"proof": PASSWORD})) == (409, "second_factor_first")
    assert said(set_up_codes(waiting)[0]) == (409, "second_factor_first")
    assert refusals("second_factor_first") == before + 3
    assert said(waiting.get("/cases")) == (403, "role_missing")
    assert set_up_codes(browser)[0].status_code == 200, "a session that has shown the passkey may"


def test_code_shown_in_a_session_begun_with_the_password_raises_it(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login = with_password("approver_1")
    browser.sign_in(login)
    with engine.begin() as conn:
        add_credentials(conn, desk.office, "approver_1", password=False, totp=True)
    assert said(browser.get("/cases")) == (403, "role_missing")
    browser.get("/account/keys")
    assert browser.post("/account/keys/recovery-codes", {"proof": one_time_code(secret=SECRET)}).status_code == 200
    assert browser.get("/cases").status_code == 200


def test_session_begun_with_a_passkey_has_every_role(
    browser: Browser, desk_app: Flask, with_password: WithPassword
) -> None:
    key = SoftwarePasskey()
    browser.sign_in(with_password("approver_1"))
    add_passkey(browser, key)
    other = Browser(desk_app.test_client())
    assert sign_in_with(other, key).status_code == 303
    assert other.get("/cases").status_code == 200


def test_passkey_is_ended_with_a_proof_alone(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    """Why: whoever finds a browser open must not take its owner's second factor away."""
    browser.sign_in(with_password("registrar"))
    add_passkey(browser, SoftwarePasskey())
    before = refusals("proof_missing"), refusals("proof_wrong")
    assert said(end_passkey(browser, "")) == (409, "proof_missing")
    assert said(end_passkey(browser, "wrong")) == (409, "proof_wrong")
    assert (refusals("proof_missing"), refusals("proof_wrong")) == (before[0] + 1, before[1] + 1)
    assert end_passkey(browser, PASSWORD).status_code == 303
    actions = ["sign_in", "add_passkey", "sign_in_failed", "remove_passkey"]
    assert events_of(engine, desk.office.people["registrar"]) == actions


def test_end_of_the_last_second_factor_closes_its_roles_in_every_session(
    browser: Browser, desk_app: Flask, with_password: WithPassword
) -> None:
    """Why: an account without a second factor proves its acts with the password alone."""
    key, other = SoftwarePasskey(), Browser(desk_app.test_client())
    browser.sign_in(with_password("approver_1"))
    add_passkey(browser, key)
    add_passkey(browser, SoftwarePasskey())
    sign_in_with(other, key)
    assert end_passkey(browser, PASSWORD).status_code == 303
    assert [each.get("/cases").status_code for each in (browser, other)] == [200, 200], "one passkey is left"
    assert end_passkey(browser, PASSWORD).status_code == 303
    before = refusals("role_missing")
    assert [said(each.get("/cases")) for each in (browser, other)] == [(403, "role_missing")] * 2
    assert refusals("role_missing") == before + 2
