"""People sign in through an OpenID provider: a linked account alone, and only with an answer for this very sign-in."""

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from joserfc.jwk import ECKey

from service.config import BadSetting, read_settings
from tests.api_client import ApiClient
from tests.service.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider, openid_provider
from tests.service.sign_in_fixtures import desk_serving, events_of, refusals, said, with_password
from tests.sign_in_browser import PASSWORD, Browser, one_time_code

__all__ = ["with_password"]
WithPassword = Callable[..., str]


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: OpenIdProvider) -> OpenIdProvider:
    """Return the provider, at which somebody new is signed in and whose tokens say the truth."""
    running.subject, running.claims, running.signing_key = uuid4().hex, {}, None
    return running


@pytest.fixture(scope="module")
def app(running: OpenIdProvider, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    settings = {"ISSUER": running.issuer, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
    environ: dict[str, Any] = {f"SONGNUAN_OIDC_{name}": value for name, value in settings.items()}
    environ["SONGNUAN_OIDC_TWO_FACTOR_ACR"] = "urn:two-factors"
    with desk_serving(database_url, tmp_path_factory.mktemp("var"), **environ) as made:
        yield made


@pytest.fixture
def linked(app: Flask, provider: OpenIdProvider, with_password: WithPassword) -> str:
    """Return the login of an approver with one-time codes whose account is linked to the provider's user."""
    login, browser = with_password("approver_1", totp=True), Browser(app.test_client())
    browser.sign_in(login)
    assert link(browser, provider, one_time_code(steps=1)).headers["Location"] == "/account/keys?done=provider"
    return login


def link(browser: Browser, provider: OpenIdProvider, proof: str) -> Any:
    """Link the account of the browser to the provider's user; return the last response."""
    browser.get("/account/keys")
    shown = browser.post("/account/keys/provider", {"proof": proof}).text
    address = unescape(shown.partition(f'href="{provider.issuer}/')[2].partition('"')[0])
    return browser.get(provider.signs_in(f"{provider.issuer}/{address}"))


def through(browser: Browser, provider: OpenIdProvider) -> Any:
    """Sign in through the provider; return the last response."""
    started = browser.get("/sign-in/provider")
    return browser.get(provider.signs_in(started.headers["Location"]))


@pytest.mark.usefixtures("linked")
def test_linked_account_signs_in_and_is_asked_for_its_own_second_factor(
    app: Flask, provider: OpenIdProvider, desk: ApiClient, engine: sa.Engine
) -> None:
    browser = Browser(app.test_client())
    assert through(browser, provider).headers["Location"] == "/sign-in/second-factor"
    assert browser.cookie() is None
    assert events_of(engine, desk.office.people["approver_1"]) == ["sign_in", "link_provider"]


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("claims", [{"amr": ["pwd", "mfa"]}, {"acr": "urn:two-factors"}], ids=["amr", "acr"])
def test_two_factors_at_the_provider_are_enough(
    app: Flask, provider: OpenIdProvider, claims: dict[str, Any], desk: ApiClient, engine: sa.Engine
) -> None:
    browser = Browser(app.test_client())
    provider.claims = claims
    assert through(browser, provider).headers["Location"] == "/inbox"
    assert browser.get("/inbox").status_code == 200
    assert events_of(engine, desk.office.people["approver_1"])[-1] == "sign_in"


@pytest.mark.parametrize(
    ("site", "begins"), [("cross-site", False), ("none", True), ("same-site", True), ("same-origin", True)]
)
def test_link_of_another_site_begins_no_sign_in(app: Flask, provider: OpenIdProvider, site: str, begins: bool) -> None:
    """Why: who is signed in at the provider would be signed in here without an act of their own."""
    browser, before = Browser(app.test_client()), refusals("provider_from_elsewhere")
    browser.get("/sign-in")
    attempt = browser.cookie("songnuan_attempt")
    started = browser.get("/sign-in/provider", **{"Sec-Fetch-Site": site})
    assert started.headers.get("Location", "").startswith(provider.issuer) is begins
    assert (browser.cookie("songnuan_attempt") != attempt) is begins
    assert refusals("provider_from_elsewhere") == before + (not begins)
    if not begins:
        assert said(started) == (403, "provider_from_elsewhere")


def test_user_who_is_linked_to_no_account_gets_none(app: Flask, provider: OpenIdProvider, engine: sa.Engine) -> None:
    browser = Browser(app.test_client())
    with engine.connect() as conn:
        accounts = conn.scalar(sa.text("SELECT count(*) FROM account"))
    before = refusals("provider_unknown")
    assert said(through(browser, provider)) == (422, "provider_unknown")
    assert refusals("provider_unknown") == before + 1
    assert browser.cookie() is None
    with engine.connect() as conn:
        assert conn.scalar(sa.text("SELECT count(*) FROM account")) == accounts


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"aud": "another client"},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"iss": "http://elsewhere.example"},
        {"exp": 1_700_000_000},
    ],
    ids=["nonce", "audience", "authorized party", "issuer", "expired"],
)
def test_token_that_is_not_for_this_sign_in_is_refused(
    app: Flask, provider: OpenIdProvider, claims: dict[str, Any]
) -> None:
    browser, before = Browser(app.test_client()), refusals("provider_refused")
    provider.claims = {"amr": ["mfa"], **claims}
    assert said(through(browser, provider)) == (422, "provider_refused")
    assert refusals("provider_refused") == before + 1
    assert browser.cookie() is None


@pytest.mark.usefixtures("linked")
def test_token_of_another_key_is_refused(app: Flask, provider: OpenIdProvider) -> None:
    browser, before = Browser(app.test_client()), refusals("provider_refused")
    provider.signing_key = ECKey.generate_key("P-256", parameters={"kid": "1"})
    assert said(through(browser, provider)) == (422, "provider_refused")
    assert refusals("provider_refused") == before + 1


@pytest.mark.usefixtures("linked")
def test_answer_for_another_browser_is_refused_and_uses_the_attempt_up(app: Flask, provider: OpenIdProvider) -> None:
    """Why: whoever sends a link with an answer of their own must not sign somebody else in as themselves."""
    first, second = Browser(app.test_client()), Browser(app.test_client())
    provider.claims = {"amr": ["mfa"]}
    of_first = provider.signs_in(first.get("/sign-in/provider").headers["Location"])
    own = provider.signs_in(second.get("/sign-in/provider").headers["Location"])
    before = refusals("provider_refused"), refusals("sign_in_over")
    assert said(second.get(of_first)) == (422, "provider_refused")
    assert said(second.get(own)) == (422, "provider_refused"), "the attempt was used up"
    assert said(Browser(app.test_client()).get(own)) == (403, "sign_in_over"), (
        "without an attempt there is nothing to answer"
    )
    assert first.get(of_first).headers["Location"] == "/inbox"
    assert said(first.get(of_first)) == (403, "sign_in_over")
    assert (refusals("provider_refused"), refusals("sign_in_over")) == (before[0] + 2, before[1] + 2)


def test_link_needs_a_proof_and_the_session_that_asked_for_it(
    app: Flask, provider: OpenIdProvider, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    browser = Browser(app.test_client())
    browser.sign_in(with_password("registrar"))
    browser.get("/account/keys")
    before = refusals("proof_wrong"), refusals("sign_in_over")
    assert said(browser.post("/account/keys/provider", {"proof": "wrong"})) == (409, "proof_wrong")
    browser.get("/account/keys")
    shown = browser.post("/account/keys/provider", {"proof": PASSWORD}).text
    address = unescape(shown.partition(f'href="{provider.issuer}/')[2].partition('"')[0])
    browser.sign_in(with_password("visitor_1"))
    own = browser.http.get_cookie("songnuan_attempt", path="/sign-in")
    assert own is None, "another sign-in ends the attempt"
    assert said(browser.get(provider.signs_in(f"{provider.issuer}/{address}"))) == (403, "sign_in_over")
    assert (refusals("proof_wrong"), refusals("sign_in_over")) == (before[0] + 1, before[1] + 1)
    assert events_of(engine, desk.office.people["registrar"]) == ["sign_in", "sign_in_failed", "end_session"]


def test_link_is_ended_with_a_proof_and_leaves_no_role_to_the_password_alone(
    app: Flask, provider: OpenIdProvider, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    browser = Browser(app.test_client())
    browser.sign_in(with_password("approver_1"))
    assert link(browser, provider, PASSWORD).status_code == 303
    provider.claims = {"amr": ["mfa"]}
    assert through(browser, provider).headers["Location"] == "/inbox"
    assert browser.get("/cases").status_code == 200
    browser.get("/account/keys")
    before = refusals("proof_missing"), refusals("role_missing")
    assert said(browser.post("/account/keys/provider/end")) == (409, "proof_missing")
    assert browser.post("/account/keys/provider/end", {"proof": PASSWORD}).status_code == 303
    assert said(browser.get("/cases")) == (403, "role_missing")
    assert (refusals("proof_missing"), refusals("role_missing")) == (before[0] + 1, before[1] + 1)
    assert events_of(engine, desk.office.people["approver_1"])[-1] == "unlink_provider"


@pytest.mark.usefixtures("linked")
def test_user_is_linked_to_one_account(app: Flask, provider: OpenIdProvider, with_password: WithPassword) -> None:
    browser = Browser(app.test_client())
    browser.sign_in(with_password("registrar"))
    before = refusals("provider_linked")
    assert said(link(browser, provider, PASSWORD)) == (409, "provider_linked")
    assert refusals("provider_linked") == before + 1


def test_provider_that_is_away_is_said_and_nobody_is_signed_in(
    database_url: str, tmp_path: Path, with_password: WithPassword
) -> None:
    away = {"ISSUER": "http://127.0.0.1:9", "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
    environ: dict[str, Any] = {f"SONGNUAN_OIDC_{name}": value for name, value in away.items()}
    with desk_serving(database_url, tmp_path, **environ) as app:
        browser, before = Browser(app.test_client()), refusals("provider_away")
        assert said(browser.get("/sign-in/provider")) == (503, "provider_away")
        assert refusals("provider_away") == before + 1
        assert browser.sign_in(with_password("registrar")).status_code == 303


@pytest.mark.parametrize(
    "given",
    [
        {"ISSUER": "http://sign-in.example", "CLIENT_ID": "x", "CLIENT_SECRET": "y"},
        {"ISSUER": "https://sign-in.example"},
    ],
    ids=["not https", "no client"],
)
def test_setting_of_a_provider_that_cannot_be_used_is_named(given: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="SONGNUAN_OIDC_"):
        read_settings({f"SONGNUAN_OIDC_{name}": value for name, value in given.items()})
