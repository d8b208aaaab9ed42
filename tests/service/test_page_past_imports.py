"""The page of one import: who sees it, what it says of each row, and the undo that another person confirms."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions import confirmations
from service.imports.import_files import import_files
from service.imports.proposed_import import ALL_WRITES
from service.tables.confirmations import confirmation
from service.tables.donations import donation
from service.tables.events import imported_file
from service.tables.workbook_imports import workbook_import
from tests.api_client import ApiClient
from tests.service.browser import Browser, Page, browser_of
from tests.service.import_fixtures import Cell, workbook

Open = Callable[[str], Browser]
UNIT = "示例县总工会"


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


@pytest.fixture
def imported(desk: ApiClient, engine: sa.Engine, tmp_path: Path) -> UUID:
    """Return an import of two donations."""
    row: dict[str, Cell] = {
        "单位": UNIT,
        "日期": date(2025, 8, 1),
        "方向": "收到",
        "活动名称": "献爱心",
        "组织单位": UNIT,
    }
    row |= {"交付何处": UNIT, "登记人": desk.office.login("registrar")}
    path = workbook(tmp_path / "捐款.xlsx", 捐款=[row | {"金额": "100.00"}, row | {"金额": "250.00"}])
    with engine.begin() as conn:
        import_id = import_files(conn, [path], desk.office.context(conn, "admin", date(2025, 9, 1))).import_id
    assert import_id is not None
    return import_id


def propose(browser: Browser, import_id: UUID, reason: str) -> Page:
    """Send the form of an import's page."""
    address = f"/imports/past/{import_id}"
    return browser.send(f"{address}/undo", browser.open(address), reason=reason)


def rows(page: Page) -> list[tuple[str, str]]:
    """Return the place of each row, and what the page says that an undo does with it."""
    found = re.findall(r'data-label="行">(.*?)</th>.*?data-label="撤销时">(.*?)</td>', page.text, re.DOTALL)
    return [(place, words) for place, words in found]


def live(engine: sa.Engine, desk: ApiClient) -> int:
    mine = donation.c.unit_id == desk.office.unit_id, donation.c.voided_on.is_(None)
    with engine.connect() as conn:
        return conn.scalar(sa.select(sa.func.count()).select_from(donation).where(*mine)) or 0


def confirm_open(engine: sa.Engine, desk: ApiClient, name: str) -> None:
    """Confirm the proposal that waits, as a member of staff."""
    with engine.begin() as conn:
        mine = confirmation.c.proposed_by == desk.office.people["admin"], confirmation.c.state == "proposed"
        row = conn.execute(sa.select(confirmation).where(*mine)).one()
        context = desk.office.context(conn, name, date(2025, 9, 2))
        confirmations.confirm(conn, row.id, row.digest.hex(), context, ALL_WRITES)


def test_administrator_proposes_the_undo_and_the_page_follows_it(
    desk: ApiClient, engine: sa.Engine, open_as: Open, imported: UUID
) -> None:
    admin, address = open_as("admin"), f"/imports/past/{imported}"
    page = admin.open(address)
    assert rows(page) == [("捐款 第2行", "作废"), ("捐款 第3行", "作废")]
    assert "可撤销 2 行，保留 0 行" in page.text
    assert "献爱心 250.00" in page.text
    answer = propose(admin, imported, "导错了文件")
    assert answer.status == 303
    waiting = admin.open(address)
    assert "撤销待确认" in waiting.text
    assert "提出撤销，请另一个人确认" not in waiting.text
    assert live(engine, desk) == 2
    confirm_open(engine, desk, "approver_3")
    done = admin.open(address)
    assert "已撤销 2 行，保留 0 行" in done.text
    assert (live(engine, desk), "提出撤销，请另一个人确认" in done.text) == (0, False)
    assert "已撤销" in admin.open("/imports").text


def test_confirmer_reads_what_goes_and_opens_the_import(
    desk: ApiClient, engine: sa.Engine, open_as: Open, imported: UUID
) -> None:
    admin = open_as("admin")
    propose(admin, imported, "导错了文件")
    with engine.connect() as conn:
        mine = confirmation.c.proposed_by == desk.office.people["admin"]
        proposal = conn.scalars(sa.select(confirmation.c.id).where(mine)).one()
    approver = open_as("approver_3")
    shown = approver.open(f"/confirmations/{proposal}")
    assert "撤销行数" in shown.text
    assert f"/imports/past/{imported}" in shown.text
    assert rows(approver.open(f"/imports/past/{imported}")) == [("捐款 第2行", "作废"), ("捐款 第3行", "作废")]


def test_undo_without_a_reason_is_said_at_the_field(open_as: Open, imported: UUID) -> None:
    answer = propose(open_as("admin"), imported, "")
    assert answer.refusal == (422, ["not_text"])
    assert answer.problems_at("reason")


def test_files_imported_before_say_that_they_cannot_be_undone(
    desk: ApiClient, engine: sa.Engine, open_as: Open, imported: UUID
) -> None:
    with engine.begin() as conn:
        at = conn.scalars(sa.select(workbook_import.c.at).where(workbook_import.c.id == imported)).one()
        old = {"sha256": imported.bytes * 2, "kind": "donations", "rows": 7, "at": at - timedelta(days=1)}
        conn.execute(imported_file.insert().values(**old, by_id=desk.office.people["admin"]))
    page = open_as("admin").open("/imports")
    assert "不能整批撤销" in page.text
    assert imported.hex[:16] in page.text


def test_registrar_without_an_undo_role_over_the_unit_does_not_see_it(open_as: Open, imported: UUID) -> None:
    assert open_as("visitor_1").open(f"/imports/past/{imported}").refusal == (403, ["role_missing"])


def test_auditor_reads_when_by_whom_and_why_an_import_was_undone(
    desk: ApiClient, engine: sa.Engine, open_as: Open, imported: UUID
) -> None:
    """The page said that rows were undone, and neither who had done it nor why."""
    propose(open_as("admin"), imported, "导错了文件")
    confirm_open(engine, desk, "approver_3")
    page = open_as("auditor").open(f"/imports/past/{imported}").text
    said = re.findall(r"<dt>([^<]+)</dt><dd>(.*?)</dd>", page)
    assert [label for label, _ in said] == ["撤销日期", "提出人", "确认人", "理由"]
    assert [words.partition(" · ")[0] for _, words in said] == ["2025年9月2日", "admin", "approver_3", "导错了文件"]
    assert f'href="/events?subject=import&amp;subject_id={imported}"' in page
    assert 'href="/events?list=imports"' in page
