"""Codes of a second factor: that of the set-up is used up by it, and recovery codes are too long to be guessed."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask

from service.actions.one_time_codes import LETTERS
from tests.api_client import ApiClient
from tests.service.sign_in_fixtures import browser, desk_app, refusals, said, with_password
from tests.service.test_lost_factor import letters_to
from tests.service.test_proved_sessions import set_up_codes
from tests.sign_in_browser import Browser, one_time_code

__all__ = ["browser", "desk_app", "with_password"]
WithPassword = Callable[..., str]
ENOUGH = 112
"""Bits from which OWASP ASVS 5.0.0 (6.5.2) lets a fast hash be stored of a code."""


def shown_codes(page: str) -> list[str]:
    """Return the recovery codes that a page shows."""
    return [each.partition("</code>")[0] for each in page.partition("code-list")[2].split("<code>")[1:11]]


def test_recovery_codes_are_long_enough_for_a_fast_hash_and_shown_in_groups(
    browser: Browser, with_password: WithPassword
) -> None:
    browser.sign_in(with_password("registrar"))
    codes = shown_codes(set_up_codes(browser)[0].text)
    assert len(set(codes)) == 10
    for code in codes:
        groups = code.split("-")
        assert {len(each) for each in groups} == {4}
        assert set("".join(groups)) <= set(LETTERS)
        assert len("".join(groups)) * math.log2(len(LETTERS)) >= ENOUGH


def test_code_that_set_up_the_authenticator_signs_in_and_proves_no_more(
    browser: Browser, desk_app: Flask, with_password: WithPassword
) -> None:
    """Why: a code is used once, and somebody may have looked over the shoulder."""
    login, other = with_password("registrar"), Browser(desk_app.test_client())
    browser.sign_in(login)
    at = datetime.now(UTC)
    response, secret = set_up_codes(browser, at=at)
    assert response.status_code == 200
    used = one_time_code(at, secret=secret)
    before = refusals("code_wrong"), refusals("proof_wrong")
    assert said(other.sign_in(login, code=used)) == (422, "code_wrong")
    assert said(browser.post("/account/keys/recovery-codes", {"proof": used})) == (409, "proof_wrong")
    assert (refusals("code_wrong"), refusals("proof_wrong")) == (before[0] + 1, before[1] + 1)
    assert other.sign_in(login, code=one_time_code(secret=secret, steps=1)).status_code == 303


def test_recovery_code_signs_in_typed_with_or_without_its_groups(
    browser: Browser, desk_app: Flask, with_password: WithPassword
) -> None:
    login = with_password("registrar")
    browser.sign_in(login)
    first, second = shown_codes(set_up_codes(browser)[0].text)[:2]
    for typed in (first.upper(), second.replace("-", " ")):
        assert Browser(desk_app.test_client()).sign_in(login, code=typed).status_code == 303


def test_owner_is_told_when_a_recovery_code_is_used(
    browser: Browser, desk_app: Flask, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    """Why: codes are kept on paper, and somebody else may have found it."""
    login, owner = with_password("approver_1"), desk.office.people["approver_1"]
    browser.sign_in(login)
    response, secret = set_up_codes(browser)
    [code] = shown_codes(response.text)[:1]
    before = letters_to(engine, owner)
    assert Browser(desk_app.test_client()).sign_in(login, code=one_time_code(secret=secret, steps=1)).status_code == 303
    assert letters_to(engine, owner) == before
    assert Browser(desk_app.test_client()).sign_in(login, code=code).status_code == 303
    assert letters_to(engine, owner) == sorted([*before, "email", "inbox"])
