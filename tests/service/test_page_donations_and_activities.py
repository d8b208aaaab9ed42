"""Donations and activities at the desk: lists with their sums, new ones, and corrections and voids by two people."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.confirmations import confirm
from service.tables.activities import activity
from service.tables.confirmations import confirmation
from service.tables.donations import donation
from tests.api_client import ApiClient
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]


@dataclass(frozen=True)
class Kind:
    """One kind of record: its place, its table, what a form says of one, and the words that its pages show."""

    name: str
    place: str
    table: sa.Table
    typed: dict[str, str]
    sum_label: str
    title: str
    filtered: tuple[str, str]
    """A filter that the record fits, and one that it does not."""

    words: tuple[str, ...]
    act: str


DONATION = Kind(
    "donation",
    "/donations",
    donation,
    {
        "direction": "received",
        "campaign": "金秋献爱心",
        "organiser": "县总工会",
        "handed_to": "帮扶中心",
        "donors": "12",
    },
    "金额（元）",
    "campaign",
    ("direction=received&campaign=献爱", "direction=passed_on"),
    ("收到", "金秋献爱心", "县总工会", "帮扶中心", "12", "1,234.50"),
    "捐款",
)
ACTIVITY = Kind(
    "activity",
    "/activities",
    activity,
    {"title": "职工读书会", "kind": "culture", "participants": "30"},
    "支出（元）",
    "title",
    ("kind=culture&title=读书", "kind=sport"),
    ("文化", "职工读书会", "30", "501", "1,234.50"),
    "活动",
)
KINDS = pytest.mark.parametrize("kind", [DONATION, ACTIVITY], ids=lambda kind: kind.name)


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def cells(page: str, label: str) -> list[str]:
    """Return the texts of the cells under a column."""
    found = re.findall(rf'data-label="{label}"[^>]*>(.*?)</t[dh]>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in found]


def made(browser: Browser, kind: Kind, **more: str) -> str:
    """Record one by its form, and return its id."""
    answer = browser.fill(f"{kind.place}/new", **{**kind.typed, "amount": "1,234.50", **more})
    assert answer.status == 303, answer.summary
    return answer.leads_to.rpartition("/")[2].partition("?")[0]


def column(engine: sa.Engine, kind: Kind, record_id: str, name: str) -> Any:
    with engine.connect() as conn:
        return conn.scalar(sa.select(kind.table.c[name]).where(kind.table.c.id == record_id))


@KINDS
def test_record_is_made_on_the_page_and_shown(open_as: Open, kind: Kind) -> None:
    registrar = open_as("registrar")
    wrong = registrar.fill(f"{kind.place}/new", amount="12.345", on="2025-02-30")
    assert wrong.refusal == (422, ["answer_missing", "not_a_date", "not_money"])
    assert [bool(wrong.problems_at(each)) for each in ("amount", "on", kind.title)] == [True] * 3
    record_id = made(registrar, kind)
    page = open_as("auditor").open(f"{kind.place}/{record_id}").text
    assert all(words in page for words in (*kind.words, "有效", "registrar"))
    assert f"/events?subject={kind.name}&amp;subject_id={record_id}" in page
    again = registrar.fill(f"{kind.place}/new", **kind.typed, amount="1234.50")
    assert again.refusal == (409, ["recorded_already"])
    made(registrar, kind, confirmed_repeat="yes")
    assert open_as("visitor_1").open(f"{kind.place}/new").refusal == (403, ["role_missing"])


@KINDS
def test_list_counts_sums_and_filters(desk: ApiClient, engine: sa.Engine, open_as: Open, kind: Kind) -> None:
    registrar = open_as("registrar")
    assert f"点“登记{kind.act}”" in registrar.open(kind.place).text
    ids = [made(registrar, kind, **{kind.title: f"{kind.typed[kind.title]}{number}"}) for number in range(2)]
    with engine.begin() as conn:
        voided = kind.table.update().where(kind.table.c.id == ids[0])
        conn.execute(voided.values(voided_on=desk.today, void_reason="没有"))
    page = registrar.open(kind.place).text
    assert "共 2 条，未作废的合计 1,234.50 元" in page
    assert cells(page, kind.sum_label) == ["1,234.50", "1,234.50"]
    assert cells(page, "状态") == ["有效", "已作废"]
    fits, fits_not = kind.filtered
    assert len(cells(registrar.open(f"{kind.place}?{fits}").text, "状态")) == 2
    assert "没有符合条件的记录" in registrar.open(f"{kind.place}?{fits_not}").text
    assert cells(registrar.open(f"{kind.place}?record_state=voided").text, "状态") == ["已作废"]
    unreadable = f"from=x&unit_id=x&{fits_not.partition('=')[0]}=x"
    assert len(cells(registrar.open(f"{kind.place}?{unreadable}").text, "状态")) == 2
    _note, header, *rows = registrar.take(f"/exports{kind.place}/csv?{fits}")
    assert [row[header.index(kind.sum_label)] for row in rows] == ["1234.50", "1234.50"]
    assert [row[header.index("作废理由")] for row in rows] == ["", "没有"]


@KINDS
def test_correction_and_void_wait_for_a_second_person(
    desk: ApiClient, engine: sa.Engine, open_as: Open, kind: Kind
) -> None:
    registrar = open_as("registrar")
    record_id = made(registrar, kind)
    path = f"{kind.place}/{record_id}"
    assert registrar.open(f"{path}/correction").form["amount"] == ["1234.50"]
    assert registrar.fill(f"{path}/correction", amount="1000").refusal == (422, ["answer_missing"])
    answer = registrar.fill(f"{path}/correction", amount="1000", reason="看错一位")
    assert answer.status == 303, answer.summary
    assert f"{kind.act}更正：已提出" in registrar.open(answer.leads_to).text
    assert column(engine, kind, record_id, "voided_on") is None, "what one person says changes nothing"
    with engine.begin() as conn:
        own = confirmation.c.proposed_by == desk.office.people["registrar"]
        act = confirmation.c.act == f"{kind.name}_correction"
        row = conn.execute(sa.select(confirmation).where(own, act)).one()
    waiting = open_as("reviewer").open(f"/confirmations/{row.id}").text
    assert f'<a href="{path}">' in waiting, "whoever confirms can look at the record"
    assert not re.findall(r"<dt>[a-z_]+</dt>", waiting), "every line has a label in words"
    assert not {*re.findall(r"<dd>([a-z_]+)</dd>", waiting)} - {"registrar"}, "every code has a word"
    with engine.begin() as conn:
        confirm(conn, row.id, row.digest.hex(), desk.office.context(conn, "reviewer", desk.today))
        later = conn.scalar(sa.select(kind.table.c.id).where(kind.table.c.corrects_id == UUID(record_id)))
    original, correction = registrar.open(path).text, registrar.open(f"{kind.place}/{later}").text
    assert all(words in original for words in ("已作废", "看错一位", f'href="{kind.place}/{later}"'))
    assert f"作废{kind.act}" not in original
    assert all(words in correction for words in ("1,000.00", f'href="{path}"', f"作废{kind.act}"))
    voided = registrar.fill(f"{kind.place}/{later}/void", reason="从未发生")
    assert voided.status == 303, voided.summary
    assert f"{kind.act}作废：已提出" in registrar.open(voided.leads_to).text
    assert registrar.fill(f"{path}/void", reason="再作废").refusal == (409, ["voided_already"])
