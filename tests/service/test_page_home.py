"""The first page: what each role sees, and that each of its links opens a list of so many rows and such a sum."""

import re
from datetime import date
from html import unescape
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.confirmations import propose
from service.actions.fund_receipts import NewReceipt
from service.actions.proposals.money import ReceiptContent
from service.tables.funds import fund
from service.tables.households import household
from service.tables.payments import payment
from service.web.home_tiles import tiles_of
from tests.api_client import ApiClient
from tests.factories import Organisation, create_family, create_organisation, open_fund
from tests.lives import case_at
from tests.page_client import PageClient
from tests.service.statement_log import reading, statements_of
from workflows.vocabulary import Fen, Role

LATER = date(2025, 10, 20)
"""A day on which the cases of September are overdue."""

STATES = ("draft", "survey", "review", "notice", "approval", "payment", "transit", "receipt", "follow_up", "receipt")
PEOPLE = ("registrar", "visitor_1", "verifier", "reviewer", "approver_3", "cashier", "auditor", "admin")
MOST_SELECTS = 6


class Link(NamedTuple):
    """A link of the page, with the number and the sum in yuan that it shows; "" for none."""

    url: str
    number: str
    sum: str = ""


@pytest.fixture(scope="module")
def pages(shared_app: Flask, engine: sa.Engine) -> PageClient:
    """Return a client of the pages of an organisation with cases in many states, some of them overdue."""
    with engine.begin() as conn:
        office = create_organisation(conn)
    for state in STATES:
        case_at(state, ApiClient(shared_app.test_client(), office, date(2025, 9, 1)), engine)
    unconfirmed = case_at("survey", ApiClient(shared_app.test_client(), office, date(2025, 9, 1)), engine)
    unconfirmed.act("visitor_1", "record_visit", **unconfirmed.visited())
    with engine.begin() as conn:
        for category in ("deep", "deep", "sudden", None):
            family = create_family(conn, office)
            conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
            own = household.c.id == family.household_id
            conn.execute(household.update().where(own).values(category=category))
            conn.execute(sa.text("SET LOCAL session_replication_role = origin"))
        _pay_one_earlier(conn, office)
        content = ReceiptContent(office.fund_id, NewReceipt(Fen(100), "银收1", LATER))
        propose(conn, "receipt", content, office.context(conn, "cashier", LATER))
    return PageClient(shared_app, engine, office, LATER)


def _pay_one_earlier(conn: sa.Connection, office: Organisation) -> None:
    """Let one of the payments be one of August from a line of another source, and of half the sum."""
    line = open_fund(conn, office, 0)
    arrived = sa.and_(payment.c.unit_path == office.unit_path, payment.c.state == "live")
    first = conn.execute(sa.select(payment.c.id, payment.c.fen).where(arrived).limit(1)).one()
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    conn.execute(fund.update().where(fund.c.id == line).values(source="CEN"))
    values = {"fund_id": line, "paid_on": date(2025, 8, 5), "fen": first.fen // 2}
    conn.execute(payment.update().where(payment.c.id == first.id).values(**values))
    conn.execute(sa.text("SET LOCAL session_replication_role = origin"))


def text_of(pages: PageClient, name: str, path: str) -> str:
    """Return a page that must be served."""
    answer = pages.get(name, path)
    assert answer.status_code == 200, path
    return str(answer.get_data(as_text=True))


def tiles(page: str) -> dict[str, Link]:
    """Return the tiles of the page by their titles."""
    shape = r'class="tile[^"]*" href="([^"]+)"><span>(.*?)</span> <strong>(\d+)</strong>(?: <span class="unit">([\d,.]+) 元)?'
    return {title: Link(unescape(url), number, fen) for url, title, number, fen in re.findall(shape, page)}


def links(page: str) -> list[Link]:
    """Return the links of the page's tiles and tables."""
    number = r'<a href="(/[^"]+)">(\d+)</a>'
    money = r'<a href="(/payments[^"]+)">([\d,.]+)</a> <span class="hint">(\d+) 笔'
    of_money = [Link(unescape(url), count, fen) for url, fen, count in re.findall(money, page)]
    return [*tiles(page).values(), *(Link(unescape(url), each) for url, each in re.findall(number, page)), *of_money]


def rows_of(pages: PageClient, name: str, url: str) -> tuple[int, str]:
    """Return how many rows a list has on all its pages, and the sum that it shows above them or below."""
    number, shown, following = 0, "", url
    while following:
        page = text_of(pages, name, following)
        number += len(re.findall(r'<tr>(?:<td[^>]*>[^<]*</td>)?\s*<th scope="row"', page))
        shown = next(iter(re.findall(r"合计 ([\d,.]+) 元", page)), shown)
        following = unescape(next(iter(re.findall(r'href="([^"]+)" rel="next"', page)), ""))
    return number, shown


@pytest.mark.parametrize("name", PEOPLE)
def test_each_number_of_the_page_is_that_of_the_list_it_opens(pages: PageClient, name: str) -> None:
    found = links(text_of(pages, name, "/home"))
    assert found
    for link in found:
        if link.url == "/inbox":
            waiting = len(set(re.findall(r'href="/confirmations/[^"]+"', text_of(pages, name, link.url))))
            assert waiting == int(link.number)
            continue
        number, shown = rows_of(pages, name, link.url)
        assert number == int(link.number), link
        if link.sum and number and not link.url.startswith("/funds"):
            assert shown == link.sum, link
        assert bool(link.sum) or not link.url.startswith(("/inbox?", "/funds")), "a list with money shows its sum"


def test_page_is_not_empty_for_those_who_lead(pages: PageClient) -> None:
    page = text_of(pages, "approver_3", "/home")
    found = tiles(page)
    assert found["等我确认"].number == "1"
    assert found["超期的个案"].number != "0"
    assert 'class="tile tile-late"' in page
    assert (found["已发出待回单"].number, found["已发出待回单"].sum) == ("1", "1,500.00")
    assert len([each for each in links(page) if each.url.startswith("/payments?state=live")]) >= 4
    assert "<svg" in page
    assert {each.url for each in links(page)} >= {"/households?category=deep&active=yes", "/households?active=yes"}


def test_bar_of_a_month_is_its_part_of_the_month_with_the_most(pages: PageClient) -> None:
    page = text_of(pages, "auditor", "/home")
    widths = dict(zip(range(1, LATER.month + 1), map(int, re.findall(r'<rect width="(\d+)"', page)), strict=True))
    assert widths == {month: {8: 25, 9: 100}.get(month, 0) for month in widths}
    assert [each.sum for each in links(page) if "source=CEN" in each.url] == ["750.00", "750.00"]


def test_each_role_sees_the_tiles_of_its_row(pages: PageClient) -> None:
    for name in PEOPLE:
        page = text_of(pages, name, "/home")
        role = Role(name.rpartition("_")[0] or name)
        assert len(tiles(page)) == len(tiles_of([role])) > 0, name
        assert ("在办个案，按阶段" in page) == (role is not Role.ADMIN), name
        assert ("按月份和资金来源" in page) == (role not in {Role.ADMIN, Role.VISITOR, Role.VERIFIER}), name
    assert {each.key for role in Role for each in tiles_of([role])} == {each.key for each in tiles_of(Role)}


def test_page_of_a_unit_without_records_says_so(engine: sa.Engine, pages: PageClient) -> None:
    with engine.begin() as conn:
        other = create_organisation(conn, fen=0)
    page = text_of(PageClient(pages.app, engine, other, LATER), "auditor", "/home")
    assert {each.number for title, each in tiles(page).items() if "资金" not in title} == {"0"}
    assert "今年还没有到账的发放。" in page
    assert 'href="/households?' not in page


@pytest.mark.parametrize("name", ["registrar", "approver_3", "auditor"])
def test_page_takes_few_statements(pages: PageClient, name: str) -> None:
    pages.get(name, "/home")
    with statements_of(pages.app.extensions["songnuan"].engine) as statements:
        pages.get(name, "/home")
    assert len(reading(statements)) <= MOST_SELECTS, reading(statements)
