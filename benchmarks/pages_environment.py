"""The environment of the compared pages: one PostgreSQL, the data, three web servers and the clients."""

import re
import subprocess
import sys
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa

from benchmarks import pages_check, pages_copy, pages_data, pages_words
from benchmarks.environment import MAX_CONNECTIONS, Clients
from benchmarks.pages_check import ShownPage
from benchmarks.pages_data import LISTED_ON, SHOWN_ON, PageData
from benchmarks.web_servers import ROOT, Webs, environment
from service.db import migrate
from service.db.engine import make_engine
from service.local_servers import start_postgres

_SELECT = re.compile(r"LOG:  (?:statement|execute [^:]+): \s*(?:SELECT|WITH)")

COUNTED_PAGES = 4


@dataclass(frozen=True)
class MeasuredPage:
    """One of the two pages: its address, the day it is opened on, and a text that it must show."""

    name: str
    path: str
    day: str
    text: str


class PageArena(AbstractContextManager["PageArena"]):
    """All processes of the comparison, started once and stopped in order."""

    def __init__(self, folder: Path, names: list[str], most: int, django: str | None, cases: int) -> None:
        self.folder, self.names, self.most, self.django, self.cases = folder, names, most, django, cases
        self.stack, self.servers = ExitStack(), dict[str, str]()

    def __enter__(self) -> Self:
        with self.stack as stack:
            self.folder.chmod(0o711)
            server = stack.enter_context(start_postgres(self.folder / "postgres", connections=MAX_CONNECTIONS))
            self.url, self.engine = server.url, make_engine(server.url)
            stack.callback(self.engine.dispose)
            migrate.upgrade(self.engine)
            self.data: PageData = pages_data.create(self.engine, self.url, self.cases)
            pages_data.write_words(self.folder / "words.json")
            self.more = {pages_words.ENVIRONMENT: str(self.folder / "words.json")}
            webs = stack.enter_context(Webs(self.folder))
            for name in self.names:
                self.servers[name] = self._start(webs, name)
            command = Clients(self.most, sys.executable, "benchmarks.pages_client", environment(self.url))
            self.clients = stack.enter_context(command)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def _start(self, webs: Webs, name: str) -> str:
        if name != "django_pages":
            return webs.start(name, self.url, more=self.more)
        url, python = self._django_database(), str(self.django)
        command = [python, "-m", "benchmarks.django_way.fixtures", "tables"]
        subprocess.run(command, check=True, cwd=ROOT, env=environment(url) | self.more)
        pages_copy.copy(self.url, url)
        return webs.start(name, url, python, more=self.more)

    def _django_database(self) -> str:
        with self.engine.connect() as conn:
            conn.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("CREATE DATABASE django"))
        return urlunsplit(urlsplit(self.url)._replace(path="/django"))

    def pages(self) -> tuple[MeasuredPage, ...]:
        """Return the two pages."""
        with self.engine.connect() as conn:
            number = str(conn.scalar(sa.text('SELECT case_no FROM "case" WHERE id = :id'), {"id": self.data.case_id}))
            newest = pages_check.wanted_cases(conn, self.data.county.unit_path)[0]
        decision = MeasuredPage("decision", f"/cases/{self.data.case_id}", SHOWN_ON.isoformat(), number)
        return decision, MeasuredPage("list", "/cases", LISTED_ON.isoformat(), newest)

    def headers(self, page: MeasuredPage, cookie: str) -> dict[str, str]:
        """Return the headers of a browser with this session on the page's day."""
        return {
            "X-Songnuan-Date": f"{page.day}T09:30:00+08:00",
            "Accept-Language": "zh-CN",
            **({"Cookie": f"songnuan={cookie}"} if cookie else {}),
        }

    def run(self, name: str, page: MeasuredPage, clients: int, seconds: float) -> list[dict[str, Any]]:
        """Let so many clients open a contestant's page for `seconds`, and return their answers."""
        order = {"server": self.servers[name], "path": page.path, "seconds": seconds, "text": page.text}
        return self.clients.send(clients, **order, headers=self.headers(page, self.data.cookie))

    def shown(self, name: str, page: MeasuredPage, cookie: str | None = None) -> ShownPage:
        """Return what a contestant's page shows to the approver, or with another cookie."""
        headers = self.headers(page, self.data.cookie if cookie is None else cookie)
        return pages_check.shown(self.servers[name], page.path, headers)

    def faults(self, name: str, page: MeasuredPage) -> list[str]:
        """Return every fault of a contestant's page, against the database, the service's page, and strangers."""
        page_shown, service = self.shown(name, page), self.shown("http", page)
        faults = list(pages_check.differences(page_shown, service))
        with self.engine.connect() as conn:
            if page.name == "list":
                same = page_shown.cases == pages_check.wanted_cases(conn, self.data.county.unit_path)
                faults += [] if same else ["the rows are not those of the database"]
            else:
                wanted = pages_check.wanted_words(conn, self.data.case_id)
                faults += [f"missing: {word}" for word in wanted if not any(word in each for each in page_shown.words)]
        for cookie in (self.data.stranger, ""):
            other = self.shown(name, page, cookie)
            if page.text in other.words or page.text in other.cases:
                faults.append("shown to a stranger" if cookie else "shown without a session")
            if other.status >= 500:
                faults.append(f"status {other.status} for a stranger")
        return faults

    def selects(self, name: str, page: MeasuredPage) -> int:
        """Return the number of SELECTs that one page runs, by the server's log; the least of a few pages.

        A process that has not served the page before reads once what it keeps, such as the policy set.
        """
        with self.engine.connect() as conn:
            log = Path(str(conn.scalar(sa.text("SHOW data_directory")))).parent / "postgresql.log"
        self._log_statements("all")
        counts = [self._selects_of_one(log, name, page) for _ in range(COUNTED_PAGES)]
        self._log_statements("none")
        return min(counts)

    def _selects_of_one(self, log: Path, name: str, page: MeasuredPage) -> int:
        start = log.stat().st_size
        self.shown(name, page)
        with log.open("rb") as lines:
            lines.seek(start)
            return len(_SELECT.findall(lines.read().decode(errors="replace")))

    def _log_statements(self, which: str) -> None:
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(sa.text(f"ALTER SYSTEM SET log_statement = '{which}'"))
            conn.execute(sa.text("SELECT pg_reload_conf()"))
        # The postmaster passes the signal on to the connections of the web servers.
        time.sleep(0.3)
