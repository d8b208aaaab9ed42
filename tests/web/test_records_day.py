"""A social worker's, a visitor's and an approver's day with records outside cases: new, corrected and void."""

import re
from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, expect

from service.tables.activities import activity
from service.tables.donations import donation
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.notifications import notification
from service.tables.pairings import pairing
from service.tables.visits import visit
from tests.factories import Family, create_family
from tests.web.conftest import TODAY, Union
from tests.web.page_objects import confirms_what_waits, opens_from_menu, sends_form
from tests.web.people import PHONE, People, Person


@pytest.fixture
def family(union: Union) -> Family:
    """Return a family that has a file and no case."""
    with union.engine.begin() as conn:
        return create_family(conn, union.office)


def live(union: Union, table: sa.Table, column: sa.ColumnElement[object]) -> list[object]:
    """Return what the records of the union that are not void say in a column."""
    mine = table.c.unit_id == union.office.unit_id
    with union.engine.connect() as conn:
        return list(conn.scalars(sa.select(column).where(mine, table.c.voided_on.is_(None))))


def line(person: Person, label: str) -> Locator:
    """Return what a record says under a label."""
    return person.page.locator("main dl.key-values > div", has_text=label).locator("dd").first


def test_visitor_records_a_visit_at_a_phone_which_another_corrects_and_voids(
    people: People, union: Union, family: Family
) -> None:
    ids = union.office.people
    visitor = people("visitor_1", union.office, TODAY, size=PHONE).has_session()
    visitor.opens(f"/households/{family.household_id}").page.get_by_role("link", name="登记走访").first.click()
    visit_of: dict[str, str] = {"kind": "festival", "occasion": "mid_autumn", "place": "home", "companions": "2"}
    sends_form(visitor, {**visit_of, "visitors": str(ids["visitor_1"]), "story": "冬衣不够"}, "visitor-other-visit")
    expect(line(visitor, "走访人")).to_have_text("何走访")
    assert live(union, visit, visit.c.companions) == [2]
    visitor.page.get_by_role("link", name="更正走访").click()
    sends_form(visitor, {"companions": "3", "story": "冬衣不够", "reason": "少记一人"})
    assert live(union, visit, visit.c.companions) == [2], "one person does not change what was recorded"
    registrar = people("registrar", union.office, TODAY).has_session()
    confirms_what_waits(registrar, "走访更正")
    assert live(union, visit, visit.c.companions) == [3]
    opens_from_menu(registrar, "记录", "走访")
    rows = registrar.page.locator("main tbody tr")
    expect(rows).to_have_count(2)
    rows.first.locator("th a").click()
    registrar.page.get_by_role("link", name="作废走访").click()
    sends_form(registrar, {"reason": "另一天去的"})
    confirms_what_waits(visitor, "走访作废")
    assert live(union, visit, visit.c.companions) == []
    registrar.page.reload()
    expect(registrar.page.locator(".identity-bar")).to_contain_text("已作废")


def test_registrar_gives_goods_corrects_them_and_voids_them(people: People, union: Union, family: Family) -> None:
    registrar = people("registrar", union.office, TODAY).has_session()
    registrar.opens(f"/households/{family.household_id}").page.get_by_role("link", name="登记实物慰问").click()
    goods = {"item": "KIND", "goods": "大米", "goods_unit": "袋", "quantity": "2", "purpose": "入冬慰问"}
    handed = {"account_code": "502", "handed_by": str(union.office.people["visitor_1"]), "signed_by_family": "yes"}
    sends_form(registrar, goods | handed, "registrar-gift")
    expect(line(registrar, "物品")).to_contain_text("大米 2 袋")
    first = registrar.path
    registrar.page.get_by_role("link", name="更正慰问").click()
    sends_form(registrar, {"quantity": "3", "reason": "少记一袋"})
    assert live(union, gift, gift.c.quantity) == [3]
    expect(line(registrar, "物品")).to_contain_text("大米 3 袋")
    registrar.page.get_by_role("link", name="作废慰问").click()
    sends_form(registrar, {"reason": "没有送到"})
    assert live(union, gift, gift.c.quantity) == []
    registrar.opens(first)
    expect(line(registrar, "作废理由")).to_have_text("少记一袋")


def test_approver_gives_money_which_counts_when_the_visitor_has_confirmed_it(
    people: People, union: Union, family: Family
) -> None:
    paid = sa.select(fund.c.paid_fen).where(fund.c.id == union.office.fund_id)
    approver = people("approver_1", union.office, TODAY).has_session()
    approver.opens(f"/households/{family.household_id}").page.get_by_role("link", name="登记慰问金").click()
    money = {"item": "SWN", "amount": "600", "purpose": "送温暖", "account_code": "502", "signed_by_family": "yes"}
    hands = {"fund_id": str(union.office.fund_id), "handed_by": str(union.office.people["visitor_1"])}
    sends_form(approver, money | hands)
    expect(approver.page.locator("main .notice-wait")).to_contain_text("慰问金：已提出")
    visitor = people("visitor_1", union.office, TODAY, size=PHONE).has_session()
    confirms_what_waits(visitor, "慰问金")
    with union.engine.connect() as conn:
        assert conn.scalar(paid) == 60_000
    opens_from_menu(visitor, "记录")
    expect(visitor.page.locator("main tbody")).to_contain_text("600.00")


def test_registrar_records_donations_activities_and_a_pairing(people: People, union: Union, family: Family) -> None:
    registrar = people("registrar", union.office, TODAY).has_session().opens("/inbox")
    main = registrar.page.locator("main")
    opens_from_menu(registrar, "记录", "捐款", "登记捐款")
    given = {"direction": "received", "campaign": "金秋献爱心", "organiser": "县总工会", "handed_to": "县总工会"}
    sends_form(registrar, {**given, "amount": "1,234.00"})
    main.get_by_role("link", name="更正捐款").click()
    sends_form(registrar, {"amount": "1,243.00", "reason": "抄错"})
    verifier = people("verifier", union.office, TODAY).has_session()
    confirms_what_waits(verifier, "捐款更正")
    assert live(union, donation, donation.c.fen) == [124_300]
    registrar.opens("/donations")
    expect(main).to_contain_text("1,243.00")
    opens_from_menu(registrar, "记录", "活动", "登记活动")
    sends_form(registrar, {"title": "职工读书会", "kind": "culture", "amount": "500.00", "participants": "40"})
    assert live(union, activity, activity.c.fen) == [50_000]
    registrar.opens(f"/households/{family.household_id}").page.get_by_role("link", name="结对帮扶").first.click()
    sends_form(registrar, {"programme_name": "连心", "issued_by": "县总工会", "from_on": TODAY.isoformat()})
    opens_from_menu(registrar, "记录", "结对")
    expect(main.locator("tbody")).to_contain_text("连心")
    main.locator("tbody").get_by_role("link", name=re.compile("作废")).click()
    sends_form(registrar, {"reason": "户选错"})
    confirms_what_waits(verifier, "结对作废")
    with union.engine.connect() as conn:
        ended = sa.select(pairing.c.voided_on).where(pairing.c.household_id == family.household_id)
        assert conn.scalar(ended) == TODAY


def test_registrar_prints_a_notice_reads_an_objection_and_sends_a_failed_letter_again(
    people: People, union: Union
) -> None:
    life = union.life_in("notice")
    registrar = people("registrar", union.office, date(2025, 9, 2)).has_session().opens("/inbox")
    main = registrar.page.locator("main")
    life.act("registrar", "object", source="phone", objection="来电称该户有一辆汽车")
    with union.engine.begin() as conn:
        mine = notification.c.case_id == UUID(life.case_id), notification.c.channel == "email"
        failed = conn.scalars(sa.select(notification.c.id).where(*mine).limit(1)).one()
        conn.execute(notification.update().where(notification.c.id == failed).values(state="permanent_failure"))
    opens_from_menu(registrar, "记录", "公示")
    expect(main.locator("tbody tr")).to_contain_text("1 件未答复")
    main.get_by_role("link", name="查看").click()
    expect(registrar.page.locator("body")).to_contain_text("示例")
    registrar.opens("/inbox")
    opens_from_menu(registrar, "记录", "异议")
    expect(main.locator("tbody tr")).to_have_count(1)
    opens_from_menu(registrar, "记录", "通知")
    registrar.opens(f"/letters/{failed}")
    main.get_by_role("button", name="重新发送").click()
    expect(main.get_by_role("button", name="重新发送")).to_have_count(0)
    with union.engine.connect() as conn:
        assert conn.scalar(sa.select(notification.c.state).where(notification.c.id == failed)) == "created"
