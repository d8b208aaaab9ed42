"""People do their work in their own browsers: they sign in, find a case, decide, and see what was refused and why."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from service.tables.cases import case
from tests.web.conftest import TODAY, Union
from tests.web.page_objects import CaseList, CasePage, prove
from tests.web.people import People, Person

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with script", "without script"])


def state_of(union: Union, case_id: str) -> str:
    """Return the state of a case in the database."""
    with union.engine.connect() as conn:
        return str(conn.scalar(sa.select(case.c.state).where(case.c.id == case_id)))


@SCRIPTS
def test_approver_signs_in_finds_a_case_and_approves_it(people: People, union: Union, *, scripts: bool) -> None:
    case_id = union.case_in("approval")
    approver = people("approver_1", union.office, TODAY, scripts=scripts).signs_in()
    page = CaseList(approver).open().open_case(case_id)
    page.take("approve", opinion="同意")
    page.shows_done()
    assert approver.path == f"/cases/{case_id}"
    assert state_of(union, case_id) == "payment"


@SCRIPTS
def test_refused_form_is_shown_again_with_its_reasons_and_what_was_typed(
    people: People, union: Union, *, scripts: bool
) -> None:
    case_id = union.case_in("payment")
    cashier = people("cashier", union.office, TODAY, scripts=scripts).has_password().has_session()
    cashier.watch.expected = {422}
    page = CasePage(cashier, case_id).open()
    page.take("pay", voucher="——", method="bank")
    expect(page.problems()).to_have_count(1)
    form = page.unfold("pay")
    expect(form.locator("[name='voucher']")).to_have_value("——")
    expect(form.locator("[name='voucher']")).to_have_attribute("aria-invalid", "true")
    expect(form.locator("[value='bank']")).to_be_checked()
    page.take("pay", voucher="V-7001")
    page.shows_done()
    assert state_of(union, case_id) == "transit"


def test_address_of_a_refused_form_leads_back_to_its_case(people: People, union: Union) -> None:
    """A reload after a refusal asks for the address that was posted to; it got 405."""
    case_id = union.case_in("review")
    reviewer = people("reviewer", union.office, TODAY).has_session()
    reviewer.opens(f"/cases/{case_id}/actions/decline")
    assert reviewer.path == f"/cases/{case_id}"


def test_second_click_on_a_button_takes_the_action_once(people: People, union: Union) -> None:
    case_id = union.case_in("approval")
    approver = people("approver_1", union.office, TODAY).has_password().has_session()
    page = CasePage(approver, case_id).open()
    form = page.unfold("approve")
    prove(form)
    form.locator("button").dblclick()
    page.shows_done()
    assert state_of(union, case_id) == "payment"


def test_form_on_an_old_version_shows_what_others_did_and_keeps_what_was_typed(people: People, union: Union) -> None:
    case_id = union.case_in("review")
    first, second = (people(name, union.office, TODAY).has_session() for name in ("reviewer", "reviewer_2"))
    late = CasePage(second, case_id).open()
    CasePage(first, case_id).open().take("suspend", until="2025-10-20", ground="query", reason="核查中")
    CasePage(first, case_id).shows_done()
    second.watch.expected = {412}
    late.take("decline", reason="不符合条件")
    expect(late.problems()).to_have_count(1)
    expect(late.unfold("decline").locator("[name='reason']")).to_have_value("不符合条件")
    assert state_of(union, case_id) == "review"


def test_member_typed_in_a_new_file_is_offered_where_a_member_is_named(people: People, union: Union) -> None:
    page = people("registrar", union.office, TODAY).has_session().opens("/households/new").page
    holder, earner = page.locator("[name='payee.person']"), page.locator("[name='finances.lines.1.person']")
    page.fill("[name='members.1.name']", "示例甲")
    expect(holder.locator("option")).to_have_text(["请选择", "1 · 示例甲", "2 ·"])
    earner.select_option("1")
    page.click("[data-add-row='members']")
    page.fill("[name='members.3.name']", "示例丙")
    expect(holder.locator("option")).to_have_text(["请选择", "1 · 示例甲", "2 ·", "3 · 示例丙"])
    expect(earner).to_have_value("1")
    page.click("[data-add-row='finances.lines']")
    expect(page.locator("[name='finances.lines.2.person'] option")).to_have_count(4)


def test_session_ended_elsewhere_is_out_at_its_next_page(people: People, union: Union) -> None:
    office: Person = people("registrar", union.office, TODAY).signs_in()
    home = people("registrar", union.office, TODAY).has_session()
    home.opens("/account/sessions").page.locator("main form button").first.click()
    expect(home.page.locator("main form")).to_have_count(0)
    office.opens("/cases")
    assert office.path == "/sign-in"


def test_language_is_chosen_once_and_kept(people: People, union: Union) -> None:
    person = people("registrar", union.office, TODAY).has_session().opens("/cases")
    expect(person.page.locator("html")).to_have_attribute("lang", "zh-CN")
    person.page.locator("header a[hreflang]").click()
    assert person.path == "/cases"
    expect(person.page.locator("html")).to_have_attribute("lang", "en")
    person.opens("/inbox")
    expect(person.page.locator("html")).to_have_attribute("lang", "en")
