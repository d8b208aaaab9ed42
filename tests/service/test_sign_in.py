"""Signing in with a browser: cookies, second factors, locks, and what every one of them leaves in the record."""

from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from service.crypto.passwords import hash_password
from service.tables.credentials import credential, recovery_code, sign_in_count
from service.tables.sessions import session
from tests.api_client import ApiClient
from tests.service.sign_in_fixtures import browser, desk_app, events_of, refusals, said, with_password
from tests.sign_in_browser import PASSWORD, Browser, add_credentials, one_time_code

__all__ = ["browser", "desk_app", "with_password"]
WithPassword = Callable[..., str]
MAX_RATIO = 2
"""How far the times of two refusals may be apart on a busy machine."""


def test_password_signs_in_and_leaves_one_event(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    response = browser.sign_in(with_password("registrar"))
    assert (response.status_code, response.headers["Location"]) == (303, "/inbox")
    assert browser.get("/account/sessions").status_code == 200
    assert events_of(engine, desk.office.people["registrar"]) == ["sign_in"]


def test_password_alone_does_not_sign_in_where_there_is_a_second_factor(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login = with_password("approver_1", totp=True)
    browser.get("/sign-in")
    first = browser.post("/sign-in", {"login": login, "password": PASSWORD})
    assert first.headers["Location"] == "/sign-in/second-factor"
    assert browser.cookie() is None
    assert events_of(engine, desk.office.people["approver_1"]) == []
    assert browser.sign_in(login).headers["Location"] == "/inbox"
    assert events_of(engine, desk.office.people["approver_1"]) == ["sign_in"]


def test_cookie_is_new_at_each_proof(browser: Browser, with_password: WithPassword) -> None:
    """Why: whoever planted a cookie before the sign-in must not hold the session after it."""
    login = with_password("reviewer", totp=True)
    browser.get("/sign-in")
    planted = browser.cookie("songnuan_attempt")
    browser.post("/sign-in", {"login": login, "password": PASSWORD})
    continued = browser.cookie("songnuan_attempt")
    assert continued not in {planted, None}
    other = Browser(browser.http.application.test_client())
    other.http.set_cookie("songnuan_attempt", planted or "", path="/sign-in")
    assert other.get("/sign-in/second-factor").headers["Location"] == "/sign-in"
    browser.get("/sign-in/second-factor")
    browser.post("/sign-in/second-factor", {"code": one_time_code()})
    assert browser.cookie("songnuan_attempt") is None
    first = browser.cookie()
    browser.sign_in(login, code=one_time_code(steps=1))
    assert browser.cookie() not in {first, continued, planted, None}


def test_password_change_gives_a_new_cookie_and_ends_every_other_session(
    browser: Browser, desk_app: Flask, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login, elsewhere = with_password("registrar"), Browser(desk_app.test_client())
    browser.sign_in(login)
    elsewhere.sign_in(login)
    browser.get("/account/keys")
    before, new = browser.cookie(), "another quiet river 8"
    fields = {"old_password": PASSWORD, "password": new, "repeated": new}
    changed = browser.post("/account/keys/password", fields)
    assert browser.get(changed.headers["Location"]).status_code == 200, "the page says that it is done"
    assert browser.cookie() not in {before, None}
    assert browser.get("/account/keys").status_code == 200
    assert elsewhere.get("/account/keys").headers["Location"].startswith("/sign-in")
    actions = ["sign_in", "sign_in", "set_password", "sign_in"]
    assert events_of(engine, desk.office.people["registrar"]) == actions


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"password": "short 1", "repeated": "short 1"}, 422, "password_length"),
        ({"password": "password1234", "repeated": "password1234"}, 422, "password_common"),
        ({"password": "the registrar of 9 rivers", "repeated": "the registrar of 9 rivers"}, 422, "password_names_you"),
        ({"password": "another quiet river 8", "repeated": "another quiet river 9"}, 422, "passwords_differ"),
        ({"old_password": "wrong", "password": "another quiet river 8", "repeated": "another quiet river 8"}, 409, "password_wrong"),
    ],
)  # fmt: skip
def test_new_password_that_cannot_be_set_is_refused_with_its_reason(
    browser: Browser, with_password: WithPassword, fields: dict[str, str], status: int, code: str
) -> None:
    browser.sign_in(with_password("registrar"))
    browser.get("/account/keys")
    assert said(browser.post("/account/keys/password", {"old_password": PASSWORD, **fields})) == (status, code)


def test_second_authenticator_is_refused(browser: Browser, with_password: WithPassword) -> None:
    """Why: a lost one is replaced by an invitation, which two people give."""
    browser.sign_in(with_password("reviewer", totp=True))
    browser.get("/account/keys")
    sent = {"sealed": "", "code": "000000", "proof": one_time_code(steps=1)}
    assert said(browser.post("/account/keys/totp", sent)) == (409, "totp_set_already")


def test_fifth_failure_locks_and_the_right_password_fails_with_the_same_words(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login = with_password("registrar")
    browser.get("/sign-in")
    answers = [browser.post("/sign-in", {"login": login, "password": f"wrong {number}"}) for number in range(5)]
    answers.append(browser.post("/sign-in", {"login": login, "password": PASSWORD}))
    answers.append(browser.post("/sign-in", {"login": "nobody.at.all", "password": PASSWORD}))
    assert [said(each) for each in answers] == [(422, "sign_in_wrong")] * 7
    words = {_message(each.text) for each in answers}
    assert len(words) == 1
    assert events_of(engine, desk.office.people["registrar"]) == ["sign_in_failed"] * 5
    with engine.begin() as conn:
        locked = conn.scalar(
            sa.select(sign_in_count.c.locked_until).where(sign_in_count.c.account_id == desk.office.people["registrar"])
        )
        assert locked is not None
        assert 14 * 60 < (locked - datetime.now(UTC)).total_seconds() <= 15 * 60
        over = sa.update(sign_in_count).where(sign_in_count.c.account_id == desk.office.people["registrar"])
        conn.execute(over.values(locked_until=datetime.now(UTC)))
    assert browser.sign_in(login).status_code == 303


def _message(page: str) -> str:
    return page.partition("error-summary")[2].partition("</div>")[0]


def test_wrong_codes_lock_as_wrong_passwords_do(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login = with_password("approver_1", totp=True)
    browser.get("/sign-in")
    browser.post("/sign-in", {"login": login, "password": PASSWORD})
    browser.get("/sign-in/second-factor")
    wrong = [browser.post("/sign-in/second-factor", {"code": "000000"}) for _ in range(5)]
    right = browser.post("/sign-in/second-factor", {"code": one_time_code()})
    assert [said(each) for each in (*wrong, right)] == [(422, "code_wrong")] * 6
    assert events_of(engine, desk.office.people["approver_1"]) == ["sign_in_failed"] * 5


def test_unknown_login_takes_about_as_long_as_a_known_one(
    browser: Browser, with_password: WithPassword, record_property: Callable[[str, object], None]
) -> None:
    """Why: the time of an answer must not say who works here."""
    login = with_password("registrar", hashed=hash_password(PASSWORD))
    browser.get("/sign-in")
    browser.post("/sign-in", {"login": "nobody.at.all", "password": "x"})
    known, unknown = ([_seconds(browser, name) for _ in range(4)] for name in (login, "nobody.at.all"))
    record_property("known_ms", round(median(known) * 1000))
    record_property("unknown_ms", round(median(unknown) * 1000))
    print(f"known {median(known) * 1000:.0f} ms, unknown {median(unknown) * 1000:.0f} ms")  # noqa: T201
    assert 1 / MAX_RATIO < median(known) / median(unknown) < MAX_RATIO


def _seconds(browser: Browser, login: str) -> float:
    start = perf_counter()
    browser.post("/sign-in", {"login": login, "password": "a wrong password"})
    return perf_counter() - start


def test_one_time_code_signs_in_once(browser: Browser, desk_app: Flask, with_password: WithPassword) -> None:
    login, code, other = with_password("approver_1", totp=True), one_time_code(), Browser(desk_app.test_client())
    assert browser.sign_in(login, code=code).status_code == 303
    before = refusals("code_wrong")
    assert said(other.sign_in(login, code=code)) == (422, "code_wrong")
    assert refusals("code_wrong") == before + 1
    assert other.cookie() is None


def test_one_time_code_of_the_sign_in_proves_no_act(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login, code = with_password("approver_1", totp=True), one_time_code()
    browser.sign_in(login, code=code)
    browser.get("/account/keys")
    before = refusals("proof_wrong")
    assert said(browser.post("/account/keys/recovery-codes", {"proof": code})) == (409, "proof_wrong")
    assert refusals("proof_wrong") == before + 1
    assert events_of(engine, desk.office.people["approver_1"]) == ["sign_in", "sign_in_failed"]
    assert browser.post("/account/keys/recovery-codes", {"proof": one_time_code(steps=1)}).status_code == 200


def test_recovery_code_signs_in_once(
    browser: Browser, desk_app: Flask, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login, other = with_password("approver_1", totp=True), Browser(desk_app.test_client())
    browser.sign_in(login)
    browser.get("/account/keys")
    shown = browser.post("/account/keys/recovery-codes", {"proof": one_time_code(steps=1)}).text
    code = shown.partition("<code>")[2].partition("</code>")[0]
    assert other.sign_in(login, code=code).status_code == 303
    before = refusals("code_wrong")
    assert said(Browser(desk_app.test_client()).sign_in(login, code=code)) == (422, "code_wrong")
    assert refusals("code_wrong") == before + 1
    with engine.connect() as conn:
        own = recovery_code.c.account_id == desk.office.people["approver_1"]
        used = conn.scalars(sa.select(recovery_code.c.used_at).where(own)).all()
    assert [each is not None for each in used].count(True) == 1


def test_role_that_needs_a_second_factor_is_not_usable_without_one(
    browser: Browser, with_password: WithPassword
) -> None:
    browser.sign_in(with_password("approver_1"))
    before = refusals("role_missing")
    assert said(browser.get("/cases")) == (403, "role_missing")
    assert refusals("role_missing") == before + 1
    assert browser.get("/account/keys").status_code == 200


def test_commit_that_fails_leaves_nobody_signed_in_and_no_cookie(
    browser: Browser, desk: ApiClient, engine: sa.Engine, database_url: str, with_password: WithPassword
) -> None:
    """Why: a library that keeps the session in its cookie signs the browser in without an event."""
    login = with_password("registrar")
    browser.get("/sign-in")
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(
            "CREATE OR REPLACE FUNCTION no_commit() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$"
        )
        server.execute(
            "CREATE CONSTRAINT TRIGGER no_commit AFTER INSERT ON session DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION no_commit()"
        )
        try:
            response = browser.post("/sign-in", {"login": login, "password": PASSWORD})
        finally:
            server.execute("DROP TRIGGER no_commit ON session")
            server.execute("DROP FUNCTION no_commit")
    assert (said(response), response.headers.getlist("Set-Cookie")) == ((503, "database_busy"), [])
    assert browser.cookie() is None
    assert browser.get("/account/keys").headers["Location"].startswith("/sign-in")
    assert events_of(engine, desk.office.people["registrar"]) == []
    with engine.connect() as conn:
        own = session.c.account_id == desk.office.people["registrar"]
        assert conn.scalar(sa.select(sa.func.count()).select_from(session).where(own)) == 0


def test_second_password_of_an_account_ends_the_first(engine: sa.Engine, desk: ApiClient) -> None:
    with engine.begin() as conn:
        add_credentials(conn, desk.office, "registrar")
        own = sa.and_(credential.c.account_id == desk.office.people["registrar"], credential.c.ended_at.is_(None))
        assert conn.scalar(sa.select(sa.func.count()).select_from(credential).where(own)) == 1
        with pytest.raises(sa.exc.IntegrityError, match="uq_credential_one_of_a_kind"):
            add_credentials(conn, desk.office, "registrar")
        conn.rollback()
