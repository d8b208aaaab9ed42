"""Exports: the rows of a list as its filters show them, without formulas, with who took them, and in the event log."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from python_calamine import CalamineWorkbook

from service.imports.written_tables import Cell, Money, csv_parts, write_workbook
from service.tables.events import event
from service.web import exported_file
from tests.api_client import ApiClient
from tests.lives import case_at
from tests.page_client import page_refusal
from tests.service.browser import Browser, browser_of

Open = Callable[[str], Browser]
KEYS = iter(f"export-{number:04}" for number in range(10_000))


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def taken(browser: Browser, address: str) -> Any:
    """Export a list with the form of its page, and return the answer."""
    [token, *_] = re.findall(r'name="_csrf" value="([^"]+)"', browser.open("/cases").text)
    fields = {"_csrf": token, "_key": next(KEYS)}
    answer = browser.http.post(address, data=fields, headers=browser.headers)
    answer.get_data()
    answer.close()  # as a web server does once it is sent
    return answer


def csv_rows(answer: Any) -> list[list[str]]:
    """Return the note, the header and the rows of a CSV file, whose last line has their number."""
    *rows, ending = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert ending == [f"共 {len(rows) - 2:,} 行"]
    return rows


def test_text_that_looks_like_a_formula_stays_text() -> None:
    rows: list[list[Cell]] = [["=1+1", "+86", "-5", "@a", "370101199001011234", Money(123_456), 7, None]]
    content = b"".join(csv_parts("说明", ["a"] * 8, rows, str))
    written = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert written[2] == [
        "'=1+1",
        "'+86",
        "'-5",
        "'@a",
        "370101199001011234",
        "1234.56",
        "7",
        "",
    ]
    assert written[3] == ["1"], "the last line has the number of rows"
    target = io.BytesIO()
    assert write_workbook(target, "说明", ["a"] * 8, rows) == 1
    target.seek(0)
    sheet = CalamineWorkbook.from_filelike(target).get_sheet_by_index(0).to_python()
    assert sheet[1] == ["a"] * 8
    assert sheet[2] == ["=1+1", "+86", "-5", "@a", "370101199001011234", "1234.56", "7", ""]


def test_workbook_keeps_every_letter() -> None:
    texts: list[Cell] = ["a & b <c>", "_x0041_", "\x07", " 空格 ", "一\r\n二\t三", "😀", "\"'", ""]
    target = io.BytesIO()
    write_workbook(target, "说明", ["列"] * 30, [texts, ["x"] * 30])
    target.seek(0)
    sheet = CalamineWorkbook.from_filelike(target).get_sheet_by_index(0).to_python()
    assert sheet[2][: len(texts)] == texts
    assert sheet[3] == ["x"] * 30, "columns beyond Z"


def test_file_holds_the_rows_of_the_list_and_says_who_took_them(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    lives = [case_at("draft", desk, engine) for _ in range(3)]
    paid = case_at("receipt", desk, engine)
    registrar = open_as("registrar")
    answer = taken(registrar, "/exports/cases/csv?state=draft")
    note, header, *rows = csv_rows(answer)
    assert answer.status_code == 200
    assert note[0].startswith("个案。由 ")
    assert "筛选条件：" in note[0]
    assert header[0] == "编号"
    numbers = {row[0] for row in rows}
    with engine.connect() as conn:
        event_rows = sa.select(event.c.body).where(
            event.c.subject_id == desk.office.people["registrar"], event.c.action == "export"
        )
        [body] = [json.loads(each) for each in conn.scalars(event_rows)]
    assert body["facts"] == {"list": "cases", "kind": "csv", "rows": len(rows), "filters": {"state": "draft"}}
    assert len(numbers) == len(rows) >= len(lives)
    assert all("*" in row[1] for row in rows), "names are masked as in the list"
    workbook = taken(registrar, "/exports/cases/xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(workbook.data)).get_sheet_by_index(0).to_python()
    assert len(sheet) - 2 > len(rows)
    assert paid.case_id


@pytest.mark.parametrize("name", ["households", "funds", "fund_years", "payments"])
def test_every_list_can_be_taken(desk: ApiClient, engine: sa.Engine, open_as: Open, name: str) -> None:
    case_at("receipt", desk, engine)
    rows = csv_rows(taken(open_as("auditor"), f"/exports/{name}/csv"))
    assert len(rows) > 2
    assert len({len(row) for row in rows[1:]}) == 1


def test_list_longer_than_a_sheet_is_no_workbook(
    desk: ApiClient, engine: sa.Engine, open_as: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is lowered: a sheet holds a million rows."""
    case_at("draft", desk, engine)
    monkeypatch.setattr(exported_file, "MOST_WORKBOOK_ROWS", 0)
    assert page_refusal(taken(open_as("registrar"), "/exports/cases/xlsx")) == (409, "workbook_rows")
    assert len(csv_rows(taken(open_as("registrar"), "/exports/cases/csv"))) > 2


def test_search_for_persons_is_not_exported(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    case_at("draft", desk, engine)
    answer = taken(open_as("registrar"), "/exports/households/csv?q=示例")
    assert page_refusal(answer) == (409, "search_not_exported")


def test_events_are_exported_by_auditors_alone(desk: ApiClient, engine: sa.Engine, open_as: Open) -> None:
    case_at("draft", desk, engine)
    assert taken(open_as("auditor"), "/exports/events/csv?subject=case").status_code == 200
    assert page_refusal(taken(open_as("registrar"), "/exports/events/csv")) == (403, "role_missing")
