"""Everybody of a small union works at random, then every page and read of the API is opened: none may fail.

Each run is a copy of one union, so that reports and verifications of the log read what was committed.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import psycopg
import sqlalchemy as sa
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import make_url

from service.queries import accounts
from service.tables.accounts import account, role_grant, token
from service.tables.activities import activity
from service.tables.cases import case
from service.tables.confirmations import confirmation
from service.tables.documents import document
from service.tables.donations import donation
from service.tables.fund_allocations import fund_allocation
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.notices import notice, objection
from service.tables.notifications import notification
from service.tables.pairings import pairing
from service.tables.persons import person
from service.tables.policies import policy_set
from service.tables.units import unit
from service.tables.visits import visit
from service.tables.workbook_imports import workbook_import
from tests.api_client import ApiClient, serving
from tests.collusion.search import Search, prepare, searching
from tests.collusion.walk import Walk
from tests.page_client import PageClient
from tests.page_table import PAGES
from tests.sign_in_browser import ensure_password

READERS = ("registrar", "visitor_1", "verifier", "reviewer", "approver_1", "approver_3", "cashier", "auditor", "admin")
EACH = 3
"""Rows of a table whose pages are opened after a walk, the latest among them; of cases, families and proposals more."""

MORE = {"case": 10, "household": 5, "confirmation": 8, "document": 5}
ROWS: dict[str, sa.Table] = {
    "account": account,
    "activity": activity,
    "allocation": fund_allocation,
    "case": case,
    "confirmation": confirmation,
    "document": document,
    "donation": donation,
    "fund": fund,
    "gift": gift,
    "grant": role_grant,
    "household": household,
    "import": workbook_import,
    "kinship": kinship,
    "letter": notification,
    "notice": notice,
    "notification": notification,
    "objection": objection,
    "pairing": pairing,
    "person": person,
    "policy_set": policy_set,
    "policy": policy_set,
    "proposal": confirmation,
    "receipt": fund_receipt,
    "token": token,
    "unit": unit,
    "visit": visit,
}
"""The table of each placeholder that stands for an id."""

WORDS = {"lang": "en", "page": "1", "form": "docx", "number": "100", "kind": "move", "action": "approve"}
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+?)(?:_id)?>|\{(\w+)\}")


@dataclass
class PageAnswers:
    """What the pages answered after the walks."""

    writes: int = 0
    opened: Counter[int] = field(default_factory=Counter)
    """How often each status came."""

    failed: dict[str, list[str]] = field(default_factory=dict)
    """Each rule that failed, with the addresses and what had been done."""


@dataclass(frozen=True)
class PreparedUnion:
    """A database of a union that nothing is connected to, and what its people know: each run works in a copy."""

    url: str
    search: Search
    folder: Path

    def run(self, seed: str, steps: int, answers: PageAnswers) -> None:
        """Let everybody work at random in a copy of the union, then open what there is."""
        name = f"songnuan_work_{seed.replace(':', '_')}"
        with _server(self.url) as server:
            source = sql.Identifier(str(make_url(self.url).database))
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), source))
            try:
                self._work_and_open(_renamed(self.url, name), seed, steps, answers)
            finally:
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _work_and_open(self, url: str, seed: str, steps: int, answers: PageAnswers) -> None:
        dice, office = Random(seed), self.search.union.office
        with serving(url, self.folder) as app:
            client = ApiClient(app.test_client(), office, self.search.union.client.today)
            union = replace(self.search.union, client=client, engine=app.extensions["songnuan"].engine)
            everybody = tuple(office.people[name] for name in self.search.people())
            walk = Walk(union, self.search.before, dice, everybody, self.folder)
            for _ in range(steps):
                walk.step()
            answers.writes += sum(walk.accepted.values())
            for fault in walk.faults:
                answers.failed.setdefault(fault, []).append(seed)
            open_everything(app, walk, dice, answers)


def prepared_union(url: str, folder: Path) -> PreparedUnion:
    """Fill a database with a union whose readers have passwords."""
    prepare(url)
    with searching(url) as search, search.union.engine.begin() as conn:
        for name in READERS:
            ensure_password(conn, search.union.office, name)
    return PreparedUnion(url, search, folder)


def open_everything(app: Flask, walk: Walk, dice: Random, answers: PageAnswers) -> None:
    """Open each page of the table and each read of the API for rows of the record, each as a random reader."""
    union = walk.union
    with union.engine.connect() as conn:
        ids = {name: _some_ids(conn, name, dice) for name in ROWS}
        # An account may have been ended meanwhile.
        readers = [name for name in READERS if accounts.caller_by_id(conn, union.office.people[name], walk.today)]
    pages = PageClient(app, union.engine, union.office, walk.today)
    union.client.today = walk.today
    for rule, path in _addresses(app, ids):
        name = dice.choice(readers)
        if rule.startswith("/api/"):
            answer = union.client.http.get(path, headers=union.client.headers(name))
        else:
            answer = pages.get(name, path)
        answers.opened[answer.status_code] += 1
        if answer.status_code >= 500:
            answers.failed.setdefault(rule, []).append(
                f"{answer.status_code} {path} as {name} after {walk.story[-12:]}"
            )


def _some_ids(conn: sa.Connection, name: str, dice: Random) -> list[str]:
    """Return ids of a table: half of them the latest, half of them any."""
    table, most = ROWS[name], MORE.get(name, EACH)
    found = [str(each) for each in conn.scalars(sa.select(table.c.id).order_by(table.c.id))]
    latest = found[-(most + 1) // 2 :]
    return [*latest, *dice.sample(found, min(len(found), most // 2))]


def _addresses(app: Flask, ids: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Yield each rule with the addresses to open."""
    of_pages = [(page.rule, page.path) for page in PAGES if page.method == "GET"]
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    of_api = [(rule.rule, rule.rule) for rule in rules if rule.rule.startswith("/api/v1/")]
    for rule, pattern in (*of_pages, *of_api):
        names = [one or other for one, other in PLACEHOLDER.findall(pattern)]
        if not set(names) <= {*ids, *WORDS} or any(not ids[name] for name in names if name in ids):
            continue
        for number in range(max((len(ids[name]) for name in names if name in ids), default=1)):
            yield rule, _filled(pattern, ids, number)


def _filled(pattern: str, ids: dict[str, list[str]], number: int) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return ids[name][number % len(ids[name])] if name in ids else WORDS[name]

    return PLACEHOLDER.sub(value, pattern)


def _server(url: str) -> closing[psycopg.Connection[tuple[object, ...]]]:
    return closing(psycopg.connect(_renamed(url, "postgres"), autocommit=True))


def _renamed(url: str, database: str) -> str:
    plain = make_url(url).set(drivername="postgresql", database=database)
    return plain.render_as_string(hide_password=False)
