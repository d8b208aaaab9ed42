"""An administrator's day in the browser: rules are previewed and proposed, a workbook is checked and imported."""

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.factories import SAMPLES
from tests.service.import_fixtures import Cell, workbook
from tests.service.policy_fixtures import own_policy
from tests.sign_in_browser import PASSWORD
from tests.web.accessibility import session_of, too_wide, violations
from tests.web.conftest import TODAY, Union
from tests.web.people import DESKTOP, PHONE, People, Person


def confirm(person: Person, address: str) -> None:
    """Open a proposal and confirm it with the password."""
    person.has_password().opens(address)
    form = person.page.locator("form[action$='/confirm']")
    form.locator("[name='proof']").fill(PASSWORD)
    form.locator("button:not([data-passkey])").click()
    expect(person.page.locator("#live")).not_to_be_empty()


def look_at(person: Person, name: str) -> None:
    """Check a page that only a form leads to, at both sizes, and keep its pictures."""
    cdp, wrong = session_of(person.page), []
    for size, suffix in ((PHONE, "-phone"), (DESKTOP, "")):
        person.at_size(size)
        wrong += [f"{size[0]} px: {each}" for look in (violations, too_wide) for each in look(cdp)]
        person.takes_picture(name + suffix)
    assert not wrong, "\n".join(wrong)


def press(main: Locator, label: str) -> None:
    """Press the visible button with a label."""
    main.get_by_role("button", name=label).first.click()


def test_policy_set_is_previewed_proposed_and_confirmed_by_another(people: People, union: Union) -> None:
    """A set of the families' own town, with a lower line: the preview says how many would no longer qualify.

    It takes effect in years to come, because the cases of other tests go by the rules of the record that they share.
    """
    union.life_in("survey")
    later, lower = ("effective_from = 2025-01-01", "effective_from = 2030-01-01"), ('"1062.00"', '"400.00"')
    division, text = own_policy(later, lower)
    admin = people("admin", union.office, TODAY).has_session().opens("/policies")
    main, admin.watch.expected = admin.page.locator("main"), {409}
    main.get_by_role("link", name="载入新政策集").click()
    main.locator("[name='source']").fill(text.replace("notice_days = 5", "notice_days = 3"))
    press(main, "预览")
    expect(main.locator(".error-summary")).to_contain_text("低于下限5")
    look_at(admin, "admin-policy-floor")
    main.locator("[name='source']").fill(text.replace(f'"{division}"', '"37108"'))
    press(main, "预览")
    expect(main.get_by_text("现在的档案测算了")).to_be_visible()
    look_at(admin, "admin-policy-preview")
    press(main, "提出，等另一个人确认")
    expect(main.get_by_text("须由谁确认")).to_be_visible()
    look_at(admin, "admin-policy-proposal")
    auditor = people("auditor", union.office, TODAY).has_session().opens(admin.path)
    look_at(auditor, "auditor-policy-proposal")
    auditor.page.locator("a[href*='effect=fails']").first.click()
    expect(auditor.page.locator("main h1")).to_contain_text("会受影响的")
    look_at(auditor, "auditor-policy-affected")
    confirm(auditor, admin.path)
    admin.opens("/policies")
    look_at(admin, "admin-policies")
    main.get_by_role("link", name="困难职工帮扶政策集").first.click()
    expect(main.locator(".identity-bar")).to_contain_text("尚未施行")
    look_at(admin, "admin-policy")


def test_calendar_is_previewed_with_the_due_dates_it_moves_and_proposed(people: People, union: Union) -> None:
    union.life_in("draft")
    text = (SAMPLES / "calendar-2025.csv").read_text("utf-8")
    admin = people("admin", union.office, TODAY).has_session().opens("/policies")
    main = admin.page.locator("main")
    main.get_by_role("link", name="工作日历").click()
    expect(main.get_by_role("heading", name="2025 年工作日历")).to_be_visible()
    look_at(admin, "admin-calendar")
    main.get_by_role("link", name="载入一年的日历").click()
    main.locator("[name='source']").fill(f"{text.rstrip()}\n2025-09-17,休,台风\n")
    press(main, "预览")
    expect(main.get_by_text("会移动的期限").first).to_be_visible()
    look_at(admin, "admin-calendar-preview")
    press(main, "提出 2025 年的日历")
    expect(main.get_by_text("须由谁确认")).to_be_visible()
    look_at(admin, "admin-calendar-proposal")


def test_workbook_is_checked_corrected_by_leaving_a_row_out_and_imported(
    people: People, union: Union, tmp_path: Path
) -> None:
    keeper = {"单位": "示例县总工会", "登记人": union.office.login("registrar"), "交付何处": "示例县总工会"}
    row: dict[str, Cell] = {
        **keeper,
        "日期": TODAY,
        "方向": "收到",
        "活动名称": "献爱心",
        "组织单位": "示例县总工会",
        "金额": "100.00",
    }
    path = workbook(tmp_path / "捐款.xlsx", 捐款=[row, {**row, "金额": "一百"}, {**row, "金额": "300.00"}])
    admin = people("admin", union.office, TODAY).has_session().opens("/imports")
    main = admin.page.locator("main")
    main.get_by_role("link", name="导入表格").click()
    look_at(admin, "admin-import-new")
    main.locator("[name='file']").set_input_files(path)
    press(main, "上传并检查")
    expect(main.get_by_role("heading", name="1 处不对")).to_be_visible()
    look_at(admin, "admin-import-problems")
    main.locator("[name='left_out']").check()
    press(main, "不导入勾选的行")
    expect(main.get_by_role("heading", name="检查结果")).to_be_visible()
    look_at(admin, "admin-import-checked")
    main.get_by_role("button", name="导入", exact=True).click()
    expect(main.locator(".identity-bar")).to_contain_text("已导入")
    look_at(admin, "admin-import-done")
    admin.opens("/imports")
    look_at(admin, "admin-imports")


def test_work_of_a_person_is_seen_in_numbers_and_their_token_ended(people: People, union: Union) -> None:
    union.life_in("payment")
    admin = people("admin", union.office, TODAY).has_session()
    admin.opens(f"/staff/{union.office.people['cashier']}")
    main = admin.page.locator("main")
    look_at(admin, "admin-account")
    main.get_by_role("link", name="手上的工作").click()
    expect(main.get_by_text("等本人办的个案")).to_be_visible()
    look_at(admin, "admin-work")
    admin.page.go_back()
    main.get_by_role("link", name="停用令牌").click()
    press(main, "停用令牌")
    expect(main.get_by_text("没有令牌")).to_be_visible()


def test_token_is_made_by_its_owner_and_shown_once(people: People, union: Union) -> None:
    registrar = people("registrar", union.office, TODAY).has_password().has_session().opens("/account/tokens")
    main = registrar.page.locator("main")
    main.locator("[name='label']").fill("台账程序")
    main.locator("[name='proof']").fill(PASSWORD)
    press(main, "发放")
    expect(main.locator("code.secret")).to_contain_text("snt_")
    look_at(registrar, "token-made")
