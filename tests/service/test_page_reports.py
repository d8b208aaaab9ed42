"""The report on the page: its text is that of the files, and each number leads to the rows that make it up."""

import html
import re
from collections.abc import Callable
from io import BytesIO

import docx
import pytest
import sqlalchemy as sa
from flask import Flask

from service.report.text_pieces import TextPiece, cut_at_figures, mark_figure
from tests.api_client import ApiClient
from tests.lives import case_at
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def asked(desk: ApiClient) -> str:
    return f"unit_id={desk.office.unit_id}&from={desk.today.year}-01&to={desk.today.year}-12"


def plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def test_text_is_cut_at_its_figures_and_loses_nothing() -> None:
    marked = f"走访{mark_figure('visits', '13户')}，其中{mark_figure('visits:LIV', '3户')}。"
    pieces = tuple(cut_at_figures(marked))
    assert pieces == (
        TextPiece("走访"),
        TextPiece("13户", "visits"),
        TextPiece("，其中"),
        TextPiece("3户", "visits:LIV"),
        TextPiece("。"),
    )
    assert tuple(cut_at_figures("没有数字。")) == (TextPiece("没有数字。"),)


def test_page_says_what_the_files_say(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    for _ in range(4):
        case_at("receipt", ApiClient(desk.http, desk.office, desk.today), engine)
    auditor = open_as("auditor")
    page = auditor.open(f"/reports?{asked(desk)}")
    assert page.status == 200
    file = auditor.http.get(f"/reports/welfare/docx?{asked(desk)}", headers=auditor.headers)
    assert (
        file.headers["Content-Disposition"]
        == f'attachment; filename="welfare-{desk.today.year}01-{desk.today.year}12.docx"'
    )
    said = [
        each.text
        for each in docx.Document(BytesIO(file.data)).paragraphs
        if each.style and each.style.name == "Body Text"
    ]
    article = plain(page.text.partition("<article")[2].partition("</article>")[0])
    assert len(said) > 1
    assert all(each in article for each in said)
    markdown = auditor.http.get(f"/reports/welfare/md?{asked(desk)}", headers=auditor.headers).get_data(as_text=True)
    assert markdown.startswith("# ")


def test_each_number_of_the_page_leads_to_as_many_rows_as_it_states(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    lives = [case_at("receipt", ApiClient(desk.http, desk.office, desk.today), engine) for _ in range(4)]
    auditor = open_as("auditor")
    page = auditor.open(f"/reports?{asked(desk)}").text
    links = {html.unescape(each) for each in re.findall(r'href="(/reports/figure\?[^"]+)"', page)}
    assert len(links) > 40
    tables = page.partition("<article")[2].partition("</article>")[0]
    in_cells = re.findall(r'<td class="right"><a href="(/reports/figure[^"]+)">', tables)
    assert len(in_cells) > 5
    assert {html.unescape(each) for each in in_cells} <= links
    grants = auditor.open(f"/reports/figure?key=aid_grants&{asked(desk)}").text
    number = int(re.search(r"由 (\d+) 条记录得出", grants)[1])  # type: ignore[index]
    assert number >= len(lives)
    assert all(f'href="/cases/{life.case_id}"' in grants or number > 30 for life in lives)
    assert {auditor.open(each).status for each in sorted(links)[:60]} == {200}


@pytest.mark.parametrize(
    "query",
    [
        "key=aid_money&unit_id={other}&from=2025-01&to=2025-12",
        "key=no_such_figure&unit_id={own}&from=2025-01&to=2025-12",
        "key=aid_money&unit_id={own}&from=2025-12&to=2025-01",
        "key=aid_money&unit_id={own}&from=2025-01&to=2025-12&after=nonsense",
        "key=aid_money_by_item&unit_id={own}&from=2025-01&to=2025-12",
    ],
)
def test_figure_that_is_not_there_is_not_found(desk: ApiClient, open_as: Open, query: str) -> None:
    other = "00000000-0000-0000-0000-000000000007"
    page = open_as("auditor").open("/reports/figure?" + query.format(own=desk.office.unit_id, other=other))
    assert page.refusal == (404, ["not_found"])


def test_period_that_ends_before_it_begins_is_refused_at_its_field(desk: ApiClient, open_as: Open) -> None:
    page = open_as("auditor").open(f"/reports?unit_id={desk.office.unit_id}&from=2025-12&to=2025-01")
    assert page.refusal == (422, ["period_backwards"])
