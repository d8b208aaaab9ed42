"""A browser without script: signed in with a session of the real store, it opens pages and sends their forms."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from service.actions.context import ActionContext, BrowserRequest
from service.actions.sign_in import start_session
from service.clock import Clock, now
from service.observability import metrics
from service.queries import accounts
from tests.api_client import ApiClient
from tests.factories import RING, instant
from tests.sign_in_browser import PASSWORD, ensure_password


class FormReader(HTMLParser):
    """Reads the fields of the forms of a page as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self.select, self.text = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a field."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        if not self.forms:
            return
        chosen = "checked" in given or given.get("type") not in {"radio", "checkbox"}
        if tag == "input" and chosen:
            self._add(given.get("name", ""), given.get("value", ""))
        elif tag in {"select", "textarea"}:
            self.select = given.get("name", "")
            self.text = ""
        elif tag == "option" and "selected" in given:
            self._add(self.select, given.get("value", ""))

    def handle_data(self, data: str) -> None:
        """Keep the text of a text area."""
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        """Note the text of a text area."""
        if tag == "textarea" and self.forms:
            self._add(self.select, self.text)

    def _add(self, name: str, value: str) -> None:
        if name:
            self.forms[-1].setdefault(name, []).append(value)


@dataclass
class Page:
    """An answer: its status, its text, and where it leads."""

    status: int
    text: str
    leads_to: str
    codes: list[str]
    """The reason codes that the request counted."""

    @property
    def refusal(self) -> tuple[int, list[str]]:
        """Return status and reason codes of a refusal; tests compare both, so that no other reason passes."""
        return self.status, self.codes

    @property
    def form(self) -> dict[str, list[str]]:
        """Return the fields of the page's own form: the one with most fields."""
        reader = FormReader()
        reader.feed(self.text)
        return max(reader.forms, key=len)

    def problems_at(self, field: str) -> list[str]:
        """Return what the page says is wrong at a field."""
        pattern = rf'id="[\w-]+-{re.escape(field)}-problem">([^<]*)<'
        return re.findall(pattern, self.text)

    @property
    def summary(self) -> str:
        """Return the list of reasons above the form."""
        found = re.search(r'class="error-summary".*?</div>', self.text, re.DOTALL)
        return found[0] if found else ""


@dataclass
class Browser:
    """One person's browser on one day."""

    http: FlaskClient
    day: date
    site: str = "same-origin"
    """Where the browser says that the page came from which leads to this one."""

    @property
    def headers(self) -> dict[str, str]:
        """Return the day of the request."""
        return {"X-Songnuan-Date": f"{self.day.isoformat()}T09:30:00+08:00", "Sec-Fetch-Site": self.site}

    def open(self, path: str) -> Page:
        """Open a page."""
        before = _counts()
        return _page(self.http.get(path, headers=self.headers), before)

    def send(self, path: str, shown: Page, **typed: Any) -> Page:
        """Send the form of a page with what was typed into it; `__` in a name stands for a full stop."""
        fields = {**shown.form, **{name.replace("__", "."): value for name, value in typed.items()}}
        if fields.get("proof") == [""]:
            fields["proof"] = PASSWORD
        before = _counts()
        return _page(self.http.post(path, data=fields, headers=self.headers), before)

    def take(self, address: str) -> list[list[str]]:
        """Export a list as CSV, and return its rows: the note, the header, and those of the list, whose number ends it."""
        [token, *_] = re.findall(r'name="_csrf" value="([^"]+)"', self.open("/inbox").text)
        fields = {"_csrf": token, "_key": uuid4().hex}
        answer = self.http.post(address, data=fields, headers=self.headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        *rows, ending = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
        answer.close()
        assert ending == [f"共 {len(rows) - 2:,} 行"]
        return rows

    def fill(self, path: str, **typed: Any) -> Page:
        """Open a page, type into its form, and send it."""
        return self.send(path, self.open(path), **typed)


def _counts() -> dict[str, float]:
    """Return how often each reason was given."""
    samples = (sample for metric in metrics.REFUSALS.collect() for sample in metric.samples)
    return {sample.labels["code"]: sample.value for sample in samples if sample.name.endswith("_total")}


def _page(response: Any, before: dict[str, float]) -> Page:
    codes = sorted(code for code, count in _counts().items() if count > before.get(code, 0))
    return Page(response.status_code, response.get_data(as_text=True), response.headers.get("Location", ""), codes)


def browser_of(app: Flask, engine: sa.Engine, desk: ApiClient, staff_name: str) -> Browser:
    """Return the browser of a member of staff, signed in with second factor."""
    with engine.begin() as conn:
        ensure_password(conn, desk.office, staff_name)
        account_id: UUID = desk.office.people[staff_name]
        found = accounts.caller_by_id(conn, account_id, desk.today)
        assert found is not None
        context = ActionContext(found, instant(desk.today), desk.today, RING, clock=Clock.DEMO)
        cookie = start_session(conn, "password", now(), BrowserRequest("test", "127.0.0.0/24", now()), context)
    http = app.test_client()
    http.set_cookie("songnuan", cookie.token)
    return Browser(http, desk.today)
