"""An import writes all of a file or nothing, and locates every problem."""

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from service.imports.error_workbook import PROBLEMS, write_error_workbook
from service.imports.problems import InvalidSheets, message_for_problem, place
from service.imports.xlsx import open_workbook
from service.tables.events import event, imported_file
from service.tables.finances import finance_line
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from tests.service.import_fixtures import (
    HEAD,
    HOUSEHOLD,
    SAMPLES,
    Cell,
    Union,
    family_file,
    founded,
    founded_url,
    union,
    workbook,
)

__all__ = ["founded", "founded_url", "union"]

FAMILY = (household, person, finance_line, bank_account)
GOODS: dict[str, Cell] = {
    "项目": "实物",
    "金额": None,
    "资金编号": None,
    "批准人": None,
    "物品": "米",
    "计量单位": "袋",
}


def test_family_file_is_imported_with_all_its_rows(union: Union, tmp_path: Path) -> None:
    imported = union.bring(family_file(tmp_path / "a.xlsx"))
    assert imported.written() == {"家庭": 1, "成员": 2, "收支": 1}
    assert [union.rows(table) for table in FAMILY] == [1, 2, 1, 1]
    filing_event = union.conn.execute(sa.select(event).where(event.c.action == "file_household")).one()
    assert filing_event.actor_id == union.account("admin")
    assert f'"principal":"{union.account("luo.xin")}"' in filing_event.body
    assert "测" not in filing_event.body


def test_file_imported_twice_is_written_once(union: Union, tmp_path: Path) -> None:
    path = family_file(tmp_path / "a.xlsx")
    union.bring(path)
    second = union.bring(path)
    assert (second.written(), [each.code for each in second.repeats]) == ({}, ["file_recorded"])
    assert union.rows(household) == 1


def test_dry_run_writes_no_row(union: Union, tmp_path: Path) -> None:
    before = union.rows(event), union.rows(imported_file)
    assert union.bring(family_file(tmp_path / "a.xlsx"), dry_run=True).written() == {"家庭": 1, "成员": 2, "收支": 1}
    confirmed = before[0] + 1, before[1]
    assert (union.rows(household), union.rows(event), union.rows(imported_file)) == (0, *confirmed)


@pytest.mark.parametrize(
    ("part", "cells", "sheet", "row", "column", "code"),
    [
        ("household", {"所属单位": "无此单位"}, "家庭", 2, "所属单位", "unit_unknown"),
        ("household", {"登记人": "nobody"}, "家庭", 2, "登记人", "account_unknown"),
        ("household", {"登记人": "bai.lu"}, "家庭", 2, None, "role_missing"),
        ("household", {"登记人": "meng.fei"}, "家庭", 2, None, "not_found"),
        ("household", {"人员身份": "离岗"}, "家庭", 2, "人员身份", "cell_not_a_choice"),
        ("household", {"行政区划代码": "37109"}, "家庭", 2, "行政区划代码", "not_a_division"),
        ("household", {"建档日期": date(2026, 1, 1)}, "家庭", 2, "建档日期", "in_the_future"),
        ("household", {"核算日期": None}, "家庭", 2, "核算日期", "cell_missing"),
        ("household", {"授权截止日期": date(2024, 1, 1)}, "家庭", 2, "授权截止日期", "dates_reversed"),
        ("household", {"授权书版本": None}, "家庭", 2, "授权书版本", "cell_missing"),
        ("household", {"持卡人": "别人"}, "家庭", 2, "持卡人", "member_unknown"),
        ("household", {"银行卡号": 9999000000000000001}, "家庭", 2, "银行卡号", "cell_number_too_long"),
        ("household", {"银行卡号": "99990"}, "家庭", 2, "银行卡号", "card_shape"),
        ("household", {"未就业劳动力": 9}, "家庭", 2, "未就业劳动力", "not_a_number"),
        ("head", {"身份证号": 371099197001019001}, "成员", 2, "身份证号", "cell_number_too_long"),
        ("head", {"身份证号": "371099197001019009"}, "成员", 2, "身份证号", "id_no_check_digit"),
        ("head", {"身份证号": "37109919700101900"}, "成员", 2, "身份证号", "id_no_length"),
        ("head", {"身份证号": "3710991970O1019001"}, "成员", 2, "身份证号", "id_no_shape"),
        ("head", {"身份证号": "371099203001019018"}, "成员", 2, "身份证号", "id_no_born_ahead"),
        ("head", {"身份证号": "371099189001019028"}, "成员", 2, "身份证号", "id_no_too_old"),
        ("head", {"身份证号": "371099197002309035"}, "成员", 2, "身份证号", "id_no_date"),
        ("head", {"联系电话": "12345"}, "成员", 2, "联系电话", "phone_shape"),
        ("head", {"电子邮箱": "a@b"}, "成员", 2, "电子邮箱", "email_wrong"),
        ("head", {"与户主关系": "配偶"}, "家庭", 2, "档案号", "head_missing"),
        ("child", {"与户主关系": "户主"}, "家庭", 2, "档案号", "head_twice"),
        ("child", {"身份证号": "371099197001019001"}, "成员", 3, "身份证号", "id_no_twice"),
        ("child", {"档案号": "T-9"}, "成员", 3, "档案号", "household_not_in_file"),
        ("line", {"项目": "存款"}, "收支", 2, "项目", "not_a_choice"),
        ("line", {"十二个月金额": "1.234"}, "收支", 2, "十二个月金额", "cell_not_money"),
        ("line", {"已报销或补偿": "5.00"}, "收支", 2, "已报销或补偿", "reimbursed_too_much"),
        ("line", {"成员姓名": "别人"}, "收支", 2, "成员姓名", "member_unknown"),
    ],
)
def test_family_file_with_a_wrong_cell_is_refused(
    union: Union,
    tmp_path: Path,
    part: str,
    cells: dict[str, Cell],
    sheet: str,
    row: int,
    column: str | None,
    code: str,
) -> None:
    path = family_file(
        tmp_path / "a.xlsx",
        household=cells if part == "household" else None,
        head=cells if part == "head" else None,
        child=cells if part == "child" else None,
        line=cells if part == "line" else None,
    )
    assert (sheet, row, column, code) in union.refused(path)
    assert [union.rows(table) for table in FAMILY] == [0, 0, 0, 0]


def test_file_with_one_bad_row_of_eight_writes_nothing(union: Union, tmp_path: Path) -> None:
    household_row: dict[str, Cell] = {
        key: value for key, value in HOUSEHOLD.items() if key not in {"银行卡号", "持卡人"}
    }
    household_rows = [household_row | {"档案号": f"T-{number}"} for number in range(1, 9)]
    household_rows[4] = household_rows[4] | {"人员身份": "农民工", "登记人": "pan.jie"}
    head_rows = [
        HEAD | {"档案号": row["档案号"], "姓名": f"甲{row['档案号']}", "身份证号": None} for row in household_rows
    ]
    path = workbook(
        tmp_path / "a.xlsx",
        家庭=household_rows,
        成员=head_rows,
        收支=[{"档案号": "T-1", "类别": "收入", "项目": "工资", "十二个月金额": "1"}],
    )
    events = union.rows(event)
    assert union.refused(path) == [("家庭", 6, None, "role_missing")]
    assert [union.rows(table) for table in (household, person, imported_file)][:2] == [0, 0]
    assert union.rows(event) == events + 1, "the confirmation of the import, and nothing of its rows"


def test_person_in_another_household_file_is_refused(union: Union, tmp_path: Path) -> None:
    union.bring(family_file(tmp_path / "a.xlsx"))
    other_file = {"档案号": "T-2", "银行卡号": None, "持卡人": None}
    same_unit_file = workbook(
        tmp_path / "b.xlsx",
        家庭=[HOUSEHOLD | other_file],
        成员=[HEAD | {"档案号": "T-2"}],
        收支=[{"档案号": "T-2", "类别": "收入", "项目": "工资", "十二个月金额": "1"}],
    )
    assert union.refused(same_unit_file) == [("成员", 2, "身份证号", "person_in_other_file")]
    other_unit = {"所属单位": "临澜县第三中学工会", "登记人": "meng.fei"}
    other_unit_file = workbook(
        tmp_path / "c.xlsx",
        家庭=[HOUSEHOLD | other_file | other_unit],
        成员=[HEAD | {"档案号": "T-2"}],
        收支=[{"档案号": "T-2", "类别": "收入", "项目": "工资", "十二个月金额": "1"}],
    )
    with pytest.raises(InvalidSheets) as error:
        union.bring(other_unit_file)
    assert [each.code for each in error.value.problems] == ["person_in_other_file"]
    assert error.value.problems[0].values["file_no"] == ""


def test_registrar_cannot_import_rows_of_another_registrar(union: Union, tmp_path: Path) -> None:
    path = family_file(tmp_path / "a.xlsx")
    assert union.refused(path, login="tan.ying") == [("家庭", 2, "登记人", "keeper_is_other")]
    assert union.bring(path, login="luo.xin").written() == {"家庭": 1, "成员": 2, "收支": 1}


@pytest.mark.parametrize(
    ("changed", "column", "code"),
    [
        ({"金额": "99999999"}, None, "fund_short"),
        ({"项目": "生活救助"}, None, "item_not_permitted"),
        ({"资金编号": "NONE"}, "资金编号", "fund_unknown"),
        ({"批准人": "bai.lu"}, None, "approver_hands_over"),
        ({"批准人": "gu.yue"}, None, "approver_not_entitled"),
        ({"金额": "2000.01"}, None, "approver_not_entitled"),
        ({"经手人": "luo.xin"}, None, "hander_not_entitled"),
        ({"批准人": None}, "批准人", "answer_missing"),
        ({"物品": "大米", "计量单位": "袋"}, "金额", "goods_or_money"),
        ({"随走访": "是"}, "随走访", "visit_unknown"),
        ({"档案号": "T-9"}, "档案号", "household_unknown"),
        (GOODS | {"日期": date(2026, 2, 1)}, "日期", "in_the_future"),
        (GOODS | {"数量": 0}, "数量", "not_a_number"),
        (GOODS | {"资金编号": "B-ADM-2025"}, "资金编号", "goods_without_fund"),
        (GOODS | {"物品": None}, "物品", "goods_missing"),
    ],
)
def test_gift_with_a_wrong_cell_is_refused(
    union: Union, tmp_path: Path, changed: dict[str, Cell], column: str | None, code: str
) -> None:
    union.bring(family_file(tmp_path / "a.xlsx"))
    gift_row: dict[str, Cell] = {
        "慰问单位": "临澜县工业局工会",
        "档案号": "T-1",
        "日期": date(2025, 3, 20),
        "项目": "送温暖慰问",
    }
    gift_row |= {
        "用途": "慰问",
        "会计科目": "502",
        "经手人": "bai.lu",
        "家庭签收": "是",
        "金额": "300.00",
        "随走访": "否",
    }
    gift_row |= {"资金编号": "B-ADM-2025", "批准人": "chen.shan", "登记人": "luo.xin"}
    path = workbook(tmp_path / "g.xlsx", 慰问品=[gift_row, gift_row | {"日期": date(2025, 3, 21)} | changed])
    assert ("慰问品", 3, column, code) in union.refused(path)
    assert union.rows(gift) == 0


@pytest.mark.parametrize(
    ("changed", "column", "code"),
    [
        ({"走访人": "luo.xin"}, None, "visitor_not_entitled"),
        ({"走访人": "nobody"}, "走访人", "account_unknown"),
        ({"类别": "结对走访"}, None, "not_paired"),
        ({"类别": "吊唁"}, "逝者关系", "not_a_choice"),
        ({"逝者关系": "母亲"}, "逝者关系", "only_of_bereavement"),
        ({"类别": "节日慰问"}, "节日", "not_a_choice"),
        ({"档案号": None}, "档案号", "answer_missing"),
    ],
)
def test_visit_with_a_wrong_cell_is_refused(
    union: Union, tmp_path: Path, changed: dict[str, Cell], column: str | None, code: str
) -> None:
    union.bring(family_file(tmp_path / "a.xlsx"))
    visit_row: dict[str, Cell] = {
        "走访单位": "临澜县工业局工会",
        "类别": "困难走访",
        "日期": date(2025, 3, 20),
        "地点": "家中",
    }
    visit_row |= {"档案号": "T-1", "走访人": "bai.lu、jin.tao", "登记人": "luo.xin", "节日": None, "逝者关系": None}
    path = workbook(tmp_path / "v.xlsx", 走访=[visit_row | changed, visit_row | {"情况说明": "一切如常"}])
    assert ("走访", 2, column, code) in union.refused(path)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"角色": "系统管理员"}, "roles_incompatible"),
        ({"角色": "经审员"}, "roles_incompatible"),
        ({"角色": "审批人"}, "cell_missing"),
        ({"登录名": "nobody"}, "account_unknown"),
        ({"截止日期": date(2024, 1, 1)}, "dates_reversed"),
        ({"角色": "经办人"}, "granted_already"),
        ({"代行何人": "luo.xin"}, "stand_in_for_oneself"),
        ({"角色": "出纳", "代行何人": "chen.shan"}, "principal_without_role"),
        ({"审批级别": "二级"}, "not_a_number"),
    ],
)
def test_role_grant_with_a_wrong_cell_is_refused(
    union: Union, tmp_path: Path, changed: dict[str, Cell], code: str
) -> None:
    grant: dict[str, Cell] = {"登录名": "luo.xin", "单位": "临澜县工业局工会", "角色": "走访人", "审批级别": None}
    grant |= {"起始日期": date(2025, 1, 1), "截止日期": date(2026, 1, 1), "代行何人": None}
    person_row: dict[str, Cell] = {"登录名": "new.one", "姓名": "新人", "所属单位": "临澜县工业局工会"}
    path = workbook(tmp_path / "s.xlsx", 人员=[person_row], 授权=[grant | changed])
    assert code in [each[3] for each in union.refused(path)]


def test_workbook_with_wrong_sheets_is_refused(union: Union, tmp_path: Path) -> None:
    unknown_sheet = workbook(tmp_path / "a.xlsx", 工资表=[{"甲": "乙"}])
    mixed_sheets = workbook(tmp_path / "b.xlsx", 捐款=[{"单位": "x"}], 活动=[{"单位": "x"}])
    missing_sheet = workbook(
        tmp_path / "c.xlsx", 人员=[{"登录名": "x.y", "姓名": "甲", "所属单位": "临澜县工业局工会"}]
    )
    assert union.refused(unknown_sheet) == [("工资表", None, None, "sheet_unknown")]
    assert union.refused(mixed_sheets) == [("活动", None, None, "sheet_of_other_book")]
    assert union.refused(missing_sheet) == [("授权", None, None, "sheet_missing")]


def test_unit_table_of_another_union_is_refused(union: Union, tmp_path: Path) -> None:
    other_union = {"单位名称": "别县总工会", "单位类别": "县级", "行政区划代码": "371098", "上级单位": None}
    same_union = {**other_union, "单位名称": "临澜县总工会"}
    problems = union.refused(workbook(tmp_path / "a.xlsx", 单位=[other_union]))
    assert [each[3] for each in problems if each[2] == "单位名称"] == ["unit_not_root"], problems
    assert union.bring(workbook(tmp_path / "b.xlsx", 单位=[same_union])).written() == {}


def test_policy_or_calendar_with_an_error_is_refused(union: Union, tmp_path: Path) -> None:
    policy = (SAMPLES / "policy-2025.toml").read_text("utf-8")
    (tmp_path / "a.toml").write_text(policy.replace("notice_days = 5", "notice_days = 0"), "utf-8")
    (tmp_path / "b.toml").write_text(policy.replace("notice_days = 5", "notice_days = 7"), "utf-8")
    (tmp_path / "calendar-x.csv").write_text("日期,类型,名称\n2025-13-01,休,元旦\n", "utf-8")
    assert union.refused(tmp_path / "a.toml")[0][2] == "procedure.notice_days"
    assert union.refused(tmp_path / "b.toml") == [(None, None, None, "policy_differs")]
    assert union.refused(tmp_path / "calendar-x.csv") == [(None, 2, None, "calendar_date")]


def test_error_workbook_repeats_the_rows_with_their_problems(union: Union, tmp_path: Path) -> None:
    path = family_file(
        tmp_path / "a.xlsx",
        head={"姓名": "=1+1", "联系电话": "12345"},
        household={"持卡人": "=1+1"},
        line={"成员姓名": None},
    )
    with pytest.raises(InvalidSheets) as error:
        union.bring(path)
    assert {each.code for each in error.value.problems} == {"phone_shape"}
    target = tmp_path / "errors.xlsx"
    write_error_workbook(open_workbook(path.read_bytes()), error.value.problems, target)
    error_workbook = CalamineWorkbook.from_path(target)
    members = error_workbook.get_sheet_by_name("成员").to_python()
    assert members[0][-1] == "错误"
    assert "=1+1" in members[1]
    assert str(members[1][-1]).startswith("联系电话：")
    assert members[2][-1] == ""
    assert len(error_workbook.get_sheet_by_name(PROBLEMS).to_python()) == len(error.value.problems)
    # The error workbook can be imported again: its error column and problem list are ignored.
    assert [each[:3] for each in union.refused(target)] == [("成员", 2, "联系电话")]


def test_problem_has_a_message_in_both_languages(union: Union, tmp_path: Path) -> None:
    path = family_file(tmp_path / "a.xlsx", household={"人员身份": "离岗"})
    with pytest.raises(InvalidSheets) as error:
        union.bring(path)
    (problem,) = error.value.problems
    assert problem.code == "cell_not_a_choice"
    assert place(problem) == "a.xlsx 家庭 第2行 人员身份"
    assert "离岗" in message_for_problem(problem)
    assert "下岗" in message_for_problem(problem)
    assert "not one of the choices" in message_for_problem(problem, "en")
