"""Calendars on pages: a year as months, previewed with the due dates that it would move, and proposed."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from service.tables.cases import case
from service.tables.confirmations import confirmation
from service.tables.policies import calendar_year
from tests.api_client import ApiClient
from tests.factories import SAMPLES
from tests.lives import case_at
from tests.service.browser import Browser, Page, browser_of
from workflows import workdays

Open = Callable[[str], Browser]
OF_2025 = (SAMPLES / "calendar-2025.csv").read_text("utf-8")


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def rows(page: Page, caption: str) -> list[list[str]]:
    """Return the cells of a table, row by row."""
    found = re.search(rf"<table[^>]*><caption[^>]*>{caption}.*?</table>", page.text, re.DOTALL)
    lines = re.findall(r"<tr><th scope=\"row\".*?</tr>", found[0], re.DOTALL) if found else []
    return [[re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<t[hd].*?</t[hd]>", line)] for line in lines]


def test_year_is_shown_as_months_with_holidays_and_swapped_days(open_as: Open) -> None:
    page = open_as("registrar").open("/calendars?year=2025").text
    known = workdays.read_calendar(OF_2025)
    days = [date(2025, 1, 1) + timedelta(days=number) for number in range(365)]
    number = sum(workdays.is_workday(day, known) for day in days)
    assert f"工作日 {number} 天" in page
    october = page.partition("十月")[2].partition("</table>")[0]
    assert re.search(r'<td class="day-holiday">1<small>休</small></td>', october)
    assert re.search(r'<td class="day-swapped">11<small>班</small></td>', october)
    assert re.search(r'<td class="day-weekend">12</td>', october)
    in_english = open_as("registrar")
    in_english.http.set_cookie("songnuan_language", "en")
    assert "October" in in_english.open("/calendars?year=2025").text


def with_day_off(day: date) -> str:
    """Return the calendar of 2025 with one more day off."""
    return f"{OF_2025.rstrip()}\n{day.isoformat()},休,台风\n"


def test_preview_names_the_days_and_the_due_dates_that_would_move_and_writes_nothing(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = case_at("draft", desk, engine)
    with engine.connect() as conn:
        due_on = conn.scalar(sa.select(case.c.due_on).where(case.c.id == life.case_id))
    assert due_on is not None
    admin, day_off = open_as("admin"), date(2025, 9, 17)
    shown = admin.fill("/calendars/new", source=with_day_off(day_off))
    assert shown.status == 200
    assert rows(shown, "与现在的日历的差别") == [["2025年9月17日", "上班", "休息"]]
    known = workdays.read_calendar(OF_2025)
    later = workdays.after(due_on, 1, known)
    moved = [row[1:3] for row in rows(shown, "会移动的期限")]
    assert [f"{each.year}年{each.month}月{each.day}日" for each in (due_on, later)] in moved
    assert "已经写明的期限不会自动改" in shown.text
    with engine.connect() as conn:
        own = confirmation.c.proposed_by == desk.office.people["admin"]
        assert conn.scalar(sa.select(sa.func.count()).where(own)) == 0
        assert conn.scalar(sa.select(case.c.due_on).where(case.c.id == life.case_id)) == due_on


def test_days_of_a_running_notice_cannot_be_proposed(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life = case_at("notice", desk, engine)
    admin = open_as("admin")
    shown = admin.fill("/calendars/new", source=with_day_off(life.desk.today + timedelta(days=2)))
    assert shown.codes == ["calendar_of_running_notice"]
    assert 'name="year"' not in shown.text


def test_year_is_proposed_as_previewed_confirmed_by_another_and_shown(engine: sa.Engine, open_as: Open) -> None:
    source = "# 来源：示例〔2033〕1号\n日期,类型,名称\n2033-10-03,休,国庆节\n2033-10-08,班,国庆节调休上班\n"
    admin = open_as("admin")
    shown = admin.fill("/calendars/new", source=source)
    assert "以前没有 2033 年的日历" in shown.text
    assert len(rows(shown, "与现在的日历的差别")) == 2
    other = admin.send("/calendars/new", shown, source=source + "2033-10-04,休,国庆节\n", year="2033")
    assert (other.status, "内容与预览时不同" in other.text) == (200, True)
    proposed = admin.send("/calendars/new", shown, year="2033")
    assert proposed.status == 303
    assert "2033" in admin.open("/calendars").text
    auditor = open_as("auditor")
    page = auditor.open(proposed.leads_to)
    assert "2033年10月8日" in page.text
    digest = re.findall(r'name="digest" value="([0-9a-f]+)"', page.text)[0]
    assert auditor.send(f"{proposed.leads_to}/confirm", page, digest=digest).status == 303
    one = admin.open("/calendars?year=2033").text
    assert "3 日 国庆节 休" in one
    assert "8 日 国庆节调休上班 班" in one
    assert "来源：示例〔2033〕1号" in one
    again = admin.fill("/calendars/new", source=source)
    assert "与现在的 2033 年日历相同" in again.text
    assert 'name="year"' not in again.text
    with engine.connect() as conn:
        assert conn.scalar(sa.select(calendar_year.c.year).where(calendar_year.c.year == 2033)) == 2033


def test_wrong_lines_are_named_and_the_text_is_kept(open_as: Open) -> None:
    source = "日期,类型,名称\n2033-13-01,休,元旦\n2033-10-01,放,国庆\n2033-10-02,休,国庆\n2033-10-02,休,国庆\n"
    admin = open_as("admin")
    wrong = admin.fill("/calendars/new", source=source)
    assert wrong.refusal == (422, ["calendar_date", "calendar_day_twice", "calendar_kind"])
    assert all(f"第{number}行" in wrong.summary for number in (2, 3, 5))
    assert wrong.form["source"] == [source]
    assert admin.fill("/calendars/new", source="日期\n").refusal == (422, ["calendar_heading"])
    assert admin.fill("/calendars/new", source="").refusal == (422, ["answer_missing"])


@pytest.mark.parametrize("asked", ["", "1999", "nonsense", "99999999999999999999", "20２5"])
def test_year_that_is_not_loaded_shows_another(open_as: Open, asked: str) -> None:
    assert "2025 年工作日历" in open_as("admin").open(f"/calendars?year={asked}").text
