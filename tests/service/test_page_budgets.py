"""What a page may cost: statements, bytes, and what a browser keeps of it."""

import gzip
import re
from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.api_client import ApiClient, serving
from tests.factories import create_organisation
from tests.lives import case_at
from tests.page_client import PageClient
from tests.page_table import PAGES
from tests.service.statement_log import reading, statements_of

TODAY = date(2025, 9, 15)
SELECTS = {"/cases/{case}": 12, "/cases": 6, "/inbox": 6, "/home": 6}
"""Statements that read, at most: the caller's session among them."""

HTML, CSS, SCRIPT, FIRST_LOAD = 60_000, 40_000, 60_000, 200_000
"""Bytes before compression: one page, all its style sheets, all its scripts, everything that a first visit loads."""

CASES = 40
"""More cases than one page of the list shows."""


@pytest.fixture(scope="module")
def served(
    engine: sa.Engine, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[PageClient, dict[str, str]]]:
    """Yield a client of the pages of an organisation with many cases, and the ids in their addresses."""
    with engine.begin() as conn:
        office = create_organisation(conn)
    with serving(database_url, tmp_path_factory.mktemp("var")) as app:
        desk = ApiClient(app.test_client(), office, date(2025, 9, 1))
        case_id = case_at("approval", desk, engine).case_id
        for _ in range(CASES):
            case_at("draft", desk, engine)
        yield PageClient(app, engine, office, TODAY), {"case": case_id}


@pytest.mark.parametrize(("path", "most"), SELECTS.items(), ids=SELECTS)
def test_page_runs_few_statements(served: tuple[PageClient, dict[str, str]], path: str, most: int) -> None:
    client, ids = served
    client.get("approver_1", path.format(**ids))  # signs in, and fills what is read once for a process
    with statements_of(client.app.extensions["songnuan"].engine) as statements:
        assert client.get("approver_1", path.format(**ids)).status_code == 200
    selects = reading(statements)
    assert len(selects) <= most, f"{len(selects)} statements:\n" + "\n".join(each[:160] for each in selects)


def loaded(app: Flask, page: str) -> dict[str, bytes]:
    """Return the files that a page loads, by their addresses."""
    addresses = re.findall(r'(?:<link[^>]* href|<script[^>]* src|<img[^>]* src)="(/[^"]+)"', page)
    return {each: static_file(app, each.replace("&amp;", "&"))[0] for each in addresses}


def static_file(app: Flask, address: str) -> tuple[bytes, str]:
    """Return the bytes of a static file and its Cache-Control."""
    with app.test_client(use_cookies=False).get(address) as answer:
        return answer.get_data(), answer.headers["Cache-Control"]


def test_page_is_small(served: tuple[PageClient, dict[str, str]]) -> None:
    client, ids = served
    for path in ("/cases/{case}", "/cases", "/inbox", "/home", "/account/keys"):
        page = client.get("approver_1", path.format(**ids)).get_data()
        files = loaded(client.app, page.decode())
        assert files, path
        sums = {kind: sum(len(body) for name, body in files.items() if f".{kind}" in name) for kind in ("css", "js")}
        assert len(page) <= HTML, path
        assert sums["css"] <= CSS, path
        assert sums["js"] <= SCRIPT, path
        assert len(page) + sum(map(len, files.values())) <= FIRST_LOAD, path


def test_static_file_is_kept_for_good_and_a_page_is_not(served: tuple[PageClient, dict[str, str]]) -> None:
    client, _ = served
    page = client.get("approver_1", "/inbox")
    assert page.headers["Cache-Control"] == "no-store"
    assert {client.get("", path).headers["Cache-Control"] for path in ("/sign-in", "/cases")} == {"no-store"}
    files = loaded(client.app, page.get_data(as_text=True))
    assert len(files) >= 5
    for address in files:
        assert "?v=" in address, address
        assert static_file(client.app, address)[1] == "public, max-age=31536000, immutable", address
    assert "immutable" not in static_file(client.app, "/static/css/page.css")[1]


def test_page_and_static_file_are_compressed_where_the_browser_takes_it(
    served: tuple[PageClient, dict[str, str]],
) -> None:
    client, ids = served
    path = f"/cases/{ids['case']}"
    plain, packed = client.get("approver_1", path), client.get("approver_1", path, **{"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.get_data()) < len(plain.get_data()) / 3
    assert b"<main" in gzip.decompress(packed.get_data())
    assert packed.headers["Vary"] == plain.headers["Vary"]


def test_every_page_has_the_policy_that_forbids_inline_script(served: tuple[PageClient, dict[str, str]]) -> None:
    client, ids = served
    for each in PAGES:
        if each.method == "GET":
            path = re.sub(r"\{[a-z]+\}", ids["case"], each.path)
            policy = client.get("approver_1", path).headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'self'; img-src 'self' data: blob:;"), each
            assert "unsafe" not in policy, each
