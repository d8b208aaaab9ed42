"""The check of the compared pages: each shows what the database says, and the same texts as the service's page."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from uuid import UUID

import sqlalchemy as sa

from benchmarks.pages_client import open_page
from benchmarks.pages_list import SIZE

_CASE = re.compile(r"/cases/([0-9a-f-]{36})(?:\?.*)?")
_FACTS = sa.text("""SELECT c.case_no, c.award_fen, c.requested_fen, f.available_fen, f.available_fen - c.award_fen AS after,
    h.file_no, ARRAY(SELECT DISTINCT a.display_name FROM event AS e JOIN account AS a ON a.id = e.actor_id
    WHERE e.subject_id = c.id) AS actors FROM "case" AS c JOIN fund AS f ON f.id = c.fund_id
    JOIN household AS h ON h.id = c.household_id WHERE c.id = :case""")
_LISTED = sa.text(
    """SELECT id FROM "case" WHERE starts_with(unit_path, :path) ORDER BY opened_on DESC, id DESC LIMIT :size"""
)


@dataclass(frozen=True)
class ShownPage:
    """What people read on a page: the words of its main part, the names of its fields, and the cases it leads to."""

    status: int
    words: Counter[str] = field(default_factory=Counter)
    cases: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects the words and fields within <main>."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.cases, self._in_main = Counter[str](), list[str](), False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_main = self._in_main or tag == "main"
        if self._in_main and tag in {"input", "textarea", "select", "option"} and values.get("type") != "hidden":
            self.words[f"{tag} {values.get('name') or ''} {values.get('value') or ''}"] += 1
        if self._in_main and tag == "a" and (lead := _CASE.fullmatch(values.get("href") or "")):
            self.cases.append(lead[1])

    def handle_endtag(self, tag: str) -> None:
        self._in_main = self._in_main and tag != "main"

    def handle_data(self, data: str) -> None:
        if self._in_main:
            self.words.update(data.split())


def shown(server: str, path: str, headers: dict[str, str]) -> ShownPage:
    """Open a page and return what people read on it."""
    status, body = open_page(server, path, headers)
    reader = _Reader()
    reader.feed(body.decode())
    return ShownPage(status, reader.words, reader.cases)


def wanted_words(conn: sa.Connection, case_id: UUID) -> set[str]:
    """Return what the decision page must show, by a SELECT of its own: number, sums, file, and the names of the actors."""
    row = conn.execute(_FACTS, {"case": case_id}).one()
    sums = (row.award_fen, row.requested_fen, row.available_fen, row.after)
    return {row.case_no, row.file_no, *row.actors, *(f"{fen // 100:,}.{fen % 100:02}" for fen in sums)}


def wanted_cases(conn: sa.Connection, path: str) -> list[str]:
    """Return the ids of the cases on the first page of the list, in order."""
    return [str(row.id) for row in conn.execute(_LISTED, {"path": path, "size": SIZE})]


def differences(page: ShownPage, service: ShownPage) -> Iterator[str]:
    """Yield each word, field and case that one of the two pages shows and the other does not."""
    if page.status != 200:
        yield f"status {page.status}"
    yield from (f"not shown: {word}" for word in service.words - page.words)
    yield from (f"shown besides: {word}" for word in page.words - service.words)
    if page.cases != service.cases:
        yield f"{len(page.cases)} cases or another order, not {len(service.cases)}"
