"""The first page in a browser: a number opens its list, at a desk and at a phone without script."""

from datetime import date

from playwright.sync_api import expect

from tests.web.conftest import Union
from tests.web.people import PHONE, People

LATER = date(2025, 10, 20)
"""A day on which the cases of September are overdue."""


def test_approver_opens_the_list_behind_a_number_of_the_first_page(people: People, union: Union) -> None:
    states = ("survey", "review", "approval", "approval", "transit", "receipt", "follow_up")
    cases = {union.case_in(state) for state in states}
    approver = people("approver_3", union.office, LATER).has_session().opens("/inbox")
    page, main = approver.page, approver.page.locator("main")
    page.get_by_role("link", name="首页").click()
    approver.takes_picture("leader-home")
    tile = main.locator("a.tile", has_text="超期的个案")
    number = int(tile.locator("strong").inner_text())
    assert 0 < number <= len(cases)
    tile.click()
    expect(main.locator("h1")).to_have_text("个案")
    expect(main.get_by_text(f"共 {number} 件")).to_be_visible()
    expect(main.locator("tbody tr")).to_have_count(number)


def test_money_of_a_month_is_read_and_opened_at_a_phone_without_script(people: People, union: Union) -> None:
    life = union.life_in("receipt")
    auditor = people("auditor", union.office, LATER, size=PHONE, scripts=False).has_session().opens("/home")
    main = auditor.page.locator("main")
    september = main.locator("#money-title ~ .scroll tbody tr", has_text="9月")
    expect(september.locator("svg")).to_be_visible()
    september.get_by_role("link", name="1,500.00").first.click()
    expect(main.locator(f"a[href='/cases/{life.case_id}']")).to_be_visible()
    expect(main.get_by_text("本级工会经费 ×")).to_be_visible()
