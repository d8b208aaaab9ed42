"""The page of a case shows the application and the notice, and its forms start filled."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service.queries import case_corrections
from service.queries import cases as case_queries
from service.tables.notices import notice
from tests.api_client import ApiClient
from tests.lives import NOTICE_OVER, Life, award, case_at, start
from tests.service.browser import Browser, Page, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def form_of(page: Page, action: str) -> str:
    """Return the form of an action."""
    found: list[str] = re.findall(rf'<details[^>]*id="action-{action}".*?</details>', page.text, re.DOTALL)
    return found[0]


TUITION = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}


def test_application_is_shown_and_its_correction_starts_with_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = start(desk, engine, "tuition", "EDU", {**TUITION, "tuition_part": "1200.50", "new_student": True})
    page = open_as("registrar").open(f"/cases/{life.case_id}")
    section = page.text[page.text.index('id="application-title"') : page.text.index('id="income-title"')]
    for words in ("2025-2026", "本科", "公办", "1,200.50 元", "是"):
        assert words in section, words
    form = form_of(page, "correct_application")
    for name, value in {"requested": "3000.00", "school_year": "2025-2026", "tuition_part": "1200.50"}.items():
        assert re.search(rf'name="{name}" value="{value}"', form), name
    assert 'name="new_student" value="yes" checked' in form


def test_correction_that_leaves_the_cause_as_it_is_does_not_say_it_was_rewritten(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = start(desk, engine, "hardship", "LIV", {"cause_text": "丈夫住院\n三个月"})
    registrar, path = open_as("registrar"), f"/cases/{life.case_id}"
    page = registrar.open(path)
    shown = {"requested": "3000.00", "item": "LIV", "cause_text": "丈夫住院\r\n三个月"}
    assert "丈夫住院\n三个月" in form_of(page, "correct_application")

    def corrected(**typed: str) -> list[dict[str, Any]]:
        hidden = {"_csrf": page.form["_csrf"], "_key": str(len(typed)) * 12, "_version": registrar_version()}
        answer = registrar.http.post(
            f"{path}/actions/correct_application", data={**hidden, **shown, **typed}, headers=registrar.headers
        )
        assert answer.status_code == 303
        with engine.connect() as conn:
            row = case_queries.one(conn, life.case_id, desk.office.context(conn, "registrar", desk.today).caller)  # type: ignore[arg-type]
            assert row is not None
            return case_corrections.changes_since_return(conn, row)

    def registrar_version() -> str:
        return str(desk.get("registrar", path).get_json()["version"])

    assert [each["field"] for each in corrected(requested="2000.00")] == ["requested"]
    assert [each["field"] for each in corrected(requested="2000.00", cause_text="两人住院")] == [
        "requested",
        "cause_text",
    ]


def test_pay_form_starts_with_the_method_that_was_signed(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life = case_at("review", desk, engine)
    life.act("reviewer", "pass_review", **award(desk), method="cash", cash_reason="urgent")
    life.to("payment")
    page = open_as("cashier").open(f"/cases/{life.case_id}")
    form = form_of(page, "pay")
    assert 'value="cash" checked' in form
    assert 'value="bank" checked' not in form
    assert "批准时签定的方式：现金" in form
    assert "现金 · 情况紧急" in page.text


def notice_of(engine: sa.Engine, life: Life) -> str:
    with engine.connect() as conn:
        return str(conn.scalar(sa.select(notice.c.id).where(notice.c.case_id == life.case_id)))


def test_notice_is_shown_as_it_was_posted_and_printed_alone(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life = case_at("notice", desk, engine)
    registrar, printed = open_as("registrar"), f"/notices/{notice_of(engine, life)}/print"
    page = registrar.open(f"/cases/{life.case_id}").text
    section = page[page.index('id="notices-title"') : page.index('id="timeline-title"')]
    for words in ("2025年9月1日", "单位公告栏", "示例甲", "1,500.00", "没有异议", printed):
        assert words in section, words
    sheet = registrar.open(printed).text
    assert "示例甲" in sheet
    assert "<nav" not in sheet
    assert "print.css" in sheet


@pytest.mark.parametrize("ended", [True, False], ids=["taken down", "over, not taken down yet"])
def test_notice_that_ended_is_masked(desk: ApiClient, engine: sa.Engine, open_as: Open, *, ended: bool) -> None:
    life = case_at("notice", desk, engine)
    desk.today = NOTICE_OVER if ended else date(2025, 12, 1)
    if ended:
        life.act("clock", "end_notice")
    registrar = open_as("registrar")
    for path in (f"/cases/{life.case_id}", f"/notices/{notice_of(engine, life)}/print"):
        page = registrar.open(path).text
        assert "示例甲" not in page
        assert "示*甲" in page
