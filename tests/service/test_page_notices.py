"""Notices, objections and pairings across the caller's cases and families: lists, filters, and files."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.pairings import Pairing, record_pairing
from service.tables.notices import notice
from service.tables.pairings import pairing
from service.web.navigation import RECORD_LISTS
from tests.api_client import ApiClient
from tests.factories import Family, create_family, create_organisation
from tests.lives import NOTICE_OVER, Life, case_at
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def cells(page: str, label: str) -> list[str]:
    """Return the texts of the cells under a column."""
    found = re.findall(rf'data-label="{label}"[^>]*>(.*?)</t[dh]>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in found]


@pytest.fixture
def life(desk: ApiClient, engine: sa.Engine) -> Life:
    """Return a case that is on notice, with an objection that nobody has answered."""
    on_notice = case_at("notice", desk, engine)
    on_notice.act("registrar", "object", source="phone", objection="他家有两套房")
    return on_notice


def test_notices_are_listed_masked_with_the_objections_to_them(
    desk: ApiClient, engine: sa.Engine, open_as: Open, life: Life
) -> None:
    auditor, without = open_as("auditor"), case_at("approval", desk, engine)
    page = auditor.open("/notices").text
    with engine.connect() as conn:
        of_case = sa.select(notice.c.id).where(notice.c.case_id == life.case_id)
        notice_id = conn.scalar(of_case)
    assert "共 2 条 <" in page
    assert cells(page, "状态")[1] == "公示中"
    assert cells(page, "异议") == ["0", "1 1 件未答复"]
    assert all("*" in each for each in cells(page, "救助对象"))
    assert f'href="/notices/{notice_id}/print"' in page
    for query, shown in (
        ("posted=up", [life]),
        ("posted=over", [without]),
        ("objected=open", [life]),
        ("objected=any", [life]),
        ("from=2999-01-01", []),
        ("case_no=HA1999-000001", []),
        ("unit_id=00000000-0000-0000-0000-000000000007", []),
        ("posted=x&objected=x&from=x", [without, life]),
    ):
        found = re.findall(r'<a href="/cases/([0-9a-f-]{36})">', auditor.open(f"/notices?{query}").text)
        assert found == [each.case_id for each in shown], query


def test_objections_are_listed_without_what_they_say_until_they_are_answered(
    desk: ApiClient, open_as: Open, life: Life
) -> None:
    reviewer = open_as("reviewer")
    page = reviewer.open("/objections").text
    assert (cells(page, "异议渠道"), cells(page, "处理结果")) == (["电话"], ["未答复"])
    assert cells(page, "已等天数") == ["0"]
    assert f'href="/cases/{life.case_id}"' in page
    assert "两套房" not in page, "words that may give the objector away are on the page of the case"
    assert cells(reviewer.open("/objections?answer=open&source=phone").text, "异议渠道") == ["电话"]
    assert "没有符合条件的记录" in reviewer.open("/objections?answer=cleared").text
    desk.today += timedelta(days=3)
    assert cells(open_as("reviewer").open("/objections").text, "已等天数") == ["3"]
    life.act("reviewer_2", "answer_objection", outcome="cleared", answer="经实地查看，没有第二套房")
    page = open_as("reviewer").open("/objections?answer=cleared").text
    assert (cells(page, "处理结果"), cells(page, "已等天数")) == (["异议不成立"], ["—"])
    assert "第二套房" not in page


def test_objections_of_another_unit_are_not_listed(
    shared_app: Flask, engine: sa.Engine, open_as: Open, life: Life
) -> None:
    with engine.begin() as conn:
        elsewhere = ApiClient(shared_app.test_client(), create_organisation(conn), life.desk.today)
    assert life.case_id in open_as("auditor").open("/objections").text
    for path in ("/objections", "/notices"):
        page = browser_of(shared_app, engine, elsewhere, "auditor").open(path).text
        assert life.case_id not in page


@pytest.mark.usefixtures("life")
def test_notices_and_objections_are_exported_masked(open_as: Open) -> None:
    auditor = open_as("auditor")
    _note, header, row = auditor.take("/exports/notices/csv?posted=up")
    exported = dict(zip(header, row, strict=True))
    assert exported["公示地点"] == "单位公告栏"
    assert "*" in exported["救助对象"]
    assert exported["异议"] == "1"
    _note, header, row = auditor.take("/exports/objections/csv")
    assert dict(zip(header, row, strict=True))["处理结果"] == "未答复"
    assert "两套房" not in "".join(row)


@pytest.fixture
def family(desk: ApiClient, engine: sa.Engine) -> Family:
    """Return a family with which its unit was paired for a month, and with which it is paired again since."""
    unit_id, today = desk.office.unit_id, desk.today
    with engine.begin() as conn:
        made = create_family(conn, desk.office)
        context = desk.office.context(conn, "registrar", today)
        month = Pairing(unit_id, "连心一期", "县总工会", today - timedelta(days=40), today - timedelta(days=1))
        for each in (month, Pairing(unit_id, "连心二期", "县总工会", today)):
            record_pairing(conn, made.household_id, each, context)
    return made


def test_pairings_are_listed_with_their_ends(desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family) -> None:
    registrar, auditor = open_as("registrar"), open_as("auditor")
    page = registrar.open("/pairings").text
    assert cells(page, "结对项目") == ["连心二期", "连心一期"]
    assert cells(page, "状态") == ["结对中", "已期满"]
    assert cells(page, "截止日期") == ["—", "2025年8月31日"]
    assert all("*" in each for each in cells(page, "家庭"))
    assert f'href="/households/{family.household_id}"' in page
    with engine.connect() as conn:
        ids = list(conn.scalars(sa.select(pairing.c.id).where(pairing.c.household_id == family.household_id)))
    assert all(f'href="/pairings/{each}/correction"' in page for each in ids)
    assert "/correction" not in auditor.open("/pairings").text
    for query, shown in (
        ("period=running", ["连心二期"]),
        ("period=over", ["连心一期"]),
        ("programme_name=一期", ["连心一期"]),
        ("record_state=voided", []),
        (f"helper={desk.office.unit_id}", ["连心二期", "连心一期"]),
        ("helper=00000000-0000-0000-0000-000000000007", []),
        ("file_no=nobody", []),
        ("period=x&helper=x", ["连心二期", "连心一期"]),
    ):
        assert cells(auditor.open(f"/pairings?{query}").text, "结对项目") == shown, query


@pytest.mark.usefixtures("family")
def test_pairings_are_exported_with_their_ends(open_as: Open) -> None:
    _note, header, row = open_as("auditor").take("/exports/pairings/csv?period=over")
    exported = dict(zip(header, row, strict=True))
    assert (exported["结对项目"], exported["截止日期"]) == ("连心一期", "2025-08-31")
    assert "*" in exported["家庭"]


def test_every_list_of_records_leads_to_the_others_and_marks_its_place(shared_app: Flask, open_as: Open) -> None:
    with shared_app.test_request_context():
        paths = [shared_app.url_for(each.endpoint) for each in RECORD_LISTS]
    auditor = open_as("auditor")
    for path in paths:
        page = auditor.open(path).text
        tabs = page.partition('<ul class="tabs">')[2].partition("</ul>")[0]
        assert re.findall(r'href="([^"]+)"', tabs) == paths
        assert re.findall(r'href="([^"]+)" aria-current="page"', tabs) == [path]
        assert 'href="/gifts" aria-current="page"' in page.partition("</nav>")[0], "the menu marks where one is"


def test_notice_that_has_ended_stays_masked_in_the_list(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    case_at("approval", desk, engine)
    desk.today = NOTICE_OVER
    [name] = cells(open_as("auditor").open("/notices").text, "救助对象")
    assert re.fullmatch(r".\*.?", name)
