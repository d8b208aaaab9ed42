"""The pages as people use them: each names what it holds, and what can be done on it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playwright.sync_api import Locator, expect

from tests.sign_in_browser import PASSWORD
from tests.web.people import Person

Answer = str | Sequence[str]


def fill_in(form: Locator, answers: Mapping[str, Answer]) -> None:
    """Type or choose each answer by the name of its input, and the password where the form asks for it."""
    for name, answer in answers.items():
        for each in (answer,) if isinstance(answer, str) else answer:
            _answer(form, name, each)
    prove(form)


def prove(form: Locator) -> None:
    """Type the password where the form asks for it."""
    proof = form.locator("input[name='proof']")
    if proof.count():
        proof.fill(PASSWORD)


def _answer(form: Locator, name: str, answer: str) -> None:
    choice = form.locator(f"input[name='{name}'][value='{answer}']:is([type=radio], [type=checkbox])")
    if choice.count():
        choice.check()
        return
    control = form.locator(f"[name='{name}']")
    if control.evaluate("control => control.tagName") == "SELECT":
        control.select_option(answer)
    else:
        control.fill(answer)


@dataclass
class CaseList:
    """The list of cases."""

    person: Person

    def open(self) -> "CaseList":
        """Open the list from the menu."""
        self.person.page.locator("nav a[href='/cases']").click()
        expect(self.person.page.locator("h1")).to_be_visible()
        return self

    def open_case(self, case_id: str) -> "CasePage":
        """Open a case of the list."""
        self.person.page.locator(f"main a[href^='/cases/{case_id}']").click()
        expect(self.person.page).to_have_url(re.compile(rf"/cases/{case_id}"))
        return CasePage(self.person, case_id)


@dataclass
class CasePage:
    """The page of one case."""

    person: Person
    case_id: str

    def open(self) -> "CasePage":
        """Open the page by its address."""
        self.person.opens(f"/cases/{self.case_id}")
        return self

    def action(self, action: str) -> Locator:
        """Return the folded form of an action."""
        return self.person.page.locator(f"#action-{action}")

    def unfolded(self, action: str) -> Locator:
        """Return the form of the main action, which the page shows unfolded."""
        expect(self.action(action)).to_have_attribute("open", "")
        return self.action(action)

    def unfold(self, action: str) -> Locator:
        """Unfold the form of an action, and return it."""
        details = self.action(action)
        if details.get_attribute("open") is None:
            details.locator("summary").click()
        return details.locator("form")

    def take(self, action: str, **answers: Answer) -> None:
        """Fill in the form of an action and send it; a choice is named by its value. Proves with the password."""
        self.fill(action, answers)
        self.send(action)

    def fill(self, action: str, answers: Mapping[str, Answer]) -> Locator:
        """Fill in the form of an action, and return it."""
        form = self.unfold(action)
        fill_in(form, answers)
        return form

    def send(self, action: str) -> None:
        """Send the form of an action."""
        self.action(action).locator("form button:not([data-passkey])").click()

    def problems(self) -> Locator:
        """Return the list of reasons against a form that was sent."""
        return self.person.page.locator(".error-summary li")

    def shows_done(self) -> None:
        """Wait until the page says that the action was taken."""
        expect(self.person.page.locator("#live")).not_to_be_empty()
        expect(self.problems()).to_have_count(0)


def sends_form(person: Person, answers: Mapping[str, Answer], picture: str = "") -> None:
    """Fill in the form of a record, keep a picture of it, and send it; fail with the reasons of a page that refuses."""
    page, before = person.page, person.page.url
    form = page.locator("main form.record")
    fill_in(form, answers)
    person.takes_picture(picture)
    form.locator(".form-end button:not([data-passkey])").click()
    problems, notices = (
        page.locator(".error-summary li"),
        page.locator("main :is(.notice-wait, .identity-bar, .code-list)"),
    )
    expect(problems.or_(notices).or_(page.locator("#live:not(:empty)")).first).to_be_visible()
    assert problems.all_inner_texts() == [], before


def confirms_what_waits(person: Person, act: str, picture: str = "") -> None:
    """Open a proposal from the inbox by its name, and confirm it with the password."""
    page = person.has_password().opens("/inbox").page
    page.locator("main a[href^='/confirmations/']", has_text=act).first.click()
    form = page.locator("form[action$='/confirm']")
    expect(form).to_be_visible()
    person.takes_picture(picture)
    prove(form)
    form.locator("button:not([data-passkey])").click()
    expect(page.locator("#live")).not_to_be_empty()
    expect(page.locator(".error-summary li")).to_have_count(0)


def opens_from_menu(person: Person, *labels: str) -> None:
    """Follow links by their words, from the menu on."""
    first, *others = labels
    person.page.locator("header nav, nav").get_by_role("link", name=first, exact=True).first.click()
    for label in others:
        person.page.locator("main").get_by_role("link", name=label, exact=True).first.click()
