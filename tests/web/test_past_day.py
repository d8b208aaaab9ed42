"""An auditor's day with the past: a list as the record stood, before a payment was made and a record was corrected."""

from datetime import date

import pytest
from playwright.sync_api import expect

from tests.api_client import ApiClient
from tests.lives import case_at
from tests.web.conftest import TODAY, Union
from tests.web.page_objects import opens_from_menu, sends_form
from tests.web.people import PHONE, People, Person

LATER = date(2025, 9, 22)


def as_of(auditor: Person, on: date) -> None:
    """Ask the list that is open for a past day."""
    form = auditor.page.locator("main form.filters")
    form.locator("[name='as_of']").fill(on.isoformat())
    form.get_by_role("button", name="筛选").click()
    expect(auditor.page.locator("main .notice-wait").first).to_contain_text("终了时记录的样子", timeout=30_000)


@pytest.mark.timeout(300)
def test_auditor_reads_lists_as_they_stood_before_a_payment_and_a_correction(people: People, union: Union) -> None:
    life = case_at("payment", ApiClient(union.desk.http, union.office, date(2025, 9, 1)), union.engine)
    registrar = people("registrar", union.office, TODAY).has_session().opens("/inbox")
    opens_from_menu(registrar, "记录", "活动", "登记活动")
    sends_form(registrar, {"title": "职工读书会", "kind": "culture", "amount": "500.00"})
    # A password is an event too: the auditor has one before the payment, which is then no event of the past day.
    auditor = people("auditor", union.office, TODAY).has_session()
    desk = ApiClient(union.desk.http, union.office, LATER)
    paid = desk.act("cashier", life.case_id, "pay", method="bank", voucher="V-PAST-7")
    assert paid.status_code == 200
    auditor.comes_on(date(2025, 9, 24)).has_session().opens("/home")
    page, main = auditor.page, auditor.page.locator("main")
    opens_from_menu(auditor, "资金", "全部发放记录")
    expect(main.locator("tbody tr")).to_have_count(1)
    as_of(auditor, TODAY)
    expect(main.locator("tbody tr")).to_have_count(0)
    page.get_by_role("link", name="经审").first.click()
    main.get_by_role("link", name="活动", exact=True).click()
    as_of(auditor, TODAY)
    expect(main.locator("tbody tr")).to_have_count(1)
    auditor.takes_picture("auditor-past-day")
    with page.expect_download() as download:
        main.get_by_role("button", name="导出 CSV").click()
    first = download.value.path().read_text("utf-8-sig").splitlines()[0]
    assert "2025年9月15日终了时的记录" in first
    auditor.at_size(PHONE).opens(f"/cases?as_of={TODAY.isoformat()}")
    expect(main.locator("tbody tr")).to_contain_text("待发放")
    main.get_by_role("link", name="看今天的列表").click()
    expect(main.locator("tbody tr")).to_contain_text("在途")
