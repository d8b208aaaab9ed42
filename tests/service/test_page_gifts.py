"""Gifts at the desk: the list with its filters and sum, one gift, goods at once, money with a second person."""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions import gifts
from service.actions.confirmations import confirm
from service.actions.gift_checks import NewGift
from service.queries import gifts as read
from service.tables.confirmations import confirmation
from service.tables.events import event
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from tests.api_client import ApiClient
from tests.factories import Family, create_family
from tests.service.browser import Browser, browser_of
from workflows.vocabulary import Fen

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


def goods_to(desk: ApiClient, engine: sa.Engine, family: Family, **more: Any) -> UUID:
    """Record rice for a family."""
    values: dict[str, Any] = {
        "on": desk.today,
        "item": "KIND",
        "purpose": "慰问",
        "account_code": "502",
        "signed_by_family": True,
    }
    values |= {"goods": "米", "goods_unit": "袋", "quantity": 2, "handed_by": desk.office.people["visitor_1"]}
    with engine.begin() as conn:
        new = NewGift(desk.office.unit_id, family.household_id, **values | more)
        return gifts.record_gift(conn, new, desk.office.context(conn, "registrar", desk.today))


def money_to(desk: ApiClient, engine: sa.Engine, family: Family, fen: int, **more: Any) -> UUID:
    """Record money for a family that its approver and the visitor have confirmed."""
    people = desk.office.people
    values: dict[str, Any] = {
        "on": desk.today,
        "item": "SWN",
        "purpose": "春节",
        "account_code": "502",
        "signed_by_family": False,
    }
    values |= {"fen": Fen(fen), "fund_id": desk.office.fund_id, "approved_by": people["approver_1"]}
    with engine.begin() as conn:
        new = NewGift(desk.office.unit_id, family.household_id, **values | {"handed_by": people["visitor_1"]} | more)
        return gifts.record_gift(conn, new, desk.office.seconded(conn, "approver_1", desk.today, by="visitor_1"))


def cells(page: str, label: str) -> list[str]:
    """Return the texts of the cells under a column."""
    found = re.findall(rf'data-label="{label}"[^>]*>(.*?)</t[dh]>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in found]


def file_no(engine: sa.Engine, family: Family) -> str:
    with engine.connect() as conn:
        return str(conn.scalar(sa.select(household.c.file_no).where(household.c.id == family.household_id)))


def test_list_counts_and_sums_the_gifts_that_are_not_void(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    money = [money_to(desk, engine, family, fen, purpose=f"第{fen}") for fen in (20_000, 30_000)]
    goods_to(desk, engine, family)
    with engine.begin() as conn:
        context = desk.office.seconded(conn, "approver_1", desk.today, by="approver_3")
        gifts.void_gift(conn, money[0], "没有给", context)
    page = open_as("auditor").open("/gifts").text
    assert "共 3 条，未作废的合计 300.00 元" in page
    assert cells(page, "金额（元）或物品") == ["米 2 袋", "300.00", "200.00"]
    assert cells(page, "状态") == ["有效", "有效", "已作废"]
    assert all(f"/gifts/{each}" in page for each in money)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("given=money", ["300.00"]),
        ("given=goods", ["米 2 袋"]),
        ("item=SWN", ["300.00"]),
        ("signed=no", ["300.00"]),
        ("purpose=春", ["300.00"]),
        ("purpose=%25", []),
        ("record_state=voided", []),
        ("from=2999-01-01", []),
        ("to=1999-01-01", []),
        ("file_no={file_no}", ["米 2 袋", "300.00"]),
        ("file_no=nobody", []),
        ("unit_id=00000000-0000-0000-0000-000000000007", []),
        ("item=nonsense&given=x&signed=&from=2025-02-30&visit_id=x", ["米 2 袋", "300.00"]),
    ],
)
def test_list_is_filtered(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family, query: str, shown: list[str]
) -> None:
    money_to(desk, engine, family, 30_000)
    goods_to(desk, engine, family)
    page = open_as("auditor").open(f"/gifts?{query.format(file_no=file_no(engine, family))}").text
    assert cells(page, "金额（元）或物品") == shown
    assert ("没有符合条件的记录" in page) is (not shown)


def test_empty_list_says_what_to_do(open_as: Open) -> None:
    assert "填档案号，点“登记慰问”" in open_as("registrar").open("/gifts").text


def test_list_masks_the_family_and_says_nothing_of_one_that_has_moved(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    goods_to(desk, engine, family)
    number = file_no(engine, family)
    [shown] = cells(open_as("auditor").open("/gifts").text, "家庭")
    assert shown.startswith(f"{number} ")
    assert "*" in shown
    with engine.begin() as conn:
        to_another = {"unit_path": "/elsewhere/"}
        conn.execute(household.update().where(household.c.id == family.household_id).values(**to_another))
    page = open_as("auditor").open("/gifts").text
    assert cells(page, "家庭") == ["—"]
    assert not re.search(rf"{number}|{family.household_id}", page)


def test_pages_of_a_long_list_follow_each_other(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    made = {str(goods_to(desk, engine, family, goods=f"米{number}")) for number in range(35)}
    auditor = open_as("auditor")
    first = auditor.open("/gifts").text
    assert "共 35 条" in first
    [following] = re.findall(r'href="(/gifts\?after=[^"]+)" rel="next"', first)
    second = auditor.open(following).text
    found = [re.findall(r'href="/gifts/([0-9a-f-]{36})"', each) for each in (first, second)]
    assert [len(each) for each in found] == [30, 5]
    assert set(found[0] + found[1]) == made


def test_count_beyond_the_limit_says_that_there_are_more(desk: ApiClient, engine: sa.Engine, family: Family) -> None:
    for number in range(3):
        goods_to(desk, engine, family, goods=f"油{number}")
    with engine.connect() as conn:
        caller = desk.office.context(conn, "auditor", desk.today).caller
        page, total = read.page_with_total(conn, caller, {}, None, 2, most=2)
    assert (total.count, total.has_more, total.fen) == (2, True, None)
    assert len(page.rows) == 2


def test_goods_are_recorded_from_the_file_number_and_shown(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    visitor = open_as("visitor_1")
    unknown = visitor.open("/gifts/new?file_no=没有这户")
    assert unknown.refusal == (200, ["file_no_unknown"])
    path = visitor.open(f"/gifts/new?file_no={file_no(engine, family)}").leads_to
    assert path == f"/households/{family.household_id}/gifts/goods"
    wrong = visitor.fill(path, item="KIND", goods="", on="2025-02-30")
    assert wrong.refusal == (422, ["answer_missing", "not_a_date"])
    assert [bool(wrong.problems_at(each)) for each in ("on", "purpose", "handed_by")] == [True] * 3
    typed = {"item": "KIND", "goods": "米", "goods_unit": "袋", "purpose": "入冬慰问", "account_code": "502"}
    typed |= {"handed_by": str(desk.office.people["visitor_1"]), "signed_by_family": "yes"}
    done = visitor.fill(path, **typed)
    assert done.status == 303, done.summary
    page = visitor.open(done.leads_to).text
    assert "已保存。" in page
    assert all(words in page for words in ("入冬慰问", "米 袋", "家属已签收", "更正慰问", "作废慰问"))
    again = visitor.fill(path, **typed)
    assert again.refusal == (409, ["recorded_already"])
    assert visitor.fill(path, **typed, confirmed_repeat="yes").status == 303


def test_money_is_proposed_by_its_approver_and_counts_when_who_hands_it_over_has_confirmed_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    path, approver = f"/households/{family.household_id}/gifts/money", open_as("approver_1")
    assert open_as("registrar").open(path).refusal == (403, ["role_missing"])
    typed = {"item": "SWN", "amount": "600", "purpose": "送温暖", "account_code": "502", "signed_by_family": "no"}
    to_family = sa.select(gift.c.fen).where(gift.c.household_id == family.household_id)
    typed |= {"fund_id": str(desk.office.fund_id), "handed_by": str(desk.office.people["visitor_1"])}
    answer = approver.fill(path, **typed)
    assert answer.status == 303, answer.summary
    shown = approver.open(answer.leads_to).text
    assert "慰问金：已提出" in shown
    with engine.connect() as conn:
        assert conn.scalar(to_family) is None, "one person's word is not money yet"
        own = confirmation.c.proposed_by == desk.office.people["approver_1"]
        [row] = conn.execute(sa.select(confirmation).where(confirmation.c.act == "gift", own))
    waiting = open_as("visitor_1").open(f"/confirmations/{row.id}").text
    assert all(words in waiting for words in ("600.00", "经手人", "批准人", "送温暖慰问"))
    assert not re.findall(r"<dt>[a-z_]+</dt>", waiting), "every line has a label in words"
    with engine.begin() as conn:
        confirm(conn, row.id, row.digest.hex(), desk.office.context(conn, "visitor_1", desk.today))
        assert conn.scalar(to_family) == 60_000
        paid = conn.scalar(sa.select(fund.c.paid_fen).where(fund.c.id == desk.office.fund_id))
    assert paid == 60_000
    assert "600.00" in open_as("auditor").open("/gifts").text


def test_goods_are_corrected_and_voided_at_once_and_both_stay_readable(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    first, registrar = goods_to(desk, engine, family), open_as("registrar")
    form = registrar.open(f"/gifts/{first}/correction")
    assert form.form["quantity"] == ["2"]
    assert form.form["signed_by_family"] == ["yes"]
    without = registrar.fill(f"/gifts/{first}/correction", quantity="3")
    assert without.refusal == (422, ["answer_missing"])
    done = registrar.fill(f"/gifts/{first}/correction", quantity="3", reason="少记一袋")
    assert done.status == 303, done.summary
    second = re.findall(r"/gifts/([0-9a-f-]{36})", done.leads_to)[0]
    assert second != str(first)
    original, correction = registrar.open(f"/gifts/{first}").text, registrar.open(f"/gifts/{second}").text
    assert all(words in original for words in ("已作废", "少记一袋", f'href="/gifts/{second}"'))
    assert "更正慰问" not in original, "a void record is not corrected again"
    assert all(words in correction for words in ("米 3 袋", f'href="/gifts/{first}"'))
    voided = registrar.fill(f"/gifts/{second}/void", reason="没有送到")
    assert voided.status == 303
    assert "没有送到" in registrar.open(f"/gifts/{second}").text
    assert registrar.fill(f"/gifts/{second}/void", reason="再来").refusal == (409, ["voided_already"])


def test_void_and_correction_of_money_wait_for_a_second_person(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    given, approver = money_to(desk, engine, family, 30_000), open_as("approver_1")
    refused = open_as("registrar").fill(f"/gifts/{given}/void", reason="错")
    assert refused.refusal == (409, ["role_missing"])
    assert "作废慰问" not in open_as("registrar").open(f"/gifts/{given}").text
    for path, typed, act in (
        ("correction", {"amount": "200.00", "reason": "多记"}, "慰问更正："),
        ("void", {"reason": "没有给"}, "慰问作废："),
    ):
        answer = approver.fill(f"/gifts/{given}/{path}", **typed)
        assert answer.status == 303, answer.summary
        assert act in approver.open(answer.leads_to).text
    with engine.connect() as conn:
        assert conn.scalar(sa.select(gift.c.voided_on).where(gift.c.id == given)) is None


def test_list_is_exported_masked_and_the_event_keeps_no_words_that_were_typed(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    money_to(desk, engine, family, 30_000, purpose="给张三的")
    _note, header, row = open_as("auditor").take("/exports/gifts/csv?purpose=张三")
    exported = dict(zip(header, row, strict=True))
    assert (exported["金额（元）"], exported["用途"], exported["签收"]) == ("300.00", "给张三的", "未签收")
    assert "*" in exported["受慰问人"]
    with engine.connect() as conn:
        rows = sa.select(event.c.body).where(
            event.c.subject_id == desk.office.people["auditor"], event.c.action == "export"
        )
        facts = json.loads(str(conn.scalar(rows)))["facts"]
    assert facts == {"list": "gifts", "kind": "csv", "rows": 1, "filters": {"purpose": "…"}}


def test_auditor_reads_a_gift_and_changes_nothing(
    desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family
) -> None:
    given, auditor = goods_to(desk, engine, family), open_as("auditor")
    page = auditor.open(f"/gifts/{given}").text
    assert f"/events?subject=gift&amp;subject_id={given}" in page
    assert "作废慰问" not in page
    assert auditor.open(f"/gifts/{given}/void").refusal == (403, ["role_missing"])


def test_family_page_leads_to_its_gifts(desk: ApiClient, engine: sa.Engine, open_as: Open, family: Family) -> None:
    given = goods_to(desk, engine, family)
    page = open_as("approver_1").open(f"/households/{family.household_id}").text
    base = f"/households/{family.household_id}/gifts"
    assert all(f'href="{each}"' in page for each in (f"/gifts/{given}", f"{base}/goods", f"{base}/money"))


def test_day_of_the_gift_is_not_in_the_future(desk: ApiClient, open_as: Open, family: Family) -> None:
    path = f"/households/{family.household_id}/gifts/goods"
    typed = {"item": "KIND", "goods": "米", "goods_unit": "袋", "purpose": "慰问", "account_code": "502"}
    typed |= {"handed_by": str(desk.office.people["visitor_1"]), "signed_by_family": "yes"}
    wrong = open_as("registrar").fill(path, **typed, on=date(2999, 1, 1).isoformat())
    assert wrong.refusal == (422, ["in_the_future"])
    assert wrong.problems_at("on")
