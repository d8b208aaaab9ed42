"""Pages say where their reader is, and what a button does."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.api_client import ApiClient
from tests.factories import create_family
from tests.lives import NOTICE_OVER, case_at
from tests.service.browser import Browser, Page, browser_of


@pytest.fixture
def registrar(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Browser:
    """Return the browser of the registrar."""
    return browser_of(shared_app, engine, desk, "registrar")


def buttons(page: Page) -> list[str]:
    """Return the words of the buttons of a page."""
    return [each.strip() for each in re.findall(r"<button[^>]*>([^<]*)</button>", page.text)]


def test_menu_marks_the_entry_to_which_a_page_belongs(registrar: Browser, engine: sa.Engine, desk: ApiClient) -> None:
    with engine.begin() as conn:
        path = f"/households/{create_family(conn, desk.office).household_id}"
    for page in (path, f"{path}/consent", f"{path}/cases/new", "/households/new"):
        assert 'href="/households" aria-current="page"' in registrar.open(page).text, page
    assert 'href="/households" aria-current="page"' not in registrar.open("/inbox").text


def test_button_of_a_decision_names_the_sum(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> None:
    life = case_at("approval", desk, engine)
    desk.today = NOTICE_OVER
    page = browser_of(shared_app, engine, desk, "approver_1").open(f"/cases/{life.case_id}")
    assert [each for each in buttons(page) if "1,500.00" in each] == ["批准 1,500.00 元"]


def test_button_of_a_write_off_names_what_is_written_off(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> None:
    life = case_at("follow_up", desk, engine)
    browser = browser_of(shared_app, engine, desk, "approver_1")
    assert "决定追回" in buttons(browser.open(f"/cases/{life.case_id}")), "its form asks for the sum"
    life.act("approver_1", "recall", amount="500.00", ground="paid_in_error", reason="多发")
    assert [each for each in buttons(browser.open(f"/cases/{life.case_id}")) if "核销" in each] == ["核销 500.00 元"]


def test_visit_that_waits_for_me_is_marked_and_its_form_is_unfolded(
    shared_app: Flask, engine: sa.Engine, desk: ApiClient
) -> None:
    life, mark = case_at("survey", desk, engine), "等您确认参加走访"
    life.act("visitor_1", "record_visit", **life.visited())
    for staff_name, waits in (("visitor_1", False), ("visitor_2", True), ("registrar", False)):
        browser = browser_of(shared_app, engine, desk, staff_name)
        page = browser.open(f"/cases/{life.case_id}")
        assert (mark in page.text) is waits, staff_name
        assert (mark in browser.open("/inbox").text) is waits, staff_name
        unfolded = re.findall(r'<details[^>]*id="action-(\w+)" open>', page.text)
        assert (unfolded == ["confirm_visit"]) is waits, staff_name
    life.act("visitor_2", "confirm_visit")
    assert mark not in browser_of(shared_app, engine, desk, "visitor_2").open(f"/cases/{life.case_id}").text
