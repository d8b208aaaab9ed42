"""People at their browsers: each a member of staff with a browser context of their own."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from service.actions.passwords import set_demo_password
from tests.factories import Organisation
from tests.page_client import open_session
from tests.sign_in_browser import PASSWORD
from tests.web.watch import Watch

DESKTOP, PHONE, SMALLEST = (1366, 900), (390, 844), (360, 740)
LOCALES = {"zh_CN": "zh-CN", "en": "en-GB"}


def day_header(today: date) -> dict[str, str]:
    """Return the header that sets the day of a demo's requests."""
    return {"X-Songnuan-Date": f"{today.isoformat()}T09:30:00+08:00"}


@dataclass
class Person:
    """A member of staff at a browser: `page` is its one tab."""

    name: str
    office: Organisation
    today: date
    engine: sa.Engine
    address: str
    page: Page
    watch: Watch
    screenshots: Path | None = None
    knows_password: bool = False

    @property
    def login(self) -> str:
        """The login of the member of staff."""
        return self.office.login(self.name)

    def has_password(self) -> "Person":
        """Give the account a password, as the demo does, unless this person has one."""
        if self.knows_password:
            return self
        with self.engine.begin() as conn:
            set_demo_password(conn, PASSWORD, self.office.context(conn, self.name, self.today))
        self.knows_password = True
        return self

    def signs_in(self) -> "Person":
        """Sign in on the sign-in page."""
        self.has_password().opens("/sign-in")
        self.page.fill("#login", self.login)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button")
        expect(self.page).to_have_url(f"{self.address}/inbox")
        return self

    def has_session(self) -> "Person":
        """Give the browser a live session, where signing in is not what a test is about."""
        token = open_session(self.engine, self.office, self.name, self.today).token
        self.page.context.add_cookies([{"name": "songnuan", "value": token, "url": self.address}])
        return self

    def comes_on(self, today: date) -> "Person":
        """Use the browser on another day."""
        self.today = today
        self.page.context.set_extra_http_headers(day_header(today))
        return self

    def opens(self, path: str) -> "Person":
        """Open an address of the service."""
        self.page.goto(f"{self.address}{path}")
        return self

    def reads(self, lang: str) -> "Person":
        """Choose the language of the pages, as the switch in the header does."""
        self.page.context.add_cookies([{"name": "songnuan_language", "value": lang, "url": self.address}])
        return self

    def at_size(self, size: tuple[int, int]) -> "Person":
        """Give the window a size in pixels."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        return self

    def takes_picture(self, name: str) -> None:
        """Keep a picture of what the window shows, for the documentation; nothing without --screenshots or a name."""
        if self.screenshots is not None and name:
            self.screenshots.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.screenshots / f"{name}.png", scale="css", caret="initial")

    @property
    def path(self) -> str:
        """The path of the page that is open."""
        return urlsplit(self.page.url).path


@dataclass
class People:
    """Makes people, and ends their browsers with the test. Fails the test for what a page must not do."""

    browser: Browser
    address: str
    engine: sa.Engine
    screenshots: Path | None = None
    made: list[Person] = field(default_factory=list)

    def __call__(
        self,
        name: str,
        office: Organisation,
        today: date,
        *,
        lang: str = "zh_CN",
        size: tuple[int, int] = DESKTOP,
        scripts: bool = True,
    ) -> Person:
        """Return a member of staff at a browser without a session."""
        context = self.browser.new_context(
            locale=LOCALES[lang],
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=scripts,
            extra_http_headers=day_header(today),
        )
        context.set_default_timeout(10_000)
        watch = Watch(context, self.address).start()
        person = Person(name, office, today, self.engine, self.address, context.new_page(), watch, self.screenshots)
        self.made.append(person)
        return person

    def leave(self) -> list[str]:
        """Close the browsers; return what their pages did that no page may do."""
        faults = [f"{person.name}: {fault}" for person in self.made for fault in person.watch.faults]
        for person in self.made:
            person.page.context.close()
        return faults
