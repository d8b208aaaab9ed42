"""Money at the desk: fund lines with their pots on any day, the journal of a line, receipts, allocations, payments."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask

from service.queries import fund_journal
from service.tables.confirmations import confirmation
from service.tables.funds import fund
from service.tables.ledger import ledger_entry
from tests.api_client import ApiClient
from tests.factories import create_family
from tests.lives import Life, case_at
from tests.service.browser import Browser, browser_of
from tests.service.policy_fixtures import TWICE_A_YEAR, load_own_policy
from workflows.money_format import in_yuan_with_thousands
from workflows.vocabulary import Pot

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def cells(page: str, label: str) -> list[str]:
    """Return the texts of the cells under a column."""
    found = re.findall(rf'data-label="{label}"[^>]*>(.*?)</t[dh]>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", each).strip() for each in found]


def test_journal_shows_each_entry_with_its_case_and_the_balance_after_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    life = case_at("receipt", desk, engine)
    path = f"/funds/{desk.office.fund_id}"
    page = open_as("auditor").open(path).text
    with engine.connect() as conn:
        line = conn.execute(sa.select(fund).where(fund.c.id == desk.office.fund_id)).mappings().one()
        of_line = ledger_entry.c.fund_id == desk.office.fund_id
        entries = conn.execute(sa.select(ledger_entry).where(of_line).order_by(ledger_entry.c.id.desc())).all()
    assert cells(page, "金额（元）")[: len(entries)] == [in_yuan_with_thousands(each.fen) for each in entries]
    balances, available = [], line["available_fen"]
    for each in entries:
        balances.append(in_yuan_with_thousands(available))
        moved = {each.target_pot: each.fen, each.source_pot: -each.fen}
        available -= moved.get(Pot.AVAILABLE.value, 0)
    assert (cells(page, "之后可用"), available) == (balances, 0)
    assert f"/cases/{life.case_id}" in page
    assert cells(page, "从 → 到")[0] == "在途 → 已发放"


def test_pots_of_a_past_day_are_those_of_the_entries_up_to_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    case_at("receipt", desk, engine)
    fund_id, auditor = desk.office.fund_id, open_as("auditor")
    with engine.connect() as conn:
        row = conn.execute(sa.select(fund).where(fund.c.id == fund_id)).mappings().one()
        days = list(conn.scalars(sa.select(ledger_entry.c.on).where(ledger_entry.c.fund_id == fund_id).distinct()))
        today_pots = fund_journal.pots_on(conn, fund_id, max(days))
        before = fund_journal.pots_on(conn, fund_id, min(days) - timedelta(days=1))
    assert {pot: row[f"{pot.value}_fen"] for pot in Pot} == dict(today_pots)
    assert set(before.values()) == {0}
    page = auditor.open(f"/funds/{fund_id}?on={min(days) - timedelta(days=1)}").text
    assert "这一天以前没有流水。" in page
    assert cells(page, "可用")[0] == "0.00"
    assert "回到今天" in page


@pytest.mark.parametrize("asked", ["2999-01-01", "nonsense", "2025-02-30"])
def test_day_that_is_not_yet_or_no_day_shows_today(desk: ApiClient, open_as: Open, asked: str) -> None:
    page = open_as("auditor").open(f"/funds/{desk.office.fund_id}?on={asked}").text
    assert f'value="{desk.today.isoformat()}"' in page


def test_receipt_is_proposed_on_the_page_and_counts_when_another_person_has_confirmed_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    path, cashier = f"/funds/{desk.office.fund_id}", open_as("cashier")
    received = cells(cashier.open(path).text, "累计到账")[0]
    wrong = cashier.fill(f"{path}/receipts/new", amount="0.001", document="", on="2025-02-30")
    assert wrong.refusal == (422, ["answer_missing", "not_a_date", "not_money"])
    assert [bool(wrong.problems_at(each)) for each in ("amount", "document", "on")] == [True] * 3
    on = desk.today.isoformat()
    answer = cashier.fill(f"{path}/receipts/new", amount="1,200.50", document="银收 88 号", on=on)
    assert answer.status == 303
    shown = cashier.open(answer.leads_to).text
    assert "到账登记：" in shown
    assert cells(shown, "累计到账")[0] == received, "what one person says is not money yet"
    with engine.connect() as conn:
        [act] = conn.scalars(
            sa.select(confirmation.c.act).where(
                confirmation.c.proposed_by == desk.office.people["cashier"], confirmation.c.state == "proposed"
            )
        )
    assert act == "receipt"


def test_list_adds_up_its_lines_and_filters_them(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    case_at("payment", desk, engine)
    auditor = open_as("auditor")
    page = auditor.open("/funds").text
    for label in ("累计到账", "可用", "已批待发"):
        *lines, total = [int(each.replace(",", "").replace(".", "")) for each in cells(page, label)]
        assert sum(lines) == total, label
    assert "没有符合条件的资金" in auditor.open("/funds?year=1999").text
    assert cells(auditor.open("/funds?source=nonsense").text, "可用") == cells(page, "可用")


@pytest.mark.parametrize("year", ["²²²²", "٢٠٢٥", "0000"])
def test_year_that_no_calendar_has_filters_nothing(open_as: Open, year: str) -> None:
    """Regression: digits that are no number, and the year 0, were answered with 500."""
    auditor = open_as("auditor")
    for path in ("/cases", "/inbox", "/funds", "/funds/years"):
        shown, all_of_it = auditor.open(f"{path}?year={quote(year)}"), auditor.open(path)
        assert (shown.status, cells(shown.text, "可用")) == (200, cells(all_of_it.text, "可用"))


def test_payments_are_listed_with_their_advice_counted_and_filtered(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    sent = case_at("transit", ApiClient(desk.http, desk.office, desk.today), engine)
    life = case_at("receipt", desk, engine)
    cashier = open_as("cashier")
    page = cashier.open("/payments").text
    assert f"/cases/{life.case_id}" in page
    assert f'<a href="/households/{life.family.household_id}">' in page, "who was paid is one click away"
    assert cells(page, "状态")[:2] == ["已到账", "已发出待回单"]
    only = cashier.open("/payments?state=sent").text
    assert f"/cases/{sent.case_id}" in only
    assert f"/cases/{life.case_id}" not in only
    assert "已发出待回单 ×" in only
    unsigned = cashier.open("/payments?no_receipt=1").text
    assert f"/cases/{life.case_id}" in unsigned
    assert f"/cases/{life.case_id}" in cashier.open("/payments?source=OWN").text
    assert "没有符合条件的发放记录" in cashier.open("/payments?source=CEN").text
    later = desk.today + timedelta(days=400)
    assert "没有符合条件的发放记录" in cashier.open(f"/payments?paid_from={later}").text


def test_second_payment_to_a_family_for_one_item_in_a_year_is_found(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    first = desk.today
    with engine.begin() as conn:
        family = create_family(conn, desk.office, division=load_own_policy(desk, TWICE_A_YEAR))
    lives = []
    for person_id in (family.head_id, family.child_id):
        client = ApiClient(desk.http, desk.office, first)
        ids = {"household_id": str(family.household_id), "beneficiary_id": str(person_id)}
        body = {"programme": "hardship", **ids, "item": "LIV", "requested": "3000.00", "answers": {}}
        opened = client.post("registrar", "/cases", body)
        assert opened.status_code == 201, opened.get_json()
        lives.append(Life(client, family, opened.get_json()["id"]))
    lives[0].to("receipt", "500.00")
    only_one = open_as("auditor").open("/payments?again=1").text
    assert f"/cases/{lives[0].case_id}" not in only_one
    lives[1].desk.today = first
    lives[1].to("receipt", "500.00")
    both = open_as("auditor").open("/payments?again=1").text
    assert all(f"/cases/{life.case_id}" in both for life in lives)
    assert "同一户同一项目当年不止一笔 ×" in both


def test_new_line_is_proposed_with_its_source_and_confirmed_with_its_sum_in_yuan(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    """The form called the source of the money the channel of an objection, and the confirmer read its sum in fen."""
    cashier, code = open_as("cashier"), f"PRV-{desk.office.unit_id.hex[-6:]}"
    form = cashier.open("/funds/new").text
    assert "异议渠道" not in form
    assert "资金来源" in form
    line = {"code": code, "title": "省级帮扶资金", "source": "PRV", "year": "2025", "document": "示财〔2025〕3号"}
    line |= {"opens_on": "2025-01-01", "expires_on": "2025-12-31", "expected": "30,000.00"}
    answer = cashier.fill("/funds/new", **line, unit_id=str(desk.office.unit_id), items=["LIV", "MED"])
    assert answer.status == 303, answer.summary
    with engine.connect() as conn:
        own = confirmation.c.proposed_by == desk.office.people["cashier"], confirmation.c.act == "fund_line"
        proposal_id = conn.scalars(sa.select(confirmation.c.id).where(*own)).one()
    page = open_as("approver_3").open(f"/confirmations/{proposal_id}").text
    lines = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page)
    assert lines[:3] == [("代码", code), ("名称", "省级帮扶资金"), ("预计到账", "30,000.00")]
    assert ("准许用途", "生活救助、医疗救助") in lines
    assert ("截止日", "2025年12月31日") in lines
