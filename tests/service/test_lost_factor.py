"""A lost second factor is replaced by an invitation that two people give; everything older ends, and the owner hears of it."""

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from service.tables.notifications import notification
from tests.api_client import ApiClient
from tests.service.sign_in_fixtures import browser, desk_app, events_of, said, with_password
from tests.sign_in_browser import PASSWORD, Browser

__all__ = ["browser", "desk_app", "with_password"]
WithPassword = Callable[..., str]
NEW_PASSWORD = "another quiet river 8"


def letters_to(engine: sa.Engine, account_id: UUID) -> list[str]:
    """Return the channels of what an account was told."""
    with engine.connect() as conn:
        rows = sa.select(notification.c.channel).where(notification.c.account_id == account_id)
        return sorted(conn.scalars(rows))


def test_lost_factor_is_reset_by_two_people_and_everything_older_ends(
    browser: Browser, desk_app: Flask, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    login, owner, lost = (
        with_password("reviewer", totp=True),
        desk.office.people["reviewer"],
        Browser(desk_app.test_client()),
    )
    browser.headers = {"X-Songnuan-Date": f"{desk.today}T10:30:00+08:00"}
    lost.sign_in(login)
    body = {"unit_id": str(desk.office.unit_id), "account_ids": [str(owner)]}
    proposed = desk.post("admin", "/invitations", body)
    assert desk.codes(desk.confirm("admin", proposed)) == ["confirmer_proposed"], "one person alone resets nobody"
    made = desk.confirm("approver_3", proposed).get_json()
    code = proposed.get_json()["shown_once"][0] + made["shown_once"][0]
    browser.get("/sign-in/setup")
    form = {"code": code, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    assert browser.post("/sign-in/setup", form).headers["Location"] == "/account/keys"
    assert lost.get("/inbox").status_code == 303, "the session of the lost factor has ended"
    assert said(Browser(desk_app.test_client()).sign_in(login, PASSWORD)) == (422, "sign_in_wrong")
    again = Browser(desk_app.test_client(), headers=browser.headers)
    assert again.sign_in(login, NEW_PASSWORD).headers["Location"] == "/inbox"
    assert said(again.get("/cases")) == (403, "role_missing"), "the roles wait for a new second factor"
    again.get("/sign-in/setup")
    assert said(again.post("/sign-in/setup", form)) == (409, "invitation_unknown"), "a code is used once"
    assert letters_to(engine, owner) == ["email", "email", "inbox", "inbox"], "of the invitation, and of its use"
    assert events_of(engine, owner) == [
        *("sign_in", "invite", "set_up_with_password", "sign_in", "sign_in_failed", "sign_in")
    ]
