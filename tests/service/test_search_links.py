"""A link on another site fills in a search and does not make it: the search is recorded in its reader's name."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.api_client import ApiClient
from tests.service.sign_in_fixtures import browser, desk_app, events_of, with_password
from tests.sign_in_browser import PASSWORD, Browser

__all__ = ["browser", "desk_app", "with_password"]
WithPassword = Callable[..., str]
PAGES = ("/search?q=%E7%A4%BA%E4%BE%8B", "/households?q=%E7%A4%BA%E4%BE%8B")
WAITS = "还没有查找"


@pytest.mark.parametrize("page", PAGES)
def test_search_of_a_link_on_another_site_waits_until_it_is_sent(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword, page: str
) -> None:
    browser.sign_in(with_password("registrar"))
    shown = browser.get(page, **{"Sec-Fetch-Site": "cross-site"})
    assert shown.status_code == 200
    assert WAITS in shown.text
    assert 'value="示例"' in shown.text
    assert events_of(engine, desk.office.people["registrar"]) == ["sign_in"]
    assert WAITS not in browser.get(page, **{"Sec-Fetch-Site": "same-origin"}).text
    assert events_of(engine, desk.office.people["registrar"]) == ["sign_in", "search"]


@pytest.mark.parametrize("page", PAGES)
def test_search_of_a_link_on_another_site_is_not_made_after_the_sign_in_either(
    browser: Browser, desk_app: Flask, with_password: WithPassword, page: str
) -> None:
    login = with_password("registrar")
    led = browser.get(page, **{"Sec-Fetch-Site": "cross-site"}).headers["Location"]
    browser.get(led, **{"Sec-Fetch-Site": "cross-site"})
    entered = browser.post("/sign-in", {"login": login, "password": PASSWORD})
    assert entered.headers["Location"] == page.partition("?")[0]
    own = Browser(desk_app.test_client())
    own.get(own.get(page, **{"Sec-Fetch-Site": "none"}).headers["Location"], **{"Sec-Fetch-Site": "none"})
    assert own.post("/sign-in", {"login": login, "password": PASSWORD}).headers["Location"] == page
