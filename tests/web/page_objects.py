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
