"""Imports on pages: a workbook is checked first, kept encrypted, then imported, proposed or put aside."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from python_calamine import CalamineWorkbook

from service.imports import kept_workbook
from service.queries import confirmations as read
from service.tables.confirmations import confirmation
from service.tables.donations import donation
from service.tables.events import event
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.uploaded_workbooks import uploaded_workbook
from tests.api_client import ApiClient
from tests.factories import instant
from tests.identity_numbers import another_number
from tests.page_client import page_refusal
from tests.service.browser import Browser, Page, browser_of
from tests.service.import_fixtures import Cell, family_file, workbook
from tests.service.policy_fixtures import file_family

Open = Callable[[str], Browser]
Row = dict[str, Cell]
UNIT = "示例县总工会"


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def gift_to_others(desk: ApiClient, **changed: Cell) -> Row:
    """Return a row of the sheet 捐款."""
    row: Row = {"单位": UNIT, "日期": date(2025, 8, 1), "方向": "收到", "活动名称": "献爱心", "组织单位": UNIT}
    return {**row, "金额": "100.00", "交付何处": UNIT, "登记人": desk.office.login("registrar"), **changed}


def content(tmp_path: Path, **sheets: list[Row]) -> bytes:
    """Return the bytes of a workbook with these sheets."""
    return workbook(tmp_path / "book.xlsx", **sheets).read_bytes()


def send(browser: Browser, stored: bytes, name: str = "捐款.xlsx", **typed: str) -> Page:
    """Upload a file, and open the page to which the answer leads."""
    answer = browser.fill("/imports/new", file=(io.BytesIO(stored), name), **typed)
    return answer if answer.status != 303 else browser.open(answer.leads_to)


def address(page: Page) -> str:
    """Return the address of the upload that a page shows."""
    found = re.search(r"/imports/[0-9a-f-]{36}", page.text)
    assert found, page.summary or page.text
    return found[0]


def counts(page: Page) -> dict[str, list[str]]:
    """Return the cells of the table of counts by sheet."""
    rows = re.findall(r'<tr><th scope="row" data-label="表">(.*?)</th>(.*?)</tr>', page.text, re.DOTALL)
    return {title: [re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<td.*?</td>", rest)] for title, rest in rows}


def act(browser: Browser, page: Page, action: str, **typed: Any) -> Page:
    """Send the form of one action of an upload, with the hidden fields of its page."""
    fields = {name: page.form[name] for name in ("_csrf", "_key")}
    answer = browser.http.post(f"{address(page)}/{action}", data={**fields, **typed}, headers=browser.headers)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return browser.open(answer.headers["Location"])


def own_donations(engine: sa.Engine, desk: ApiClient) -> int:
    """Return how many donations the organisation has."""
    with engine.connect() as conn:
        mine = donation.c.unit_id == desk.office.unit_id
        return conn.scalar(sa.select(sa.func.count()).where(mine)) or 0


def test_workbook_is_checked_first_imported_then_and_a_second_time_is_nothing_new(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    admin, rows = open_as("admin"), [gift_to_others(desk), gift_to_others(desk, 金额="250.00")]
    stored = content(tmp_path, 捐款=rows)
    checked = send(admin, stored)
    assert counts(checked) == {"捐款": ["2", "0", "0", "350.00"]}
    assert "检查结果：没有写入" in checked.text
    assert own_donations(engine, desk) == 0
    done = act(admin, checked, "carry_out")
    assert "已导入" in done.text
    assert "怎样整批撤销" in done.text
    assert own_donations(engine, desk) == 2
    again = send(admin, stored)
    assert counts(again) == {"捐款": ["0", "2", "0", "—"]}
    assert "没有新的内容可导入" in again.text
    assert again.text.count("登记过") >= 2
    listed = admin.open("/imports").text
    assert listed.count("捐款.xlsx") == 3
    assert desk.office.login("admin") not in listed


def test_rows_with_problems_are_named_returned_and_may_be_left_out(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    admin = open_as("admin")
    rows = [
        gift_to_others(desk),
        gift_to_others(desk, 金额="一百"),
        gift_to_others(desk, 日期=date(2025, 8, 9), 方向="退回"),
    ]
    wrong = send(admin, content(tmp_path, 捐款=rows))
    assert "2 处不对" in wrong.text
    assert "第3行 金额" in wrong.text
    copy = admin.http.get(f"{address(wrong)}/errors.xlsx", headers=admin.headers)
    assert copy.status_code == 200
    assert "%E9%94%99%E8%AF%AF" in copy.headers["Content-Disposition"]
    cells = CalamineWorkbook.from_filelike(io.BytesIO(copy.get_data())).get_sheet_by_name("捐款").to_python()
    assert [bool(row[-1]) for row in cells[1:]] == [False, True, True]
    again = act(admin, wrong, "check", left_out=["捐款#3"])
    assert "1 处不对" in again.text
    assert re.findall(r'type="hidden" name="left_out" value="([^"]+)"', again.text) == ["捐款#3"]
    clean = act(admin, again, "check", left_out=["捐款#3", "捐款#4", "捐款#1", "没有#4", "捐款#x"])
    assert counts(clean)["捐款"][0] == "1"
    assert clean.text.count("（不导入）") == 2
    act(admin, clean, "carry_out")
    assert own_donations(engine, desk) == 1


def test_heading_is_never_left_out(desk: ApiClient, open_as: Open, tmp_path: Path) -> None:
    """Why: without its heading a sheet has no rows, and nothing would be imported without a word."""
    row = gift_to_others(desk)
    row["金额数"] = row.pop("金额")
    admin = open_as("admin")
    wrong = send(admin, content(tmp_path, 捐款=[row]))
    still = act(admin, wrong, "check", left_out=["捐款#1"])
    assert still.text.count("处不对") == wrong.text.count("处不对") == 1


def test_money_is_proposed_and_the_people_of_the_sheet_are_named(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    with engine.connect() as conn:
        code = conn.scalar(sa.select(fund.c.code).where(fund.c.id == desk.office.fund_id))
        before = conn.scalar(sa.select(sa.func.count()).where(fund_receipt.c.fund_id == desk.office.fund_id))
    row: Row = {"资金编号": code, "所属单位": UNIT, "年度": 2025, "到账日期": date(2025, 8, 1), "到账金额": "20000.00"}
    row |= {"到账凭证": "银收 71", "登记人": desk.office.login("cashier")}
    admin = open_as("admin")
    checked = send(admin, content(tmp_path, 到账=[row]), "到账.xlsx")
    assert "须由谁确认：cashier" in checked.text
    assert "提出导入，等他人确认" in checked.text
    done = act(admin, checked, "carry_out")
    assert "导入表格：" in done.text
    with engine.connect() as conn:
        mine = confirmation.c.proposed_by == desk.office.people["admin"]
        [proposal] = conn.execute(sa.select(confirmation).where(mine)).all()
        confirmers = read.confirmers_of(conn, [proposal.id])
        assert [each.account_id for each in confirmers] == [desk.office.people["cashier"]]
        after = conn.scalar(sa.select(sa.func.count()).where(fund_receipt.c.fund_id == desk.office.fund_id))
    assert (proposal.act, before) == ("import", after)


def test_kept_file_is_encrypted_bound_to_its_account_and_erased_when_it_is_over(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    admin = open_as("admin")
    stored = content(tmp_path, 捐款=[gift_to_others(desk, 组织单位="很特别的名称")])
    checked = send(admin, stored)
    upload_id = address(checked).rpartition("/")[2]
    with engine.connect() as conn:
        row = conn.execute(sa.select(uploaded_workbook).where(uploaded_workbook.c.id == upload_id)).one()
    sealed = row.content_sealed + row.about_sealed + row.result_sealed
    assert "很特别".encode() not in sealed
    assert stored[:200] not in sealed
    assert open_as("registrar").open(address(checked)).refusal == (403, ["role_missing"])
    act(admin, checked, "discard")
    with engine.connect() as conn:
        row = conn.execute(sa.select(uploaded_workbook).where(uploaded_workbook.c.id == upload_id)).one()
    assert (row.state, row.content_sealed) == ("discarded", None)
    over = admin.http.post(
        f"{address(checked)}/carry_out",
        data={"_csrf": admin.open("/imports/new").form["_csrf"], "_key": "another-key"},
        headers=admin.headers,
    )
    assert page_refusal(over) == (409, "upload_over")
    assert "这个文件已处理过（已删除）" in over.get_data(as_text=True)
    assert own_donations(engine, desk) == 0


def test_upload_of_another_account_is_not_found(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    checked = send(open_as("admin"), content(tmp_path, 捐款=[gift_to_others(desk)]))
    other, upload_id = desk.office.people["approver_3"], address(checked).rpartition("/")[2]
    with engine.begin() as conn:
        conn.execute(uploaded_workbook.update().where(uploaded_workbook.c.id == upload_id).values(account_id=other))
    for path in ("", "/errors.xlsx"):
        assert open_as("admin").open(f"{address(checked)}{path}").refusal == (404, ["not_found"])


def test_kept_file_that_nobody_imports_is_erased(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    checked = send(open_as("admin"), content(tmp_path, 捐款=[gift_to_others(desk)]))
    upload_id = address(checked).rpartition("/")[2]
    week = timedelta(days=7)
    with engine.begin() as conn:
        kept_workbook.erase_old(conn, instant(desk.today) - week, instant(desk.today))
        state = sa.select(uploaded_workbook.c.state).where(uploaded_workbook.c.id == upload_id)
        assert conn.scalar(state) == "checked"
        kept_workbook.erase_old(conn, instant(desk.today) + week, instant(desk.today) + week)
        assert conn.scalar(state) == "discarded"


def test_record_that_changed_since_the_check_writes_nothing_and_says_so(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    admin = open_as("admin")
    checked = send(admin, content(tmp_path, 捐款=[gift_to_others(desk)]))
    with engine.begin() as conn:
        conn.execute(
            sa.text("UPDATE role_grant SET revoked_on = :on WHERE account_id = :who"),
            {"on": date(2025, 1, 1), "who": desk.office.people["registrar"]},
        )
    changed = act(admin, checked, "carry_out")
    assert "什么也没有写入" in changed.text
    assert "已检查，未导入" in changed.text
    assert own_donations(engine, desk) == 0


@pytest.mark.parametrize(
    ("stored", "name", "code"),
    [
        (b"", "a.xlsx", "answer_missing"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.xlsx", "file_other_format"),
    ],
)
def test_file_that_is_no_workbook_is_refused_by_content(open_as: Open, stored: bytes, name: str, code: str) -> None:
    assert send(open_as("admin"), stored, name).refusal == (422, [code])


@pytest.mark.parametrize("stored", [b"PK\x03\x04broken", b"\x89PNG\r\n\x1a\n\0", b"just words", b"%PDF-1.7\n%\xe2\xe3"])
def test_file_that_cannot_be_read_says_so_and_nothing_is_written(open_as: Open, stored: bytes) -> None:
    page = send(open_as("admin"), stored, "../../etc/passwd.xlsx")
    assert page.status == 200
    assert "1 处不对" in page.text
    assert "etc" not in page.text


def test_csv_is_known_by_its_content_and_a_table_under_another_title_by_the_chosen_kind(
    desk: ApiClient, open_as: Open, tmp_path: Path
) -> None:
    admin, row = open_as("admin"), gift_to_others(desk)
    text = ",".join(row) + "\n" + ",".join(str(each) for each in row.values()) + "\n"
    assert counts(send(admin, text.encode("gb18030"), "名单.xlsx"))["捐款"][0] == "1"
    titled = content(tmp_path, Sheet1=[row])
    assert "不认识工作表" in send(admin, titled).text
    assert counts(send(admin, titled, kind="捐款"))["捐款"][0] == "1"
    assert "不认识工作表" in send(admin, titled, kind="没有这张表").text


def test_file_that_is_too_large_is_refused(open_as: Open) -> None:
    admin = open_as("admin")
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'
        + bytes(3 * 2**20)
        + b"\r\n--x--"
    )
    headers = {**admin.headers, "Content-Type": "multipart/form-data; boundary=x"}
    answer = admin.http.post("/imports/new", data=body, headers=headers)
    assert page_refusal(answer) == (413, "request_too_large")


def test_workbook_with_more_rows_than_a_page_imports_goes_by_the_command_line(
    desk: ApiClient, open_as: Open, tmp_path: Path
) -> None:
    rows = [gift_to_others(desk, 金额=f"{number}.00") for number in range(1, 2002)]
    assert send(open_as("admin"), content(tmp_path, 捐款=rows)).refusal == (409, ["workbook_too_long"])


def test_second_file_under_one_key_is_refused_and_the_same_is_kept_once(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    """The file was not part of what a key stands for: another file under the same key got the answer of the first."""
    admin = open_as("admin")
    form = admin.open("/imports/new").form
    one, other = (content(tmp_path, 捐款=[gift_to_others(desk, 金额=fen)]) for fen in ("1.00", "2.00"))

    def post(stored: bytes) -> Any:
        data = {**form, "file": (io.BytesIO(stored), "a.xlsx")}
        return admin.http.post("/imports/new", data=data, headers=admin.headers)

    assert post(one).headers["Location"] == post(one).headers["Location"]
    assert page_refusal(post(other)) == (422, "idempotency_key_reused")
    with engine.connect() as conn:
        mine = uploaded_workbook.c.account_id == desk.office.people["admin"]
        assert conn.scalar(sa.select(sa.func.count()).where(mine)) == 1


def test_number_that_a_dry_run_says_is_on_file_leaves_an_event(
    desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path
) -> None:
    """Why: a dry run that says so discloses it, and the event must outlive what the dry run takes back."""
    number = another_number(1970)
    file_family(desk, members=[{"key": "head", "relation": "head", "name": "示例甲", "id_no": number}])
    of_unit = {"所属单位": UNIT, "登记人": desk.office.login("registrar"), "行政区划代码": "371083"}
    path = family_file(tmp_path / "a.xlsx", of_unit, {"身份证号": number})
    page = send(open_as("admin"), path.read_bytes())
    assert "已在另一个有效档案中" in page.text
    with engine.connect() as conn:
        mine = event.c.actor_id == desk.office.people["admin"], event.c.action == "match_number"
        assert conn.scalar(sa.select(sa.func.count()).where(*mine)) == 1
