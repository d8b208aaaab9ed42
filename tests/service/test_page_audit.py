"""The auditor's room: ready lists, events in words and as they were hashed, and verification on the page."""

import hashlib
import html
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from service.i18n.catalogue import LANGUAGES, catalogue
from service.queries.events import LISTS
from service.tables.cases import case
from service.tables.events import SUBJECTS, event
from tests.api_client import ApiClient
from tests.factories import create_organisation
from tests.lives import case_at
from tests.service import own_record
from tests.service.browser import Browser, browser_of
from workflows.powers import POWERS

database_url, engine, shared_app = own_record.database_url, own_record.engine, own_record.shared_app

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_event_subject_and_ready_list_has_words(lang: str) -> None:
    known = catalogue(lang)
    wanted = {f"terms.event_action.{action}" for subject, action in POWERS if subject != "case"}
    wanted |= {f"terms.subject.{each}" for each in SUBJECTS} | {f"terms.event_list.{each}" for each in LISTS}
    assert wanted - known.keys() == set()


def test_event_is_shown_with_the_bytes_that_its_hash_is_of(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life, auditor = case_at("approval", desk, engine), open_as("auditor")
    listed = auditor.open(f"/events?subject=case&subject_id={life.case_id}").text
    numbers = [int(each) for each in re.findall(r'href="/events/(\d+)"', listed)]
    with engine.connect() as conn:
        rows = conn.execute(
            sa.select(event).where(event.c.subject_id == life.case_id).order_by(event.c.no.desc())
        ).all()
    assert numbers == [each.no for each in rows]
    approved = next(each.no for each in rows if each.action == "pass_review")
    said = auditor.open(f"/events/{approved}").text
    assert "<dt>拟救助金额</dt><dd>1,500.00</dd>" in said.replace("\n", "")
    for row in rows[:3]:
        page = auditor.open(f"/events/{row.no}").text
        body = html.unescape(page.partition("<pre")[2].partition(">")[2].partition("</pre>")[0])
        assert hashlib.sha256(row.prev + body.encode()).digest() == row.hash
        assert "哈希相符" in page
        assert row.hash.hex() in page


def test_looks_at_a_family_are_listed_with_who_looked(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life, auditor = case_at("payment", desk, engine), open_as("auditor")
    before = auditor.open("/events?list=looks").text.count("查看完整信息")
    cashier = open_as("cashier")
    shown = cashier.open(f"/cases/{life.case_id}")
    fields = {"_csrf": shown.form["_csrf"], "_key": "look-0001", "purpose": "payment"}
    cashier.http.post(f"/cases/{life.case_id}/payee/reveal", data=fields, headers=cashier.headers)
    page = auditor.open("/events?list=looks").text
    assert page.count("查看完整信息") == before + 1
    family = auditor.open(f"/events?list=looks&family={life.family.household_id}").text
    assert family.count("查看完整信息") == 1, "of one family alone"
    of_family = auditor.open(f"/events?family={life.family.household_id}").text
    assert all(words in of_family for words in ("查看完整信息", "批准"))
    only = auditor.open(f"/events?list=looks&actor_id={desk.office.people['registrar']}").text
    assert only.count("查看完整信息") <= before


@pytest.mark.parametrize(
    "query", ["list=nonsense", "subject=x", "subject_id=x", "actor_id=x", "from=2025-02-30", "action=';--"]
)
def test_filter_that_cannot_be_read_filters_nothing(
    desk: ApiClient, engine: sa.Engine, open_as: Open, query: str
) -> None:
    case_at("draft", desk, engine)
    auditor = open_as("auditor")
    assert auditor.open(f"/events?{query}").text.count("/events/") == auditor.open("/events").text.count("/events/")


def test_room_verifies_the_log_on_the_page(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    case_at("receipt", desk, engine)
    auditor = open_as("auditor")
    assert "现在核验" in auditor.open("/audit").text
    page = auditor.open("/audit/verification")
    assert page.status == 200
    with engine.connect() as conn:
        count = conn.scalar(sa.select(sa.func.count()).select_from(event))
    assert re.search(rf"<dt>事件</dt><dd>{count}</dd>", page.text)


def test_fault_in_a_record_of_another_unit_is_counted_and_not_named(
    desk: ApiClient, engine: sa.Engine, open_as: Open, shared_app: Flask
) -> None:
    """Why: an auditor of one county must not learn the ids of the families of another."""
    with engine.begin() as conn:
        beside = create_organisation(conn)
    life = case_at("draft", desk, engine)
    altered = case.update().where(case.c.id == life.case_id)
    with engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(altered.values(requested_fen=case.c.requested_fen + 1))
    elsewhere = browser_of(shared_app, engine, ApiClient(desk.http, beside, desk.today), "auditor")
    own, other = (each.open("/audit/verification").text for each in (open_as("auditor"), elsewhere))
    assert life.case_id in own
    assert life.case_id not in other
    assert "不在你的单位里" in other
    with engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(altered.values(requested_fen=case.c.requested_fen - 1))


@pytest.mark.parametrize("path", ["/audit", "/audit/verification", "/events", "/events/1"])
def test_only_auditors_open_the_room(open_as: Open, path: str) -> None:
    assert open_as("approver_1").open(path).refusal == (403, ["role_missing"])
