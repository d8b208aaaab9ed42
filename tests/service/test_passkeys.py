"""Passkeys: made by their owner, used to sign in, once for each challenge, also while the account is locked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.passkeys import MAX_KEYS
from tests.api_client import ApiClient
from tests.service.sign_in_fixtures import browser, desk_app, desk_serving, events_of, refusals, said, with_password
from tests.sign_in_browser import PASSWORD, Browser, one_time_code
from tests.software_passkey import PRESENT, SoftwarePasskey

__all__ = ["browser", "desk_app", "with_password"]
WithPassword = Callable[..., str]
KEYS = "/account/keys/passkeys"


def add_passkey(browser: Browser, key: SoftwarePasskey, proof: str = PASSWORD, label: str = "办公室电脑") -> Any:
    """Add a passkey on the page of one's own account; return the last response."""
    browser.get("/account/keys")
    options = browser.post(f"{KEYS}/challenge", {"proof": proof}).get_json()
    return browser.post(KEYS, {"label": label, "answer": key.made(options)})


def end_passkey(browser: Browser, proof: str) -> Any:
    """End the first passkey on the page of one's own account; return the response."""
    browser.get("/account/keys")
    ended = browser.page.partition(f'action="{KEYS}/')[2].partition('"')[0]
    return browser.post(f"{KEYS}/{ended}", {"proof": proof})


def sign_in_with(browser: Browser, key: SoftwarePasskey) -> Any:
    """Sign in with a passkey; return the last response."""
    browser.get("/sign-in")
    options = browser.post("/sign-in/passkey/challenge").get_json()
    return browser.post("/sign-in/passkey", {"answer": key.signed(options)})


@pytest.fixture
def key() -> SoftwarePasskey:
    return SoftwarePasskey()


@pytest.fixture
def owner(browser: Browser, key: SoftwarePasskey, with_password: WithPassword) -> str:
    """Return the login of an approver who has signed in with a password and added a passkey."""
    login = with_password("approver_1")
    browser.sign_in(login)
    assert add_passkey(browser, key).status_code == 303
    return login


@pytest.mark.usefixtures("owner")
def test_passkey_signs_in_alone_and_makes_every_role_usable(
    desk_app: Flask, key: SoftwarePasskey, desk: ApiClient, engine: sa.Engine
) -> None:
    other = Browser(desk_app.test_client())
    assert sign_in_with(other, key).headers["Location"] == "/inbox"
    assert other.get("/cases").status_code == 200, "a passkey is a second factor"
    assert events_of(engine, desk.office.people["approver_1"]) == ["sign_in", "add_passkey", "sign_in"]


def test_page_after_the_password_offers_the_passkey_of_an_account_without_codes(
    desk_app: Flask, owner: str, key: SoftwarePasskey
) -> None:
    """Why: who has a passkey only was asked for a code that they never had."""
    other = Browser(desk_app.test_client())
    other.get("/sign-in")
    response = other.post("/sign-in", {"login": owner, "password": PASSWORD})
    assert response.headers["Location"] == "/sign-in/second-factor"
    other.get("/sign-in/second-factor")
    assert 'action="/sign-in/passkey"' in other.page
    options = other.post("/sign-in/passkey/challenge").get_json()
    assert other.post("/sign-in/passkey", {"answer": key.signed(options)}).headers["Location"] == "/inbox"


def test_passkey_signs_in_while_the_account_is_locked(desk_app: Flask, owner: str, key: SoftwarePasskey) -> None:
    """Why: nobody can be locked out from outside."""
    guesser = Browser(desk_app.test_client())
    guesser.get("/sign-in")
    before = refusals("sign_in_wrong")
    wrong = [guesser.post("/sign-in", {"login": owner, "password": f"wrong {each}"}).status_code for each in range(6)]
    assert (wrong, refusals("sign_in_wrong")) == ([422] * 6, before + 6)
    assert sign_in_with(Browser(desk_app.test_client()), key).status_code == 303


@pytest.mark.usefixtures("owner")
def test_answer_of_a_passkey_is_taken_once(desk_app: Flask, key: SoftwarePasskey) -> None:
    """Why: synchronised passkeys count nothing, so the challenge alone makes an answer new."""
    first, second = (Browser(desk_app.test_client()) for _ in range(2))
    first.get("/sign-in")
    page = first.page
    answer = key.signed(first.post("/sign-in/passkey/challenge").get_json())
    assert first.post("/sign-in/passkey", {"answer": answer}).status_code == 303
    before = refusals("sign_in_over"), refusals("passkey_refused")
    first.page = page
    assert said(first.post("/sign-in/passkey", {"answer": answer})) == (403, "sign_in_over")
    second.get("/sign-in")
    second.post("/sign-in/passkey/challenge")
    assert said(second.post("/sign-in/passkey", {"answer": answer})) == (422, "passkey_refused")
    assert (refusals("sign_in_over"), refusals("passkey_refused")) == (before[0] + 1, before[1] + 1)
    assert said(second.post("/sign-in/passkey", {"answer": answer})) == (422, "passkey_refused"), "no challenge is left"


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    "changed",
    [{"origin": "http://elsewhere.example"}, {"host": "elsewhere.example"}, {"flags": PRESENT}, {"sign_count": -1}],
    ids=["another origin", "another host", "no finger and no PIN", "a copy that counts backwards"],
)
def test_answer_that_is_not_of_this_site_or_person_is_refused(
    desk_app: Flask, key: SoftwarePasskey, desk: ApiClient, engine: sa.Engine, changed: dict[str, Any]
) -> None:
    key.sign_count = 7
    assert sign_in_with(Browser(desk_app.test_client()), key).status_code == 303
    for name, value in changed.items():
        setattr(key, name, value)
    before, other = refusals("passkey_refused"), Browser(desk_app.test_client())
    assert said(sign_in_with(other, key)) == (422, "passkey_refused")
    assert (refusals("passkey_refused"), other.cookie()) == (before + 1, None)
    assert events_of(engine, desk.office.people["approver_1"])[-1] == "sign_in_failed"


@pytest.mark.usefixtures("owner")
def test_passkey_that_was_ended_signs_in_no_more(browser: Browser, desk_app: Flask, key: SoftwarePasskey) -> None:
    assert end_passkey(browser, PASSWORD).status_code == 303
    before = refusals("passkey_refused")
    assert said(sign_in_with(Browser(desk_app.test_client()), key)) == (422, "passkey_refused")
    assert refusals("passkey_refused") == before + 1


def test_passkey_is_added_with_a_proof_alone(
    browser: Browser, key: SoftwarePasskey, with_password: WithPassword, desk: ApiClient, engine: sa.Engine
) -> None:
    """Why: whoever finds a browser open must not make a key of their own."""
    browser.sign_in(with_password("reviewer", totp=True))
    browser.get("/account/keys")
    before = refusals("proof_wrong"), refusals("proof_missing"), refusals("passkey_wrong")
    assert said(browser.post(f"{KEYS}/challenge", {"proof": PASSWORD})) == (409, "proof_wrong"), (
        "they have one-time codes"
    )
    assert said(browser.post(f"{KEYS}/challenge", {"proof": " "})) == (409, "proof_missing")
    made = key.made({"challenge": "AAAA"})
    assert said(browser.post(KEYS, {"label": "x", "answer": made})) == (409, "passkey_wrong"), (
        "no challenge was given out"
    )
    after = refusals("proof_wrong"), refusals("proof_missing"), refusals("passkey_wrong")
    assert after == tuple(each + 1 for each in before)
    assert add_passkey(browser, key, one_time_code(steps=1)).status_code == 303
    assert events_of(engine, desk.office.people["reviewer"]) == ["sign_in", "sign_in_failed", "add_passkey"]


def test_eleventh_passkey_is_refused(browser: Browser, with_password: WithPassword) -> None:
    browser.sign_in(with_password("registrar"))
    assert [add_passkey(browser, SoftwarePasskey()).status_code for _ in range(MAX_KEYS)] == [303] * MAX_KEYS
    browser.get("/account/keys")
    assert said(browser.post(f"{KEYS}/challenge", {"proof": PASSWORD})) == (409, "passkeys_too_many")


@pytest.mark.parametrize("keys", [0, 1, 2])
def test_challenge_of_a_sign_in_names_no_passkey_whatever_login_is_sent(
    browser: Browser, with_password: WithPassword, keys: int
) -> None:
    """Why: the options of a sign-in must not say who works here, nor how many passkeys they have."""
    login = with_password("approver_1")
    browser.sign_in(login)
    assert [add_passkey(browser, SoftwarePasskey()).status_code for _ in range(keys)] == [303] * keys
    browser.http.delete_cookie("songnuan")
    browser.get("/sign-in")
    known, unknown, without = (
        browser.post("/sign-in/passkey/challenge", {"login": each}).get_json() for each in (login, "nobody.at.all", "")
    )
    assert known.pop("challenge") != unknown.pop("challenge") != without.pop("challenge")
    assert known == unknown == without
    assert without["allowCredentials"] == []


def test_asking_for_a_challenge_counts_against_the_failures_of_the_network(database_url: str, tmp_path: Path) -> None:
    with desk_serving(database_url, tmp_path, SONGNUAN_RATE_FAILED_TOKENS="3/hour") as app:
        browser, before = Browser(app.test_client()), refusals("too_many_failed_tokens")
        browser.get("/sign-in")
        asked = [browser.post("/sign-in/passkey/challenge") for _ in range(5)]
        statuses = [each.status_code for each in asked]
        assert (statuses, refusals("too_many_failed_tokens")) == ([200] * 3 + [429] * 2, before + 2)


def test_passkeys_are_off_where_no_address_of_the_pages_is_known(desk_app: Flask) -> None:
    browser = Browser(desk_app.test_client(), site="http://192.0.2.7:8000")
    browser.get("/sign-in")
    before = refusals("passkeys_off")
    assert "/sign-in/passkey" not in browser.page
    assert said(browser.post("/sign-in/passkey/challenge")) == (409, "passkeys_off")
    assert refusals("passkeys_off") == before + 1
