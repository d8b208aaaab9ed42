"""Sheets as people fill them: merged cells, totals, running numbers, words of the national form."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.crypto.encryption import decrypt_field
from service.imports import labels
from service.imports.import_result import Unread
from service.imports.problems import InvalidSheets, message_for_problem, place
from service.imports.synonyms import SYNONYMS
from service.tables.activities import activity
from service.tables.finances import finance_line
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from tests.service.import_fixtures import RING, Union, founded, founded_url, union
from tests.service.raw_workbooks import ErrorCell, Formatted, Formula, RawCell, write_workbook

__all__ = ["founded", "founded_url", "union"]

FACTORY, FERTILISER = "临澜县机械厂工会", "临澜县化肥厂工会"
FAMILY: dict[str, RawCell] = {
    "档案号": "M-1",
    "所属单位": FACTORY,
    "家庭类型": "困难职工家庭",
    "人员身份": "下岗",
    "困难类别": "相对困难",
    "行政区划代码": "371099",
    "主要致困原因": "单亲",
    "建档日期": date(2025, 4, 12),
    "排除情形": None,
    "核算日期": date(2025, 4, 12),
    "未就业劳动力": 0,
    "开户银行": None,
    "银行卡号": None,
    "持卡人": None,
    "登记人": "tan.ying",
}
HEAD: dict[str, RawCell] = {
    "档案号": "M-1",
    "与户主关系": "户主",
    "姓名": "钱多多",
    "身份证号": "371099197001017014",
    "联系电话": None,
    "在读学段": None,
}
SPOUSE = HEAD | {"与户主关系": "配偶", "姓名": "孙小美", "身份证号": "371099197201017027"}
CHILD = HEAD | {"与户主关系": "子女", "姓名": "钱小多", "身份证号": "371099200801017033"}
WAGE: dict[str, RawCell] = {
    "档案号": "M-1",
    "类别": "收入",
    "项目": "工资",
    "成员姓名": None,
    "十二个月金额": "12000",
    "已报销或补偿": None,
}
ILLNESS = WAGE | {"类别": "支出", "项目": "医疗", "十二个月金额": 50_000.0}
ACTIVITY: dict[str, RawCell] = {
    "单位": "临澜县工业局工会",
    "日期": date(2025, 8, 1),
    "名称": "写法",
    "类别": "文化",
    "参加人数": 20.0,
    "支出金额": "100.00",
    "会计科目": "501",
    "登记人": "luo.xin",
}


def grid(rows: Sequence[Mapping[str, RawCell]]) -> list[list[RawCell]]:
    """Return a header row, which has every key, and the rows below it."""
    headers = list(dict.fromkeys(key for row in rows for key in row))
    return [list(headers), *([row.get(header) for header in headers] for row in rows)]


def family_sheets(
    families: Sequence[Mapping[str, RawCell]] = (FAMILY,),
    members: Sequence[Mapping[str, RawCell]] = (HEAD, SPOUSE, CHILD),
    lines: Sequence[Mapping[str, RawCell]] = (WAGE,),
) -> dict[str, list[list[RawCell]]]:
    """Return the sheets of a household workbook."""
    return {"家庭": grid(families), "成员": grid(members), "收支": grid(lines)}


def count(union: Union, table: sa.Table) -> int:
    return union.rows(table)


@pytest.mark.parametrize(
    ("family", "line", "place", "code"),
    [
        ({"排除情形": ErrorCell("#N/A", "VLOOKUP(A2,X!A:B,2,0)")}, {}, ("家庭", 2, "排除情形"), "cell_error"),
        ({}, {"已报销或补偿": ErrorCell("#REF!", "#REF!*0.6")}, ("收支", 2, "已报销或补偿"), "cell_error"),
        ({}, {"已报销或补偿": Formula("E3*0.8")}, ("收支", 2, "已报销或补偿"), "formula_without_value"),
        ({}, {"已报销或补偿": "#REF!"}, ("收支", 2, "已报销或补偿"), "cell_error"),
    ],
)
def test_cell_without_a_value_is_refused_where_an_empty_one_is_accepted(
    union: Union, tmp_path: Path, family: dict[str, RawCell], line: dict[str, RawCell], place: Any, code: str
) -> None:
    sheets = family_sheets([FAMILY | family], [HEAD], [ILLNESS | line])
    assert union.refused(write_workbook(tmp_path / "a.xlsx", sheets)) == [(*place, code)]
    assert count(union, household) == 0


WRITTEN_DAYS: Sequence[RawCell] = (
    *("2025.8.1", "2025/08/01 ", "2025年8月1日", "2025年08月01日", "20250801", "45870", 45870.0, "２０２５年８月１日"),
    *("2025-08-01 00:00:00", "2025. 8. 1", "2025－08－01", "2025—8—1", "2025年8月1号", "2025、8、1"),
    *(Formatted(45870, code) for code in ("14", "27", "30", "31", "36", "50", "55", "57", "58")),
)
WRITTEN_SUMS: Sequence[RawCell] = (
    *(
        "12000",
        "12,000.00元",
        "12000.0",
        "１２０００",
        "￥12000",
        "¥12,000.00",
        "1.2万元",
        "1.2万",
        "12，000",
        "12 000",
    ),
    *("12000元整", "人民币12000元", 12_000, 11_999.999999999998, Formula("E3", 12_000.0)),
)


def activities(key: str, values: Sequence[RawCell]) -> dict[str, list[list[RawCell]]]:
    """Return a workbook of activities, each with one value."""
    return {"活动": grid([ACTIVITY | {"名称": f"写法{number}", key: value} for number, value in enumerate(values)])}


def test_day_is_read_from_every_way_of_writing_it(union: Union, tmp_path: Path) -> None:
    union.bring(write_workbook(tmp_path / "a.xlsx", activities("日期", WRITTEN_DAYS)))
    assert list(union.conn.scalars(sa.select(activity.c.on))) == [date(2025, 8, 1)] * len(WRITTEN_DAYS)
    afternoon = datetime(2025, 8, 1, 14, 30)  # noqa: DTZ001 - a spreadsheet's date has no zone
    assert union.refused(write_workbook(tmp_path / "b.xlsx", activities("日期", ["25.8.1", afternoon]))) == [
        ("活动", 2, "日期", "cell_not_a_date"),
        ("活动", 3, "日期", "cell_not_a_date"),
    ]


def test_day_of_a_workbook_that_counts_from_1904_is_read_or_refused(union: Union, tmp_path: Path) -> None:
    """A date cell says its day; a plain number does not say from when it counts."""
    dated = activities("日期", [Formatted(44408, "14")])
    union.bring(write_workbook(tmp_path / "a.xlsx", dated, from_1904=True))
    assert union.conn.scalar(sa.select(activity.c.on)) == date(2025, 8, 1)
    plain = write_workbook(tmp_path / "b.xlsx", activities("日期", [44408.0]), from_1904=True)
    assert union.refused(plain) == [("活动", 2, "日期", "cell_not_a_date")]


def test_sum_is_read_from_every_way_of_writing_it(union: Union, tmp_path: Path) -> None:
    union.bring(write_workbook(tmp_path / "a.xlsx", activities("支出金额", WRITTEN_SUMS)))
    assert list(union.conn.scalars(sa.select(activity.c.fen))) == [1_200_000] * len(WRITTEN_SUMS)
    assert union.refused(write_workbook(tmp_path / "b.xlsx", activities("支出金额", [864.192]))) == [
        ("活动", 2, "支出金额", "cell_not_money")
    ]


def test_result_of_a_formula_is_read_without_its_rounding(union: Union, tmp_path: Path) -> None:
    sheets = family_sheets(lines=[WAGE | {"十二个月金额": Formula("SUM(A1:A9)", 434.99999999999994)}])
    union.bring(write_workbook(tmp_path / "a.xlsx", sheets))
    assert union.conn.scalar(sa.select(finance_line.c.fen)) == 43_500


def test_merged_file_number_is_that_of_all_its_rows(union: Union, tmp_path: Path) -> None:
    members = [HEAD, SPOUSE | {"档案号": None}, CHILD | {"档案号": None}]
    path = write_workbook(tmp_path / "a.xlsx", family_sheets(members=members), merged={"成员": ["A2:A9"]})
    union.bring(path)
    assert count(union, person) == 3
    across = write_workbook(tmp_path / "b.xlsx", family_sheets(), merged={"成员": ["C2:D2"]})
    assert ("成员", 2, "身份证号", "cell_merged_across") in union.refused(across)


def test_row_of_totals_and_notes_is_left_out_and_named(union: Union, tmp_path: Path) -> None:
    nothing: dict[str, RawCell] = dict.fromkeys(WAGE, None)
    total = nothing | {"档案号": "合 计", "十二个月金额": 12_000.0}
    note = nothing | {"档案号": "注：金额以元为单位"}
    imported = union.bring(write_workbook(tmp_path / "a.xlsx", family_sheets(lines=[WAGE, total, note])))
    assert count(union, finance_line) == 1
    assert imported.unread == [
        Unread("a.xlsx", "收支", row=3, text="合计"),
        Unread("a.xlsx", "收支", row=4, text="注:金额以元为单位"),
    ]


def test_unit_whose_name_begins_like_a_note_is_read(union: Union, tmp_path: Path) -> None:
    unit_row: dict[str, RawCell] = {
        "单位名称": "注塑厂工会",
        "单位类别": "基层",
        "行政区划代码": 371099,
        "上级单位": "临澜县工业局工会",
    }
    imported = union.bring(write_workbook(tmp_path / "a.xlsx", {"单位": grid([unit_row])}))
    assert (imported.written(), imported.unread) == ({"单位": 1}, [])


def test_running_number_and_hidden_list_are_left_unread_and_named(union: Union, tmp_path: Path) -> None:
    sheets = family_sheets(members=[{"序号": 1, **HEAD}])
    sheets |= {"字典": [["在岗"], ["下岗"]], "Sheet4": []}
    imported = union.bring(write_workbook(tmp_path / "a.xlsx", sheets, hidden=["字典"]))
    assert imported.unread == [
        Unread("a.xlsx", "成员", column="序号"),
        Unread("a.xlsx", "字典"),
        Unread("a.xlsx", "Sheet4"),
    ]


def test_hidden_sheet_with_our_headers_is_not_passed_over(union: Union, tmp_path: Path) -> None:
    sheets = family_sheets() | {"成员 (2)": grid([HEAD])}
    assert union.refused(write_workbook(tmp_path / "a.xlsx", sheets, hidden=["成员 (2)"])) == [
        ("成员 (2)", None, None, "sheet_unknown")
    ]


def test_cell_below_no_header_is_refused(union: Union, tmp_path: Path) -> None:
    sheets = family_sheets()
    sheets["成员"][1].append("另有残疾证")
    assert union.refused(write_workbook(tmp_path / "a.xlsx", sheets)) == [("成员", 2, "G", "cell_without_header")]


def test_number_typed_as_number_is_taken_as_it_is(union: Union, tmp_path: Path) -> None:
    sheets = family_sheets([FAMILY | {"行政区划代码": 371099.0}], [HEAD | {"联系电话": 13800138000.0}])
    union.bring(write_workbook(tmp_path / "a.xlsx", sheets))
    row = union.conn.execute(sa.select(person.c.id, person.c.phone_sealed)).one()
    assert decrypt_field(RING, "person.phone", row.id, row.phone_sealed) == "13800138000"


def test_file_number_shown_with_zeros_is_kept_with_them(union: Union, tmp_path: Path) -> None:
    sheets = family_sheets(
        [FAMILY | {"档案号": Formatted(7)}], [HEAD | {"档案号": "0007"}], [WAGE | {"档案号": "０００７"}]
    )
    union.bring(write_workbook(tmp_path / "a.xlsx", sheets))
    assert union.conn.scalar(sa.select(household.c.file_no)) == "0007"


def test_full_width_identity_number_is_read(union: Union, tmp_path: Path) -> None:
    union.bring(
        write_workbook(
            tmp_path / "a.xlsx", family_sheets(members=[HEAD | {"身份证号": "３７１０９９１９７００１０１７０１４"}])
        )
    )
    row = union.conn.execute(sa.select(person.c.id, person.c.id_no_sealed)).one()
    assert decrypt_field(RING, "person.id_no", row.id, row.id_no_sealed) == "371099197001017014"


PAYEE: dict[str, RawCell] = {"开户银行": "示例银行", "银行卡号": "9999000000000000999"}


@pytest.mark.parametrize(
    "holder",
    ["阿依古丽•买买提", "阿依古丽．买买提", "阿依古丽・买买提", " 阿依古丽‧\u3000买 买提", "阿依古丽·\u200b买买提"],
)
def test_card_holder_is_the_member_whatever_dot_or_space_the_name_has(
    union: Union, tmp_path: Path, holder: str
) -> None:
    sheets = family_sheets([FAMILY | PAYEE | {"持卡人": holder}], [HEAD | {"姓名": "阿依古丽·买买提"}])
    sheets["收支"] = grid([WAGE | {"成员姓名": holder}])
    union.bring(write_workbook(tmp_path / "a.xlsx", sheets))
    head_id = union.conn.scalar(sa.select(person.c.id))
    assert union.conn.scalar(sa.select(bank_account.c.person_id)) == head_id
    assert union.conn.scalar(sa.select(finance_line.c.person_id)) == head_id


@pytest.mark.parametrize(
    ("holder", "members", "code", "words"),
    [
        ("阿依古丽·买买", [HEAD | {"姓名": "阿依古丽·买买提"}], "member_near", ["阿依古丽·买买”", "阿依古丽·买买提"]),
        ("孙小美", [HEAD, SPOUSE, CHILD | {"姓名": "孙 小美"}], "member_ambiguous", ["孙小美"]),
        ("赵无此人", [HEAD], "member_unknown", ["持卡人"]),
    ],
)
def test_card_holder_who_is_no_member_is_refused_with_the_names_that_nearly_agree(
    union: Union, tmp_path: Path, holder: str, members: Sequence[Mapping[str, RawCell]], code: str, words: list[str]
) -> None:
    path = write_workbook(tmp_path / "a.xlsx", family_sheets([FAMILY | PAYEE | {"持卡人": holder}], members))
    with pytest.raises(InvalidSheets) as error:
        union.bring(path)
    (problem,) = error.value.problems
    assert (problem.column, problem.code) == ("持卡人", code)
    assert all(word in message_for_problem(problem) for word in words)


def test_holder_without_a_card_is_not_passed_over(union: Union, tmp_path: Path) -> None:
    sheets = family_sheets([FAMILY | {"持卡人": "钱多多"}])
    assert union.refused(write_workbook(tmp_path / "a.xlsx", sheets)) == [("家庭", 2, "开户银行", "cell_missing")]


def test_words_of_the_national_form_are_read(union: Union, tmp_path: Path) -> None:
    family = FAMILY | {"人员身份": "下（待）岗", "主要致困原因": "患重特大疾病"}
    members = [HEAD, SPOUSE | {"与户主关系": "妻子"}, CHILD | {"与户主关系": "女儿", "在读学段": "初中"}]
    union.bring(write_workbook(tmp_path / "a.xlsx", family_sheets([family], members)))
    assert union.conn.execute(sa.select(household.c.identity, household.c.cause)).one() == ("laid_off", "illness")
    relations = union.conn.scalars(sa.select(person.c.relation).order_by(person.c.relation))
    assert list(relations) == ["child", "head", "spouse"]
    assert union.conn.scalar(sa.select(person.c.student_stage).where(person.c.relation == "child")) == "compulsory"


LISTS = {
    "identity": "IDENTITIES",
    "category": "CATEGORIES",
    "cause": "CAUSES",
    "relation": "RELATIONS",
    "kin": "KIN",
    "stage": "STAGES",
    "source": "SOURCES",
    "item": "ITEMS",
    "occasion": "OCCASIONS",
    "place": "PLACES",
    "deceased": "DECEASED",
    "direction": "DIRECTIONS",
    "method": "METHODS",
    "paper": "PAPERS",
    "line": "LINES",
}


@pytest.mark.parametrize("key", SYNONYMS)
def test_synonym_means_a_label_of_its_list_and_is_none_itself(key: str) -> None:
    known = getattr(labels, LISTS[key])
    assert set(SYNONYMS[key].values()) <= set(known)
    assert not SYNONYMS[key].keys() & known.keys()


@pytest.mark.parametrize(
    ("key", "words", "code"),
    [
        ("identity", ["下(待)岗", "失(无)业", "内退", "离休"], ["laid_off", "unemployed", "retired", "retired"]),
        ("cause", ["患重特大疾病", "遭受意外事故", "无劳动能力"], ["illness", "accident", "other"]),
        (
            "relation",
            ["本人", "妻子", "丈夫", "儿子", "女儿", "父亲"],
            ["head", "spouse", "spouse", "child", "child", "parent"],
        ),
        ("stage", ["小学", "初中", "中专", "专科"], ["compulsory", "compulsory", "vocational", "junior_college"]),
        ("source", ["中央财政专项帮扶资金"], ["CEN"]),
    ],
)
def test_word_of_the_form_means_its_code(key: str, words: list[str], code: list[str]) -> None:
    assert [getattr(labels, LISTS[key])[SYNONYMS[key][word]] for word in words] == code


def test_two_units_may_have_the_same_file_number_in_one_workbook(union: Union, tmp_path: Path) -> None:
    families = [FAMILY | {"档案号": "001"}, FAMILY | {"档案号": "001", "所属单位": FERTILISER, "登记人": "luo.xin"}]
    members = [
        HEAD | {"档案号": "001", "所属单位": FACTORY},
        SPOUSE | {"档案号": "001", "所属单位": FERTILISER, "与户主关系": "户主"},
    ]
    lines = [WAGE | {"档案号": "001", "所属单位": unit} for unit in (FACTORY, FERTILISER)]
    union.bring(write_workbook(tmp_path / "a.xlsx", family_sheets(families, members, lines)))
    pairs = sa.select(household.c.unit_id, person.c.relation).join(person, person.c.household_id == household.c.id)
    assert {row.unit_id for row in union.conn.execute(pairs)} == {union.unit(FACTORY), union.unit(FERTILISER)}
    assert [count(union, table) for table in (household, person, finance_line)] == [2, 2, 2]


def test_member_of_one_of_two_files_with_a_number_needs_its_unit(union: Union, tmp_path: Path) -> None:
    families = [FAMILY, FAMILY | {"所属单位": FERTILISER, "登记人": "luo.xin"}]
    assert union.refused(write_workbook(tmp_path / "a.xlsx", family_sheets(families, [HEAD]))) == [
        ("成员", 2, "档案号", "household_of_which_unit"),
        ("收支", 2, "档案号", "household_of_which_unit"),
    ]


def test_file_number_of_a_document_is_accepted(union: Union, tmp_path: Path) -> None:
    number = {"档案号": "困〔2026〕12号"}
    union.bring(write_workbook(tmp_path / "a.xlsx", family_sheets([FAMILY | number], [HEAD | number], [WAGE | number])))
    assert union.conn.scalar(sa.select(household.c.file_no)) == "困〔2026〕12号"


def test_number_of_two_members_is_refused_with_both_rows(union: Union, tmp_path: Path) -> None:
    number = "37109919700101100X"
    members = [HEAD | {"身份证号": number}, SPOUSE | {"身份证号": number.lower()}]
    with pytest.raises(InvalidSheets) as error:
        union.bring(write_workbook(tmp_path / "a.xlsx", family_sheets(members=members)))
    (problem,) = error.value.problems
    assert problem.code == "id_no_twice"
    assert (
        place(problem) + message_for_problem(problem) == "a.xlsx 成员 第3行 身份证号“身份证号”与第2行是同一身份证号。"
    )
