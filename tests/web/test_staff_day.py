"""An administrator's day with power: a unit, a person with a role, and the undo of an import, each with a second person."""

from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import expect

from service.imports.import_files import import_files
from service.tables.accounts import account, role_grant
from service.tables.donations import donation
from tests.service.import_fixtures import Cell, workbook
from tests.sign_in_browser import PASSWORD
from tests.web.conftest import TODAY, Union
from tests.web.page_objects import confirms_what_waits, opens_from_menu, prove, sends_form
from tests.web.people import People, Person


def half_of(person: Person) -> str:
    """Return the half of an invitation code that the page shows once."""
    code = person.page.locator("main code").first
    expect(code).to_be_visible()
    return code.inner_text()


def test_new_person_is_given_a_role_by_two_and_signs_in_with_both_halves_of_the_code(
    people: People, union: Union
) -> None:
    admin = people("admin", union.office, TODAY).has_session().opens("/home")
    main, tail = admin.page.locator("main"), union.office.unit_id.hex[-8:]
    opens_from_menu(admin, "人员", "单位", "新增单位")
    parent = {"parent_id": str(union.office.unit_id), "name": f"第{tail}小学工会", "kind": "grass_roots"}
    sends_form(admin, parent)
    expect(main).to_contain_text(f"第{tail}小学工会")
    opens_from_menu(admin, "人员", "新增账号")
    login = f"new.{tail}"
    sends_form(admin, {"display_name": "新社工", "login": login})
    first = half_of(admin)
    approver = people("approver_3", union.office, TODAY).has_password().has_session().opens("/inbox")
    approver.page.locator("main a[href^='/confirmations/']", has_text="新建账号").click()
    form = approver.page.locator("form[action$='/confirm']")
    prove(form)
    form.locator("button:not([data-passkey])").click()
    second = half_of(approver)
    opens_from_menu(admin, "人员", "新社工")
    main.get_by_role("link", name="授予角色").click()
    days = {"from_on": TODAY.isoformat(), "until_on": "2026-12-31"}
    sends_form(admin, {"role": "registrar", **days}, "admin-grant")
    confirms_what_waits(approver, "授权")
    own = sa.select(role_grant.c.role).join(account, account.c.id == role_grant.c.account_id)
    with union.engine.connect() as conn:
        assert conn.scalars(own.where(account.c.login == login)).all() == ["registrar"]
    auditor = people("auditor", union.office, TODAY).has_session().opens("/home")
    opens_from_menu(auditor, "经审", "账号与授权")
    given = auditor.page.locator("main tbody tr", has_text="授予角色 · 经办人").filter(has_text="账号 新社工")
    expect(given).to_contain_text("唐主席 已确认")
    newcomer = people("new", union.office, TODAY).opens("/sign-in")
    page = newcomer.page
    page.get_by_role("link", name="第一次登录").click()
    page.fill("#setup-code", first + second)
    page.fill("#setup-password", PASSWORD)
    page.fill("#setup-repeated", PASSWORD)
    page.locator("main form button").first.click()
    expect(page).to_have_url(f"{newcomer.address}/account/keys")
    opens_from_menu(newcomer, "家庭", "新建档案")


def test_mistaken_workbook_is_undone_by_two_and_says_what_it_kept(people: People, union: Union, tmp_path: Path) -> None:
    row: dict[str, Cell] = {"单位": "示例县总工会", "日期": TODAY, "方向": "收到", "活动名称": "献爱心"}
    row |= {"组织单位": "示例县总工会", "交付何处": "专户", "登记人": union.office.login("registrar")}
    path = workbook(tmp_path / "捐款九月.xlsx", 捐款=[{**row, "金额": f"{number}.00"} for number in (311, 312)])
    with union.engine.begin() as conn:
        import_files(conn, [path], union.office.context(conn, "admin", TODAY))
        mine = donation.c.unit_id == union.office.unit_id
        kept = conn.scalars(sa.select(donation.c.id).where(mine, donation.c.fen == 31_200)).one()
    registrar = people("registrar", union.office, TODAY).has_session().opens(f"/donations/{kept}/correction")
    sends_form(registrar, {"amount": "321.00", "reason": "表里抄错"})
    confirms_what_waits(people("verifier", union.office, TODAY).has_session(), "捐款更正")
    admin = people("admin", union.office, TODAY).has_session().opens("/home")
    main = admin.page.locator("main")
    opens_from_menu(admin, "导入")
    main.get_by_role("link", name="捐款九月.xlsx").first.click()
    admin.takes_picture("admin-import-past")
    main.locator("#undo-reason").fill("导错了文件")
    main.get_by_role("button", name="提出撤销").click()
    expect(main.locator(".notice-wait")).to_contain_text("撤销导入")
    approver = people("approver_3", union.office, TODAY).has_session()
    confirms_what_waits(approver, "撤销导入")
    with union.engine.connect() as conn:
        live = sa.select(donation.c.fen).where(mine, donation.c.voided_on.is_(None))
        assert conn.scalars(live).all() == [32_100], "what somebody has changed since stays"
    auditor = people("auditor", union.office, TODAY).has_session().opens("/home")
    opens_from_menu(auditor, "经审", "导入与撤销")
    auditor.page.locator(f"main a[href='{admin.path}']").first.click()
    expect(auditor.page.locator("main")).to_contain_text("已撤销 1 行，保留 1 行")
    expect(auditor.page.locator("main")).to_contain_text("唐主席")
    auditor.takes_picture("auditor-import-undone")
