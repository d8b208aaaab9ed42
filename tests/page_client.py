"""A client of the pages without a browser: it sends the session and the hidden fields of a staff member."""

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from flask import Flask

from service.actions.context import BrowserRequest
from service.actions.sign_in import start_session
from service.http.csrf import masked
from service.i18n.catalogue import catalogue
from service.tables.sessions import session
from tests.factories import Organisation
from tests.sign_in_browser import PASSWORD, ensure_password

BROWSER = "Mozilla/5.0 (tests)"


@dataclass(frozen=True)
class OpenSession:
    """The cookie of a live session and its CSRF token."""

    token: str
    csrf: str


def open_session(engine: sa.Engine, office: Organisation, staff_name: str, today: date) -> OpenSession:
    """Start a session of a staff member, as signing in does once password and second factor are right."""
    browser = BrowserRequest(BROWSER, "127.0.0.1", datetime.now(UTC))
    with engine.begin() as conn:
        ensure_password(conn, office, staff_name)
        cookie = start_session(conn, "test", browser.at, browser, office.context(conn, staff_name, today))
        csrf = conn.scalar(sa.select(session.c.csrf_token).where(session.c.id == cookie.id))
    return OpenSession(cookie.token, str(csrf))


@dataclass
class PageClient:
    """A client of the pages for the staff of one organisation (`office`) on one day."""

    app: Flask
    engine: sa.Engine
    office: Organisation
    today: date
    sessions: dict[str, OpenSession] = field(default_factory=dict)

    def get(self, staff_name: str, path: str, **more: str) -> Any:
        """Send a GET as a staff member and return the response of any status."""
        return self._open("GET", staff_name, path, more)

    def post(self, staff_name: str, path: str, form: dict[str, str], **more: str) -> Any:
        """Send a form as a staff member, with a new key, the CSRF token of the session and the proof; `form` may give others."""
        hidden = {"_csrf": masked(self._session(staff_name).csrf), "_key": uuid4().hex} if staff_name else {}
        hidden |= {"proof": PASSWORD}
        response = self._open("POST", staff_name, path, more, {**hidden, **form})
        if path == "/sign-out":
            self.sessions.pop(staff_name, None)
        return response

    def cookie(self, staff_name: str) -> str:
        """Return the Cookie header of a staff member's browser."""
        return f"songnuan={self._session(staff_name).token}"

    def open(self, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None) -> Any:
        """Send a request with these headers and no others."""
        return self.app.test_client(use_cookies=False).open(
            path, method=method, headers=headers, data=form, buffered=True
        )

    def _open(
        self, method: str, staff_name: str, path: str, more: dict[str, str], form: dict[str, str] | None = None
    ) -> Any:
        headers = {"X-Songnuan-Date": f"{self.today.isoformat()}T09:30:00+08:00", **more}
        if staff_name:
            headers["Cookie"] = self.cookie(staff_name)
        return self.open(method, path, headers, form)

    def _session(self, staff_name: str) -> OpenSession:
        if staff_name not in self.sessions:
            self.sessions[staff_name] = open_session(self.engine, self.office, staff_name, self.today)
        return self.sessions[staff_name]


def page_refusal(response: Any) -> tuple[int, str]:
    """Return the status of a refused page and the code of its first reason, read back from the sentence it shows."""
    main = response.get_data(as_text=True).partition("<main")[2]
    shown = re.search(r"<li>(.*?)</li>", main.partition('class="error-summary"')[2] or main, re.DOTALL)
    words = html.unescape(re.sub(r"<[^>]*>", "", shown[1])).strip() if shown else ""
    return response.status_code, code_of(words)


def code_of(words: str) -> str:
    """Return the reason code of a Chinese sentence; the sentence where there is none."""
    fitting = [(len(sentence.pattern), code) for code, sentence in _sentences() if sentence.fullmatch(words)]
    return max(fitting)[1] if fitting else words


@cache
def _sentences() -> list[tuple[str, re.Pattern[str]]]:
    """Return each reason code with a pattern of its Chinese sentence."""
    known = catalogue("zh_CN").items()
    return [
        (key.partition(".")[2], re.compile(re.sub(r"\\\{.*?\\\}", ".*", re.escape(words))))
        for key, words in known
        if key.startswith("reasons.")
    ]
