"""The auditor's room: ready lists, events in words and as they were hashed, and verification on the page."""

import hashlib
import html
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.accounts import NewGrant
from service.actions.confirmations import confirm, propose
from service.i18n.catalogue import LANGUAGES, catalogue
from service.imports.import_files import import_files
from service.queries.events import LISTS, SIGN_INS, TAKEN
from service.tables.cases import case
from service.tables.events import SUBJECTS, event
from service.tables.households import household
from tests.api_client import ApiClient
from tests.factories import create_organisation
from tests.lives import case_at
from tests.service import own_record
from tests.service.browser import Browser, browser_of
from tests.service.import_fixtures import Cell, workbook
from workflows.powers import POWERS
from workflows.vocabulary import Role

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
    with engine.connect() as conn:
        own = sa.select(household.c.file_no).where(household.c.id == life.family.household_id)
        assert f"只看一户 {conn.scalars(own).one()} ×" in family
    of_family = auditor.open(f"/events?family={life.family.household_id}").text
    assert all(words in of_family for words in ("查看完整信息", "批准"))
    only = auditor.open(f"/events?list=looks&actor_id={desk.office.people['registrar']}").text
    assert only.count("查看完整信息") <= before


def confirmed(engine: sa.Engine, desk: ApiClient, act: str, content: object, by: str, confirmer: str) -> None:
    """Let one person propose a write and another confirm it."""
    with engine.begin() as conn:
        proposer, second = (desk.office.context(conn, name, desk.today) for name in (by, confirmer))
        proposal = propose(conn, act, content, proposer)
        confirm(conn, proposal.id, proposal.digest, second)


def rows_of(page: str) -> list[str]:
    """Return the words of each row of the list of events."""
    rows = re.findall(r"<tr><th scope=\"row\".*?</tr>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in rows]


def test_list_says_who_confirmed_what_and_which_power_was_given_to_whom(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    """A row said that somebody had confirmed something for an account with a number."""
    witness, until = desk.office.people["witness"], date(2026, 12, 31)
    grant = NewGrant(witness, desk.office.unit_id, Role.APPROVER, desk.today, until, tier=2)
    confirmed(engine, desk, "grant", grant, "admin", "approver_3")
    auditor = open_as("auditor")
    [given] = [each for each in rows_of(auditor.open("/events?list=powers").text) if "授予角色" in each]
    assert given.endswith("2025年9月1日 09:30 admin 授予角色 · 审批人 2 approver_3 已确认 账号 witness")
    proposed, second = rows_of(auditor.open("/events?subject=confirmation").text)
    assert "确认 · 授权" in proposed
    assert "提出 · 授权" in second
    number = given.split()[0]
    said = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", auditor.open(f"/events/{number}").text)
    assert {("角色", "审批人"), ("审批级别", "2"), ("至", "2026年12月31日")} <= set(said)


def test_list_of_powers_has_no_sign_ins_and_every_event_of_accounts_is_in_a_list(
    engine: sa.Engine, open_as: Open
) -> None:
    """The powers that were given were pages away, below everybody's sign-ins."""
    auditor = open_as("auditor")
    shown = rows_of(auditor.open("/events?list=powers").text)
    assert shown
    assert not [each for each in shown if "登录" in each or "密码" in each]
    assert "登录" in auditor.open("/events?list=sign_ins").text
    actions = {action for subject, action in POWERS if subject in {"account", "unit"}}
    with engine.connect() as conn:
        rows = sa.select(event.c.action).where(
            event.c.subject.in_(("account", "unit")),
            sa.not_(sa.or_(*(LISTS[name].rows for name in ("powers", "tokens", "sign_ins", "taken", "looks")))),
        )
        assert set(conn.scalars(rows)) <= {"anchor", "resend_notification"}
    assert {*SIGN_INS, *TAKEN} <= actions


def test_row_recorded_for_another_names_them_and_imports_are_a_ready_list(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    row: dict[str, Cell] = {"单位": "示例县总工会", "日期": desk.today, "方向": "收到", "活动名称": "献爱心"}
    row |= {"组织单位": "县总工会", "交付何处": "专户", "金额": "100.00", "登记人": desk.office.login("registrar")}
    path = workbook(tmp_path / "捐款.xlsx", 捐款=[row])
    with engine.begin() as conn:
        made = import_files(conn, [path], desk.office.context(conn, "admin", desk.today)).import_id
    auditor = open_as("auditor")
    [of_row] = [each for each in rows_of(auditor.open("/events?list=for_others").text) if "登记捐" in each]
    assert "admin 代 registrar" in of_row
    listed = auditor.open("/events?list=imports").text
    assert f'href="/imports/past/{made}"' in listed
    assert "/events?list=imports" in auditor.open("/audit").text


def test_search_names_the_files_that_it_found(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    life, auditor = case_at("payment", desk, engine), open_as("auditor")
    with engine.connect() as conn:
        own = sa.select(household.c.file_no).where(household.c.id == life.family.household_id)
        file_no = conn.scalars(own).one()
    assert open_as("registrar").open("/search?q=示例甲").status == 200
    found = auditor.open(f"/events?list=looks&actor_id={desk.office.people['registrar']}").text
    [number] = re.findall(r'href="/events/(\d+)"', found)
    said = auditor.open(f"/events/{number}").text
    assert f"<dt>查到的人（档案号）</dt><dd>{file_no}</dd>" in said


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
