"""The keyboard alone is enough: to sign in, to decide, to correct a refused form, to sign out."""

from playwright.sync_api import Locator, expect

from tests.sign_in_browser import PASSWORD
from tests.web.conftest import TODAY, Union
from tests.web.page_objects import CasePage
from tests.web.people import People, Person
from tests.web.test_journeys import state_of

FEW = 16
"""Tab stops, at most, from the top of a page to what people come to it for."""


def tab_to(person: Person, target: Locator, most: int = FEW) -> int:
    """Press Tab until the element has the focus; return how often."""
    for count in range(1, most + 1):
        person.page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return count
    raise AssertionError(f"not reached by {most} tabs: {target}")


def skip_menu(person: Person) -> None:
    """Follow the first link of the page, which leads past the menu."""
    person.page.keyboard.press("Tab")
    person.page.keyboard.press("Enter")
    expect(person.page.locator("#main")).to_be_focused()


def test_person_signs_in_and_out_by_keyboard(people: People, union: Union) -> None:
    person = people("registrar", union.office, TODAY).has_password().opens("/sign-in")
    keys, page = person.page.keyboard, person.page
    tab_to(person, page.locator("#login"))
    keys.type(person.login)
    keys.press("Tab")
    keys.insert_text(PASSWORD)
    keys.press("Enter")
    expect(page).to_have_url(f"{person.address}/inbox")
    tab_to(person, page.locator("header form button"))
    keys.press("Enter")
    expect(page).to_have_url(f"{person.address}/sign-in")


def test_skip_link_leads_past_the_menu(people: People, union: Union) -> None:
    person = people("registrar", union.office, TODAY).has_session().opens("/cases")
    skip_menu(person)


def test_approver_approves_by_keyboard(people: People, union: Union) -> None:
    case_id = union.case_in("approval")
    approver = people("approver_1", union.office, TODAY).has_password().has_session()
    page = CasePage(approver, case_id).open()
    skip_menu(approver)
    tab_to(approver, page.unfolded("approve").locator("[name='proof']"))
    approver.page.keyboard.insert_text(PASSWORD)
    approver.page.keyboard.press("Enter")
    page.shows_done()
    expect(approver.page.locator("#main")).to_be_focused()
    assert state_of(union, case_id) == "payment"


def test_refused_form_is_corrected_by_keyboard(people: People, union: Union) -> None:
    """The list of reasons has the focus; its link leads to the field, and what is typed there is sent with Enter."""
    case_id = union.case_in("payment")
    cashier = people("cashier", union.office, TODAY).has_password().has_session()
    cashier.watch.expected = {422}
    page, keys = CasePage(cashier, case_id).open(), cashier.page.keyboard
    page.take("pay", voucher="——", method="bank")
    expect(cashier.page.locator(".error-summary")).to_be_focused()
    keys.press("Tab")
    expect(cashier.page.locator(".error-summary a")).to_be_focused()
    keys.press("Enter")
    voucher = cashier.page.locator("#pay-voucher")
    expect(voucher).to_be_focused()
    keys.press("Control+A")
    keys.type("V-7002")
    tab_to(cashier, cashier.page.locator("#action-pay [name='proof']"))
    keys.insert_text(PASSWORD)
    keys.press("Enter")
    page.shows_done()
    assert state_of(union, case_id) == "transit"
