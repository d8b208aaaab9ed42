"""What people wrote about a case is read by those who work on it, on its page and by the API, and by nobody else."""

import html
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service.tables.events import event
from service.tables.notifications import notification
from tests.api_client import ApiClient
from tests.factories import create_organisation, grant
from tests.lives import ILLNESS, NOTICE_OVER, PAPERS, Life, start
from tests.service.browser import Browser, browser_of

CAUSE, STORY, OBJECTION = "丈夫住院三个月", "家里只有一张床", "他家有车\n停在楼下"
ANSWER, OPINION, RETURN = "车是单位的，已经核实", "同意，尽快发放", "缺少住院发票"
WORKING = ("registrar", "visitor_1", "verifier", "reviewer", "approver_1", "cashier")

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """Return a case that was returned, visited, objected to, answered and approved, each with words."""
    life = start(desk, engine, "hardship", "LIV", {"cause_text": CAUSE}).to("survey")
    life.act("visitor_1", "record_visit", **life.visited(), story=STORY)
    life.act("visitor_2", "confirm_visit")
    life.act("registrar", "add_papers", papers=PAPERS + ILLNESS)
    life.act("registrar", "finish_survey")
    life.to("review").act("reviewer", "return_to_survey", reason=RETURN)
    life.to("notice").act("registrar", "object", source="phone", objection=OBJECTION)
    life.act("reviewer_2", "answer_objection", outcome="cleared", answer=ANSWER)
    desk.today = NOTICE_OVER
    life.act("clock", "end_notice")
    life.act("approver_1", "approve", opinion=OPINION)
    return life


def words_of(life: Life, staff_name: str) -> list[dict[str, str] | None]:
    """Return the words of each event of the case, as the API gives them."""
    rows: list[dict[str, Any]] = life.desk.get(staff_name, f"/cases/{life.case_id}/events").get_json()["items"]
    return [row["words"] for row in rows]


def every_text(life: Life, staff_name: str) -> set[str]:
    return {text for words in words_of(life, staff_name) for text in (words or {}).values()}


@pytest.mark.parametrize("staff_name", [*WORKING, "auditor"])
def test_words_are_read_by_those_who_work_on_the_case_and_by_the_auditor(
    life: Life, open_as: Open, staff_name: str
) -> None:
    read = {CAUSE, STORY, OPINION, RETURN}
    if staff_name in {"registrar", "reviewer", "approver_1", "auditor"}:
        read |= {OBJECTION, ANSWER}
    assert every_text(life, staff_name) == read
    if staff_name != "auditor":  # a demo's auditor has no second factor
        page = html.unescape(open_as(staff_name).open(f"/cases/{life.case_id}").text)
        shown = {each for each in (CAUSE, STORY, OPINION, RETURN, OBJECTION, ANSWER) if each in page}
        assert shown == read


def test_objection_and_its_answer_stand_at_the_notice(life: Life, open_as: Open) -> None:
    page = html.unescape(open_as("reviewer").open(f"/cases/{life.case_id}").text)
    section = page[page.index('id="notices-title"') : page.index('id="timeline-title"')]
    assert section.index(OBJECTION) < section.index(ANSWER)


def test_words_of_two_objections_stay_apart(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life = start(desk, engine, "hardship", "LIV", {}).to("notice")
    for words in ("第一个异议", "第二个异议"):
        life.act("registrar", "object", source="written", objection=words)
    life.act("reviewer_2", "answer_objection", outcome="cleared", answer="答复了第一个")
    page = open_as("reviewer").open(f"/cases/{life.case_id}").text
    section = page[page.index('id="notices-title"') : page.index('id="timeline-title"')]
    order = [section.index(each) for each in ("第一个异议", "答复了第一个", "第二个异议")]
    assert order == sorted(order)


def test_clock_reads_no_words(life: Life) -> None:
    assert set(map(str, words_of(life, "clock"))) == {"None"}


def test_words_are_not_shown_to_the_role_of_another_unit(life: Life, engine: sa.Engine) -> None:
    """A clock over the case's unit who is a reviewer elsewhere sees the case, and none of its words."""
    with engine.begin() as conn:
        other = create_organisation(conn)
        other.people["guest"] = life.desk.office.people["clock"]
        grant(conn, other, "guest", "reviewer")
    assert every_text(life, "clock") == set()


def test_words_are_in_no_event_and_no_letter(life: Life, engine: sa.Engine) -> None:
    with engine.connect() as conn:
        bodies = " ".join(conn.scalars(sa.select(event.c.body).where(event.c.subject_id == life.case_id)))
        letters = conn.execute(sa.select(notification).where(notification.c.case_id == life.case_id)).mappings()
        said = bodies + " ".join(str(dict(row)) for row in letters)
    for words in (CAUSE, STORY, OBJECTION, ANSWER, OPINION, RETURN):
        assert words not in said
