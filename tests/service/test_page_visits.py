"""Visits at the desk: the list with its filters, one visit, and those outside cases: new, corrected, void."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.confirmations import confirm
from service.tables.confirmations import confirmation
from service.tables.households import household
from service.tables.visits import visit
from tests.api_client import ApiClient
from tests.factories import Family, create_family
from tests.lives import case_at
from tests.service.browser import Browser, Page, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


@pytest.fixture
def family(desk: ApiClient, engine: sa.Engine) -> Family:
    """Return a family of the organisation."""
    with engine.begin() as conn:
        return create_family(conn, desk.office)


def cells(page: str, label: str) -> list[str]:
    """Return the texts of the cells under a column."""
    found = re.findall(rf'data-label="{label}"[^>]*>(.*?)</t[dh]>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in found]


def file_no(engine: sa.Engine, family: Family) -> str:
    with engine.connect() as conn:
        return str(conn.scalar(sa.select(household.c.file_no).where(household.c.id == family.household_id)))


def visited(browser: Browser, desk: ApiClient, **more: Any) -> Page:
    """Send the form of a visit outside cases."""
    typed = {"kind": "festival", "occasion": "mid_autumn", "place": "home"}
    typed |= {"visitors": str(desk.office.people["visitor_1"])}
    return browser.fill("/visits/new", **typed | more)


def test_visit_outside_cases_is_recorded_on_the_page_and_shown(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    visitor, number = open_as("visitor_1"), file_no(engine, family)
    assert "入户调查和回访在个案页面记录" in visitor.open("/visits/new").text
    wrong = visited(visitor, desk, on="2025-02-30", place="")
    assert wrong.refusal == (422, ["answer_missing", "not_a_date"])
    unknown = visited(visitor, desk, household_id="没有这户")
    assert unknown.refusal == (422, ["file_no_unknown"])
    assert unknown.problems_at("household_id")
    needed = visited(visitor, desk, kind="hardship", occasion="")
    assert needed.refusal == (422, ["answer_missing"])
    assert needed.problems_at("household_id")
    assert visitor.open(f"/visits/new?file_no={number}").form["household_id"] == [number]
    done = visited(visitor, desk, household_id=number, story="冬衣不够", companions="2")
    assert done.status == 303, done.summary
    page = visitor.open(done.leads_to).text
    assert all(words in page for words in ("节日慰问", "中秋", "家中", "visitor_1", number, "冬衣不够", "更正走访"))
    assert "冬衣不够" not in open_as("clock").open(done.leads_to).text
    assert visited(visitor, desk, household_id=number).refusal == (409, ["recorded_already"])
    assert f'href="{done.leads_to.partition("?")[0]}"' in visitor.open(f"/households/{family.household_id}").text


def test_list_shows_visits_of_cases_with_who_has_confirmed_them(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    life = case_at("survey", desk, engine)
    life.act("visitor_1", "record_visit", **life.visited())
    auditor = open_as("auditor")
    visited(open_as("visitor_1"), desk, household_id=file_no(engine, family))
    page = auditor.open("/visits").text
    assert "共 2 条 <" in page
    assert cells(page, "走访人确认") == ["—", "待确认"]
    assert cells(page, "类别") == ["节日慰问 · 中秋", "入户调查"]
    assert f'href="/cases/{life.case_id}"' in page
    assert cells(auditor.open("/visits?confirmed=no").text, "类别") == ["入户调查"]
    assert "没有符合条件的记录" in auditor.open("/visits?confirmed=yes").text
    life.act("visitor_2", "confirm_visit")
    assert cells(auditor.open("/visits?confirmed=yes").text, "走访人确认") == ["均已确认"]
    assert f'href="/visits?case_id={life.case_id}"' in auditor.open(f"/cases/{life.case_id}").text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("kind=festival", 1),
        ("kind=survey", 0),
        ("visitor={visitor_1}", 1),
        ("visitor={visitor_2}", 0),
        ("file_no={file_no}", 1),
        ("file_no=nobody", 0),
        ("to=1999-01-01", 0),
        ("record_state=live", 1),
        ("record_state=voided", 0),
        ("case_id=00000000-0000-0000-0000-000000000007", 0),
        ("kind=x&visitor=x&confirmed=x&case_id=x&from=x", 1),
    ],
)
def test_list_is_filtered(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family, query: str, shown: int
) -> None:
    visitor, number = open_as("visitor_1"), file_no(engine, family)
    assert visited(visitor, desk, household_id=number).status == 303
    people = {name: str(row_id) for name, row_id in desk.office.people.items()}
    page = visitor.open(f"/visits?{query.format(file_no=number, **people)}").text
    assert len(cells(page, "类别")) == shown


def test_list_is_exported_masked(desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family) -> None:
    visited(open_as("visitor_1"), desk, household_id=file_no(engine, family), story="冬衣不够")
    _note, header, row = open_as("auditor").take("/exports/visits/csv?kind=festival")
    exported = dict(zip(header, row, strict=True))
    assert (exported["类别"], exported["时机"], exported["走访人"]) == ("节日慰问", "中秋", "visitor_1")
    assert "*" in exported["家庭"]
    assert "冬衣不够" not in "".join(row)


def test_visit_of_a_family_that_has_moved_says_nothing_of_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    number = file_no(engine, family)
    made = visited(open_as("visitor_1"), desk, household_id=number)
    with engine.begin() as conn:
        moved = household.update().where(household.c.id == family.household_id)
        conn.execute(moved.values(unit_path="/elsewhere/"))
    for path in ("/visits", made.leads_to.partition("?")[0]):
        page = open_as("auditor").open(path).text
        assert "节日慰问" in page
        assert not re.search(rf"{number}|{family.household_id}", page)


def test_correction_and_void_wait_for_a_second_person(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    registrar, number = open_as("registrar"), file_no(engine, family)
    path = visited(registrar, desk, household_id=number).leads_to.partition("?")[0]
    form = registrar.open(f"{path}/correction").form
    assert (form["household_id"], form["visitors"]) == ([number], [str(desk.office.people["visitor_1"])])
    answer = registrar.fill(f"{path}/correction", place="hospital", reason="在医院见的")
    assert answer.status == 303, answer.summary
    assert "走访更正：已提出" in registrar.open(answer.leads_to).text
    with engine.begin() as conn:
        own = confirmation.c.proposed_by == desk.office.people["registrar"]
        row = conn.execute(sa.select(confirmation).where(own, confirmation.c.act == "visit_correction")).one()
    waiting = open_as("reviewer").open(f"/confirmations/{row.id}").text
    assert all(words in waiting for words in (f'<a href="{path}">', "医院", "节日慰问", "中秋", "走访人"))
    assert not re.findall(r"<dt>[a-z_]+</dt>", waiting), "every line has a label in words"
    with engine.begin() as conn:
        confirm(conn, row.id, row.digest.hex(), desk.office.context(conn, "reviewer", desk.today))
        later = conn.scalar(sa.select(visit.c.id).where(visit.c.corrects_id == path.rpartition("/")[2]))
    original = registrar.open(path).text
    assert all(words in original for words in ("已作废", "在医院见的", f'href="/visits/{later}"'))
    voided = registrar.fill(f"/visits/{later}/void", reason="没有去")
    assert "走访作废：已提出" in registrar.open(voided.leads_to).text


def test_visit_of_a_case_is_put_right_in_the_case(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life, visitor = case_at("survey", desk, engine), open_as("visitor_1")
    life.act("visitor_1", "record_visit", **life.visited())
    [path] = re.findall(r'href="(/visits/[0-9a-f-]{36})"', visitor.open("/visits").text)
    page = visitor.open(path).text
    assert f'href="/cases/{life.case_id}"' in page
    assert "情况属实" in page
    assert "作废走访" not in page, "its page offers nothing that the action refuses"
    assert visitor.fill(f"{path}/void", reason="没有去").refusal == (409, ["visit_of_case"])


def test_visit_leads_to_the_gifts_that_were_given_on_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    visitor = open_as("visitor_1")
    path = visited(visitor, desk, household_id=file_no(engine, family)).leads_to.partition("?")[0]
    visit_id = path.rpartition("/")[2]
    typed = {"item": "KIND", "goods": "月饼", "goods_unit": "盒", "purpose": "中秋慰问", "account_code": "502"}
    typed |= {"handed_by": str(desk.office.people["visitor_1"]), "signed_by_family": "yes", "visit_id": visit_id}
    made = visitor.fill(f"/households/{family.household_id}/gifts/goods", **typed)
    assert made.status == 303, made.summary
    assert f'href="{path}"' in visitor.open(made.leads_to).text
    assert f'href="/gifts?visit_id={visit_id}"' in visitor.open(path).text
    of_visit = visitor.open(f"/gifts?visit_id={visit_id}").text
    assert cells(of_visit, "金额（元）或物品") == ["月饼 盒"]
    assert "一次走访时的慰问 ×" in of_visit
    refused = visitor.fill(f"{path}/void", reason="没有去")
    assert refused.refusal == (409, ["visit_has_gifts"])
