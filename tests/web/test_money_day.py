"""A cashier's and an approver's day with fund lines: received, corrected and void money, money opened to a unit below."""

from uuid import UUID

import sqlalchemy as sa
from playwright.sync_api import Locator, expect

from service.tables.fund_allocations import fund_allocation
from service.tables.funds import fund
from tests.factories import create_organisation
from tests.web.conftest import TODAY, Union
from tests.web.page_objects import confirms_what_waits, opens_from_menu, sends_form
from tests.web.people import People


def received(union: Union, fund_id: UUID) -> int:
    """Return what a fund line of which nothing is spent has received, in fen."""
    with union.engine.connect() as conn:
        return conn.scalar(sa.select(fund.c.available_fen).where(fund.c.id == fund_id)) or 0


def card(main: Locator, title: str) -> Locator:
    """Return the part of a page with a title."""
    return main.locator("section.card", has=main.page.get_by_role("heading", name=title, exact=True))


def test_cashier_opens_a_line_whose_receipt_is_corrected_voided_and_told_in_the_statement(
    people: People, union: Union
) -> None:
    cashier = people("cashier", union.office, TODAY).has_session().opens("/home")
    approver = people("approver_3", union.office, TODAY).has_session()
    main, code = cashier.page.locator("main"), f"PRV-{union.office.unit_id.hex[-6:]}"
    opens_from_menu(cashier, "资金", "新开资金")
    line = {"code": code, "title": "省级帮扶资金", "source": "PRV", "year": "2025", "document": "示财〔2025〕3号"}
    open_days = {"opens_on": "2025-01-01", "expires_on": "2025-12-31", "expected": "30,000.00"}
    sends_form(cashier, {**line, **open_days, "items": ["LIV", "MED"]})
    confirms_what_waits(approver, "新开资金", "approver-line")
    opens_from_menu(cashier, "资金", f"{code} 2025")
    main.get_by_role("link", name="登记到账").click()
    sends_form(cashier, {"amount": "20,000.00", "document": "银收 81 号", "on": TODAY.isoformat()})
    confirms_what_waits(approver, "到账登记")
    with union.engine.connect() as conn:
        fund_id = conn.execute(sa.select(fund.c.id).where(fund.c.code == code)).scalar_one()
    assert received(union, fund_id) == 2_000_000
    cashier.opens(f"/funds/{fund_id}")
    main.get_by_role("link", name="更正到账").click()
    sends_form(cashier, {"amount": "21,000.00", "reason": "少记一千元"})
    assert received(union, fund_id) == 2_000_000, "one person does not change a sum"
    confirms_what_waits(approver, "到账更正")
    assert received(union, fund_id) == 2_100_000
    opens_from_menu(cashier, "资金", "年度收支表")
    row = main.locator("tbody tr", has_text=code)
    expect(row).to_contain_text("30,000.00")
    expect(row).to_contain_text("21,000.00")
    cashier.takes_picture("cashier-years")
    cashier.opens(f"/funds/{fund_id}")
    main.get_by_role("link", name="作废到账").click()
    sends_form(cashier, {"reason": "别的单位的款"})
    confirms_what_waits(approver, "到账作废")
    assert received(union, fund_id) == 0
    cashier.opens(f"/funds/{fund_id}")
    expect(card(main, "到账记录")).to_contain_text("别的单位的款")


def test_approver_opens_a_line_to_a_unit_below_and_closes_it(people: People, union: Union) -> None:
    with union.engine.begin() as conn:
        below = create_organisation(conn, above=union.office, fen=0, name="示例镇总工会")
    approver = people("approver_3", union.office, TODAY).has_session().opens(f"/funds/{union.office.fund_id}")
    main = approver.page.locator("main")
    main.get_by_role("link", name="对下级开放（下拨）").click()
    days = {"from_on": TODAY.isoformat(), "until_on": "2025-12-31", "document": "示例〔2025〕9号"}
    sends_form(approver, {**days, "unit_id": str(below.unit_id), "ceiling": "1,000.00"})
    cashier = people("cashier", union.office, TODAY).has_session()
    confirms_what_waits(cashier, "资金开放（下拨）")
    their_cashier = people("cashier", below, TODAY).has_session().opens("/funds")
    expect(their_cashier.page.locator("main")).to_contain_text("1,000.00")
    approver.opens(f"/funds/{union.office.fund_id}")
    main.get_by_role("link", name="停止开放").click()
    sends_form(approver, {})
    expect(card(main, "对下级开放（下拨）")).to_contain_text("已停止")
    with union.engine.connect() as conn:
        closed = sa.select(fund_allocation.c.closed_on).where(fund_allocation.c.fund_id == union.office.fund_id)
        assert conn.scalar(closed) == TODAY


def test_cashier_finds_payments_by_state_and_day(people: People, union: Union) -> None:
    sent, arrived = union.life_in("transit"), union.life_in("receipt")
    cashier = people("cashier", union.office, TODAY).has_session().opens("/home")
    main = cashier.page.locator("main")
    opens_from_menu(cashier, "资金", "全部发放记录")
    expect(main.locator("tbody tr")).to_have_count(2)
    filters = main.locator("form.filters")
    filters.locator("[name='state']").select_option("sent")
    filters.get_by_role("button", name="筛选").click()
    expect(main.locator("tbody tr")).to_have_count(1)
    expect(main.locator(f"tbody a[href='/cases/{sent.case_id}']")).to_be_visible()
    main.locator("a", has_text="已发出待回单 ×").click()
    filters.locator("[name='no_receipt']").check()
    filters.get_by_role("button", name="筛选").click()
    expect(main.locator(f"tbody a[href='/cases/{arrived.case_id}']")).to_be_visible()
    expect(main.locator(f"tbody a[href='/cases/{sent.case_id}']")).to_have_count(0)
