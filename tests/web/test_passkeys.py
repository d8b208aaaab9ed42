"""A passkey in a real browser: made, used to sign in, and used to prove an approval."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, CDPSession, expect

from tests.sign_in_browser import PASSWORD
from tests.web.conftest import TODAY, Union
from tests.web.page_objects import CasePage
from tests.web.people import People, Person
from tests.web.test_journeys import state_of


@pytest.fixture
def at_localhost(browser: Browser, address: str, engine: sa.Engine) -> Iterator[People]:
    """Yield what makes people whose browsers call the service localhost: without HTTPS passkeys are made for no other."""
    makes = People(browser, address.replace("127.0.0.1", "localhost"), engine)
    yield makes
    faults = makes.leave()
    assert not faults, "\n".join(faults)


def with_authenticator(person: Person) -> CDPSession:
    """Give a browser an authenticator that always finds its owner's finger."""
    cdp = person.page.context.new_cdp_session(person.page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return cdp


def test_passkey_is_made_signs_in_and_proves_an_approval(at_localhost: People, union: Union) -> None:
    case_id = union.case_in("approval")
    approver = at_localhost("approver_1", union.office, TODAY).signs_in()
    cdp, page = with_authenticator(approver), approver.page
    approver.opens("/account/keys")
    form = page.locator("form[action$='/passkeys']")
    form.locator("[name='label']").fill("办公室电脑")
    form.locator("[name='proof']").fill(PASSWORD)
    form.locator("[data-passkey]").click()
    expect(page.locator("li strong")).to_have_text("办公室电脑")
    page.locator("header form button").click()
    expect(page).to_have_url(f"{approver.address}/sign-in")
    page.locator("[data-passkey]").click()
    expect(page).to_have_url(f"{approver.address}/inbox")
    case_page = CasePage(approver, case_id).open()
    form = case_page.unfold("approve")
    expect(form.locator("[name='proof']")).to_have_count(0)
    form.locator("[data-passkey]").click()
    case_page.shows_done()
    assert state_of(union, case_id) == "payment"
    cdp.send("WebAuthn.disable")


def test_wrong_proof_for_a_passkey_is_said_beside_its_button(at_localhost: People, union: Union) -> None:
    approver = at_localhost("approver_1", union.office, TODAY).signs_in()
    approver.watch.expected = {409}
    with_authenticator(approver)
    approver.opens("/account/keys")
    form = approver.page.locator("form[action$='/passkeys']")
    form.locator("[name='label']").fill("办公室电脑")
    form.locator("[name='proof']").fill("not the password")
    form.locator("[data-passkey]").click()
    expect(form.locator("[data-passkey-problem]")).not_to_be_empty()
