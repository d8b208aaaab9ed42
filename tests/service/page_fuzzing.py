"""Random requests to pages: forms as their page shows them, with values that nobody should type, and addresses with wrong queries."""

import random
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa

from service.tables.events import event
from tests.page_client import PageClient

MARK = "<fuzz"
"""Begins a hostile value; a page that holds it as it stands has not escaped it."""

HOSTILE = (
    "",
    " ",
    "\u3000",
    "0",
    "-1",
    "1e9999",
    "NaN",
    "１２３．４５",
    "1,000.00",
    "0.001",
    "9" * 40,
    "99999999999.99",
    "2025-02-30",
    "0000-00-00",
    "9999-12-31",
    "-271821-04-20",
    "00000000-0000-0000-0000-000000000000",
    "not-a-uuid",
    "true",
    "null",
    "[]",
    '{"$ne": 1}',
    "' OR 1=1 --",
    "示例甲'); DROP TABLE event; --",
    f"{MARK} onload=alert(1)>",
    f'"{MARK} style="',
    "{{ 7*7 }}",
    "%s %(x)s %d",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "http://192.0.2.1/",
    "nul\x00byte",
    "line\r\nbreak: x",
    "\u202eright to left",
    "\u200b",
    "\ufeff示例甲",
    "e\u0301" * 20,
    "🧧🏮" * 10,
    "长" * 5000,
    "x" * 70_000,
)
PLAUSIBLE = ("示例甲", "2025-09-15", "1500.00", "1", "V-1", "同意办理，已核实", "home", "bank")
FILTERS = (
    *("q", "state", "programme", "category", "after", "unit", "exact", "list", "done"),
    *("proposed", "sort", "order", "from", "to", "unit_id", "item", "given", "signed"),
    *("file_no", "purpose", "kind", "visitor", "confirmed", "title", "letter_state", "reader", "period"),
    *("helper", "posted", "answer", "source", "case_no", "record_state", "visit_id"),
)
ODD = ("_csrf", "_key", "_version", "_add", "_twins_seen", "digest", "fen", "unit_id", "__proto__", "members.999.name")
LEAKS = re.compile(
    r"Traceback|psycopg|sqlalchemy|werkzeug|jinja2|violates|constraint \"|/service/|File \"", re.IGNORECASE
)
STATUSES = frozenset({200, 303, 400, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429})

OPENED, TYPED, ODD_FIELD, AS_OFFERED, AS_TYPED = 0.3, 0.9, 0.1, 0.5, 0.5
"""Shares: of pages that are only opened, of inputs filled in, of forms with one more field, and of the values' kinds."""


@dataclass
class ShownForm:
    """A form of a page: where it goes, and for each input the values that the page offers."""

    action: str
    inputs: dict[str, list[str]] = field(default_factory=dict)


class FormFinder(HTMLParser):
    """Finds the forms of a page that are posted."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[ShownForm] = []
        self._open, self._select = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, and the name and value of an input."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = given.get("method", "").lower() == "post"
            self.forms += [ShownForm(given.get("action", ""))] if self._open else []
        name = self._select if tag == "option" else given.get("name", "")
        if tag == "select":
            self._select = name
        if self._open and name and tag in {"input", "select", "textarea", "option", "button"}:
            self.forms[-1].inputs.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a form."""
        self._open = self._open and tag != "form"


def forms_of(text: str) -> list[ShownForm]:
    """Return the forms of a page, except those that sign out or end sessions."""
    finder = FormFinder()
    finder.feed(text)
    return [each for each in finder.forms if not each.action.startswith(("/sign-out", "/account"))]


@dataclass
class PageFuzz:
    """A fuzz of one organisation's pages: the client, the random values, and what was wrong."""

    client: PageClient
    rng: random.Random
    paths: dict[str, list[str]]
    """The addresses to begin from, by member of staff."""

    wrong: list[str] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)

    def run(self, times: int) -> None:
        """Send random requests."""
        for _time in range(times):
            name = self.rng.choice(list(self.paths))
            path = self.rng.choice(self.paths[name])
            if self.happens(OPENED):
                self._get(name, path)
            else:
                self._post(name, path)

    def _get(self, name: str, path: str) -> None:
        query = {key: self.value([]) for key in self.rng.sample(FILTERS, self.rng.randint(1, 3))}
        address = f"{path}{'&' if '?' in path else '?'}{urlencode(query)}"
        self._judge(f"GET {address[:200]!r} by {name}", self.client.get(name, address))

    def _post(self, name: str, path: str) -> None:
        shown = self.client.get(name, path)
        forms = forms_of(shown.get_data(as_text=True))
        if not forms:
            self._judge(f"GET {path} by {name}", shown)
            return
        form = self.rng.choice(forms)
        typed, before = self.typed(form), self.events()
        answer = self.client.post(name, urlsplit(form.action).path or path, typed)
        said = f"POST {form.action or path} by {name} { {key: each[:60] for key, each in typed.items()} }"
        self._judge(said, answer)
        if answer.status_code >= 400 and self.events() != before:
            self.wrong.append(f"{said}: {answer.status_code}, and yet an event was written")

    def typed(self, form: ShownForm) -> dict[str, str]:
        """Return a form filled in: most inputs as the page offers or as people type, some hostile, some left out."""
        hidden = {"_csrf", "_key"}
        typed = {
            name: self.value(offered)
            for name, offered in form.inputs.items()
            if name not in hidden and self.happens(TYPED)
        }
        if "_version" in form.inputs and self.happens(TYPED):
            typed["_version"] = form.inputs["_version"][0]
        if self.happens(ODD_FIELD):
            typed[self.rng.choice(ODD)] = self.value([])
        return typed

    def value(self, offered: list[str]) -> str:
        """Return a value for an input: one that is offered, one that people type, or a hostile one."""
        if offered and self.happens(AS_OFFERED):
            return self.rng.choice(offered)
        return self.rng.choice(PLAUSIBLE if self.happens(AS_TYPED) else HOSTILE)

    def happens(self, share: float) -> bool:
        """Return True in a share of the calls."""
        return self.rng.random() < share

    def events(self) -> int:
        """Return how many events tell of a write. A look at persons and a wrong proof are recorded too, and are none."""
        others = event.c.action.in_(("search", "reveal", "shared_details", "sign_in_failed"))
        with self.client.engine.connect() as conn:
            return int(conn.scalar(sa.select(sa.func.count()).select_from(event).where(~others)) or 0)

    def _judge(self, said: str, answer: Any) -> None:
        text = answer.get_data().decode("utf-8", "replace")  # a workbook is no text
        self.counts[answer.status_code] = self.counts.get(answer.status_code, 0) + 1
        if answer.status_code not in STATUSES:
            self.wrong.append(f"{said}: {answer.status_code}")
        if MARK in text:
            self.wrong.append(f"{said}: a value is not escaped")
        if found := LEAKS.search(re.sub(r"<(input|textarea)[^>]*>|value=\"[^\"]*\"", "", text)):
            self.wrong.append(f"{said}: shows {found[0]!r}")
        if answer.mimetype == "text/html" and "Content-Security-Policy" not in answer.headers:
            self.wrong.append(f"{said}: no policy for the browser")
