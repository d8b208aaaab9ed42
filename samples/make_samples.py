"""`python samples/make_samples.py` writes the sample spreadsheets of 2025, always with the same bytes."""

# ruff: noqa: INP001 - the folder of samples is not a package

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

SAMPLES_FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(SAMPLES_FOLDER), str(SAMPLES_FOLDER.parent)]

import sample_cases  # noqa: E402 - the folder of samples is not a package
import sample_year  # noqa: E402
from sample_people import FICTITIOUS_DIVISION, STAFF, UNITS, Household  # noqa: E402

from service.imports.workbooks import SHEETS  # noqa: E402

Rows = list[dict[str, object]]

COLUMN_WIDTH = 16
TERM = (date(2025, 1, 1), date(2027, 12, 31))
FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
SETTLED = date(2026, 1, 31)
"""The last day on which what the lines committed in 2025 is paid."""

NOTES = "示例数据：单位、人员、家庭、金额、日期均为虚构，如有雷同，纯属巧合。"


def write(name: str, sheets: dict[str, Rows]) -> None:
    """Write one workbook; every sheet has all columns of its import, in their order."""
    with xlsxwriter.Workbook(SAMPLES_FOLDER / name, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": NOTES, "author": "songnuan", "created": datetime(2025, 12, 31, tzinfo=UTC)})
        head = book.add_format({"bold": True, "bg_color": "#F2E9DC", "border": 1, "num_format": "@"})
        text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
        for title, rows in sheets.items():
            page = book.add_worksheet(title)
            headers = [sheet_column.header for sheet_column in SHEETS[title].columns]
            unknown = {key for row in rows for key in row} - set(headers)
            if unknown:
                raise ValueError(f"{title} has no columns {unknown}")
            for column, header in enumerate(headers):
                page.write_string(0, column, header, head)
                page.set_column(column, column, COLUMN_WIDTH, text)
            page.freeze_panes(1, 1)
            for number, row in enumerate(rows, start=1):
                _write_row(page, number, [row.get(header, "") for header in headers], text, day)
        notes = book.add_worksheet("说明")
        notes.write_string(0, 0, NOTES)


def _write_row(page: Any, row: int, values: list[object], text: Any, day: Any) -> None:
    for column, value in enumerate(values):
        if isinstance(value, date):
            page.write_datetime(row, column, value, day)
        elif isinstance(value, int):
            page.write_number(row, column, value)
        elif value:
            page.write_string(row, column, str(value), text)


def units() -> dict[str, Rows]:
    """Return the sheet 单位."""
    headers = ("单位名称", "单位类别", "行政区划代码", "上级单位")
    return {"单位": [dict(zip(headers, row, strict=True)) for row in UNITS]}


def staff() -> dict[str, Rows]:
    """Return the sheets 人员 and 授权."""
    people: Rows = [
        {"登录名": login, "姓名": name, "所属单位": unit, "电子邮箱": f"{login}@example.org"}
        for login, name, unit, _ in STAFF
    ]
    grants: Rows = [
        {"登录名": login, "单位": unit, "角色": role, "审批级别": tier, "起始日期": TERM[0], "截止日期": TERM[1]}
        for login, _, _, roles in STAFF
        for role, tier, unit in roles
    ]
    return {"人员": people, "授权": grants}


def funds() -> dict[str, Rows]:
    """Return the sheets 资金, 到账 and 资金开放."""
    fund_rows: Rows = [
        {"资金编号": code, "资金名称": title, "所属单位": unit, "来源": source, "年度": 2025, "可用项目": items}
        | {"依据文号": f"示例〔2025〕{number}号", "启用日期": FIRST, "截止日期": LAST}
        | {"结算截止日期": SETTLED, "登记人": keeper}
        for number, (code, title, unit, source, items, keeper) in enumerate(sample_year.FUNDS, start=11)
    ]
    headers = ("资金编号", "所属单位", "到账日期", "到账金额", "到账凭证", "登记人")
    receipts = [dict(zip(headers, row, strict=True)) | {"年度": 2025} for row in sample_year.RECEIPTS]
    headers = ("资金编号", "所属单位", "开放单位", "含下属单位", "限额", "依据文号", "登记人")
    term = {"年度": 2025, "起始日期": FIRST, "截止日期": LAST}
    allocations = [dict(zip(headers, row, strict=True)) | term for row in sample_year.ALLOCATIONS]
    return {"资金": fund_rows, "到账": receipts, "资金开放": allocations}


def household_sheets(families: list[Household]) -> dict[str, Rows]:
    """Return the sheets 家庭, 成员, 收支, 结对 and 亲属申报."""
    paired = {"档案号": "LL-0037", "结对单位": sample_year.BUREAU, "帮扶活动名称": "城乡牵手结对帮扶"}
    paired |= {"发起单位": "临澜县委组织部", "起始日期": date(2025, 4, 10), "登记人": "luo.xin"}
    kin = {
        "档案号": f"LL-{sample_year.RELATIVE_OF:04d}",
        "所属单位": sample_year.BUREAU,
        "职工登录名": sample_year.RELATIVE,
    }
    return {
        "家庭": [_household(household) for household in families],
        "成员": [_member(household, index) for household in families for index in range(len(household.members))],
        "收支": [
            {"档案号": household.file_no, "类别": side, "项目": kind, "成员姓名": name, "十二个月金额": f"{yuan}.00"}
            | ({"已报销或补偿": f"{reimbursed}.00"} if reimbursed else {})
            for household in families
            for side, kind, name, yuan, reimbursed in household.finances
        ],
        "结对": [paired],
        "亲属申报": [kin | {"关系": "兄弟姐妹", "登记人": "luo.xin"}],
    }


def _household(household: Household) -> dict[str, object]:
    row: dict[str, object] = {
        "档案号": household.file_no,
        "所属单位": household.unit,
        "人员身份": household.identity,
        "情况说明": household.story,
    }
    row |= {"家庭类型": "结对农户" if household.number == 37 else "困难职工家庭", "困难类别": household.category}
    row |= {
        "行政区划代码": FICTITIOUS_DIVISION,
        "主要致困原因": household.cause,
        "建档日期": household.filed_on,
        "登记人": household.keeper,
    }
    if household.finances:
        head = household.member("户主")
        row |= {
            "核算日期": max(household.filed_on, date(2024, 12, 31)),
            "未就业劳动力": 0,
            "开户银行": "示例银行临澜支行",
        }
        row |= {"银行卡号": f"9999{household.number:015d}", "持卡人": head.name, "授权签署日期": household.filed_on}
        row |= {
            "授权截止日期": household.filed_on.replace(year=household.filed_on.year + 3),
            "授权书版本": "2024-1",
            "签字成年人数": 2,
        }
    return row


def _member(household: Household, index: int) -> dict[str, object]:
    member = household.members[index]
    row: dict[str, object] = {
        "档案号": household.file_no,
        "与户主关系": member.relation,
        "姓名": member.name,
        "身份证号": member.id_no,
    }
    row |= {"联系电话": member.phone, "电子邮箱": member.email, "工作单位": member.workplace, "在读学段": member.stage}
    return row | {"住址": f"临澜县虚构路{household.number}号"}


def donation_and_activity_files() -> dict[str, dict[str, Rows]]:
    """Return the sheets 捐款 and 活动 by file name."""
    headers = ("单位", "日期", "方向", "活动名称", "组织单位", "捐款人数", "金额", "交付何处", "收据号", "登记人")
    donations = [dict(zip(headers, row, strict=True)) for row in sample_year.DONATIONS]
    activity_headers = ("单位", "日期", "名称", "类别", "参加人数", "支出金额")
    keepers = {sample_year.BUREAU: "luo.xin", sample_year.SCHOOL: "meng.fei"}
    activities = [
        dict(zip(activity_headers, row, strict=True)) | {"会计科目": "501", "登记人": keepers[row[0]]}
        for row in sample_year.ACTIVITIES
    ]
    return {"07-donations.xlsx": {"捐款": donations}, "08-activities.xlsx": {"活动": activities}}


def main() -> None:
    """Write every workbook."""
    families = sample_year.households()
    write("01-units.xlsx", units())
    write("02-staff.xlsx", staff())
    write("03-funds.xlsx", funds())
    write("04-households.xlsx", household_sheets(families))
    write("05-visits.xlsx", {"走访": sample_year.visits()})
    write("06-gifts.xlsx", {"慰问品": sample_year.gifts()})
    for name, sheets in donation_and_activity_files().items():
        write(name, sheets)
    write("09-applications.xlsx", {"申请": sample_cases.rows(families)})


if __name__ == "__main__":
    main()
