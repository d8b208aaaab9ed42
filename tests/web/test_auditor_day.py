"""An auditor's day and a cashier's: questions of docs/auditor.md are answered by clicks, from a sum to its case and back."""

import re
from pathlib import Path

from playwright.sync_api import expect

from service.bundles.verifier.verification import Given, verify_bundle
from tests.sign_in_browser import PASSWORD
from tests.web.conftest import TODAY, Union
from tests.web.people import People


def test_auditor_finds_looks_follows_money_and_opens_a_figure(people: People, union: Union) -> None:
    life = union.life_in("receipt")
    auditor = people("auditor", union.office, TODAY).has_session().opens("/audit")
    page, main = auditor.page, auditor.page.locator("main")
    auditor.takes_picture("auditor-room")
    main.get_by_role("link", name="现金发放").click()
    expect(main.locator("h1")).to_have_text("现金发放")
    page.go_back()
    main.get_by_role("link", name="现在核验").click()
    expect(main.locator("h1")).to_have_text("留痕核验")
    auditor.opens("/funds")
    main.locator("th a").first.click()
    journal = main.locator("section", has=page.locator("#journal-title"))
    auditor.takes_picture("auditor-journal")
    journal.locator(f"a[href='/cases/{life.case_id}']").first.click()
    main.get_by_role("link", name="全部留痕（经审）").click()
    main.locator("th a").first.click()
    expect(main.get_by_text("哈希相符")).to_be_visible()
    auditor.takes_picture("auditor-event")
    auditor.opens(f"/households/{life.family.household_id}")
    main.get_by_role("link", name="谁看过这户的资料").click()
    expect(main.locator(".empty")).to_be_visible()


def test_auditor_makes_the_section_and_follows_a_figure_to_a_case(people: People, union: Union) -> None:
    life = union.life_in("receipt")
    auditor = people("auditor", union.office, TODAY).has_session().opens("/reports")
    main = auditor.page.locator("main")
    main.get_by_role("button", name="生成").click()
    expect(main.locator("article h2")).to_be_visible()
    auditor.takes_picture("report-section")
    main.locator("#figures-title + table a[href*='key=aid_grants&']").click()
    main.locator(f"a[href='/cases/{life.case_id}']").click()
    expect(auditor.page).to_have_url(re.compile(rf"/cases/{life.case_id}"))


def test_auditor_takes_a_bundle_away_and_finds_it_in_the_list(people: People, union: Union, tmp_path: Path) -> None:
    union.life_in("receipt")
    auditor = people("auditor", union.office, TODAY).has_session().opens("/audit")
    page, main = auditor.page, auditor.page.locator("main")
    main.get_by_role("link", name="做一份").click()
    form = main.locator("form.record")
    form.locator("[name='document']").fill("审通〔2025〕3号")
    with page.expect_download(timeout=60_000) as download:
        form.locator(".form-end button").click()
    download.value.save_as(tmp_path / "bundle.zip")
    found = verify_bundle(tmp_path / "bundle.zip", Given())
    assert found.faults == []
    digest = next(str(note.values["sha256"]) for note in found.notes if note.code == "manifest")
    auditor.opens("/audit/bundles")
    expect(main.locator("table code").first).to_have_text(digest)
    auditor.takes_picture("auditor-bundle")
    main.locator("tbody th a").first.click()
    expect(main.locator("h1")).to_contain_text("取得经审资料包")


def test_cashier_proposes_a_receipt_another_confirms_it_and_the_journal_shows_it(people: People, union: Union) -> None:
    fund = f"/funds/{union.office.fund_id}"
    cashier = people("cashier", union.office, TODAY).has_session().opens(f"{fund}/receipts/new")
    form = cashier.page.locator("main form.record")
    form.locator("[name='amount']").fill("2,000.00")
    form.locator("[name='document']").fill("银收 77 号")
    form.locator("[name='on']").fill(TODAY.isoformat())
    cashier.takes_picture("cashier-receipt")
    form.locator(".form-end button").click()
    notice = cashier.page.locator("main .notice-wait")
    expect(notice).to_contain_text("到账登记")
    address = notice.locator("a").get_attribute("href") or ""
    other = people("cashier_2", union.office, TODAY).has_password().has_session().opens(address)
    confirm = other.page.locator("form[action$='/confirm']")
    confirm.locator("[name='proof']").fill(PASSWORD)
    confirm.locator("button:not([data-passkey])").click()
    expect(other.page.locator("#live")).not_to_be_empty()
    cashier.opens(fund)
    expect(cashier.page.locator("main").get_by_text("银收 77 号").first).to_be_visible()
    cashier.takes_picture("cashier-line")
