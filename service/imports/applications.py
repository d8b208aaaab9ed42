"""This module reads applications from the sheet 申请, one row per case."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from service.imports import cells, labels
from service.imports.problems import InvalidSheets, SheetProblem, Unreadable
from service.imports.sheet_reader import Column, Sheet, Workbook, read_sheet
from service.imports.synonyms import SYNONYMS
from service.imports.xlsx import read_bytes, read_workbook
from workflows import form_fields
from workflows.money_format import in_yuan
from workflows.vocabulary import Fen

LOGINS = cells.several(cells.code)
STORIES: labels.Labels = {
    "平顺": "plain",
    "退回补正": "returned_for_correction",
    "重新调查": "survey_again",
    "异议不成立": "objection_cleared",
    "异议成立后改定": "objection_upheld_then_ok",
    "不予救助": "declined",
    "撤回": "withdrawn",
    "退款后重发": "payment_returned_then_paid",
    "追回": "recalled_and_recovered",
    "暂停后恢复": "suspended_and_resumed",
    "两级审批": "two_tiers",
    "三级审批": "three_tiers",
}


def school_year(value: object) -> str:
    """Return a school year as `2025-2026`, from any common spelling. Raises Unreadable."""
    text = cells.words(value)
    try:
        return form_fields.school_year(text)
    except form_fields.NotSchoolYear:
        raise Unreadable("cell_not_school_year", found=text[:40]) from None


# fmt: off
APPLICATIONS = Sheet("申请", (
    Column("序号",           "number",       cells.words),
    Column("单位",           "unit",         cells.words),
    Column("档案号",         "file_no",      cells.code),
    Column("受助人关系",     "relation",     cells.chosen(labels.RELATIONS, SYNONYMS["relation"])),
    Column("受助人姓名",     "beneficiary",  cells.words),
    Column("流程",           "programme",    cells.chosen(labels.PROGRAMMES)),
    Column("救助项目",       "item",         cells.chosen(labels.ITEMS, SYNONYMS["item"])),
    Column("申请金额",       "requested",        cells.money),
    Column("初拟金额",       "first_award",  cells.money,                         required=False),
    Column("核定金额",       "award",        cells.money,                         required=False),
    Column("资金编号",       "fund",         cells.code,                         required=False),
    Column("情节",           "story",        cells.chosen(STORIES)),
    Column("经办人",         "registrar",    cells.code),
    Column("走访人",         "visitors",     LOGINS),
    Column("核对员",         "verifier",     cells.code,                         required=False),
    Column("审核人",         "reviewer",     cells.code),
    Column("异议审核人",     "second_reviewer", cells.code,                      required=False),
    Column("审批人",         "approvers",    LOGINS,                              required=False, default=()),
    Column("出纳",           "cashier",      cells.code,                         required=False),
    Column("回单确认人",     "confirmers",   LOGINS,                              required=False, default=()),
    Column("回访人",         "followers",    LOGINS,                              required=False, default=()),
    Column("申请日期",       "opened_on",    cells.day),
    Column("走访日期",       "visited_on",   cells.day),
    Column("核对日期",       "checked_on",   cells.day,                           required=False),
    Column("审核日期",       "reviewed_on",  cells.day,                           required=False),
    Column("公示期满办理日期", "noticed_on", cells.day,                           required=False),
    Column("审批日期",       "approved_on",  cells.days,            required=False, default=()),
    Column("发放日期",       "paid_on",      cells.day,                           required=False),
    Column("签收日期",       "received_on",  cells.day,                           required=False),
    Column("回访日期",       "followed_on",  cells.day,                           required=False),
    Column("办结日期",       "closed_on",    cells.day,                           required=False),
    Column("变更日期",       "turned_on",    cells.day,                           required=False),
    Column("变更了结日期",   "settled_on",   cells.day,                           required=False),
    Column("变更说明",       "turn_reason",  cells.words,                         required=False),
    Column("学年",           "school_year",  school_year,                         required=False),
    Column("学段",           "stage",        cells.chosen(labels.STAGES, SYNONYMS["stage"]),         required=False),
    Column("学校类别",       "institution",  cells.chosen(labels.INSTITUTIONS),   required=False),
    Column("其中学费",       "tuition_part", cells.money,                         required=False),
    Column("其中生活费",     "living_part",  cells.money,                         required=False),
    Column("新入学",         "new_student",  cells.yes_no,                        required=False),
    Column("自付医疗费用",   "self_paid",    cells.money,                         required=False),
    Column("致困情况",       "cause_text",   cells.story,                         required=False),
    Column("材料",           "papers",       cells.several(cells.chosen(labels.PAPERS, SYNONYMS["paper"]))),
    Column("公示地点",       "places",       cells.several(cells.chosen(labels.NOTICE_PLACES))),
    Column("核对机构",       "authority",    cells.words,                         required=False),
    Column("核对编号",       "request_no",   cells.number,                        required=False),
    Column("会议纪要",       "minutes",      cells.words,                         required=False),
    Column("发放方式",       "method",       cells.chosen(labels.METHODS, SYNONYMS["method"]),        required=False, default="bank"),
    Column("凭证号",         "voucher",      cells.number,                        required=False),
))
# fmt: on

APPLICATION_WORKBOOK = Workbook("applications", (APPLICATIONS,))


@dataclass(frozen=True, slots=True)
class Application:
    """One row of 申请: accounts by login, the fund by its code, money in fen, days as dates."""

    number: str
    unit: str
    file_no: str
    relation: str
    beneficiary: str = field(repr=False)
    programme: str
    item: str
    requested: Fen
    first_award: Fen | None
    award: Fen | None
    fund: str | None
    story: str
    registrar: str
    visitors: tuple[str, ...]
    verifier: str | None
    reviewer: str
    second_reviewer: str | None
    """Another reviewer, who answers an objection to the award and passes the case again after an upheld one."""

    approvers: tuple[str, ...]
    cashier: str | None
    confirmers: tuple[str, ...]
    followers: tuple[str, ...]
    opened_on: date
    visited_on: date
    checked_on: date | None
    reviewed_on: date | None
    noticed_on: date | None
    approved_on: tuple[date, ...]
    paid_on: date | None
    received_on: date | None
    followed_on: date | None
    closed_on: date | None
    turned_on: date | None
    settled_on: date | None
    turn_reason: str | None
    school_year: str | None
    stage: str | None
    institution: str | None
    tuition_part: Fen | None
    living_part: Fen | None
    new_student: bool | None
    self_paid: Fen | None
    cause_text: str | None
    papers: tuple[str, ...]
    places: tuple[str, ...]
    authority: str | None
    request_no: str | None
    minutes: str | None
    method: str
    voucher: str | None

    @property
    def answers(self) -> dict[str, Any]:
        """Return the programme's form as POST /cases expects it: money as yuan in text, `300000 → "3000.00"`."""
        form: dict[str, Any] = {"cause_text": self.cause_text, "self_paid": self.self_paid}
        if self.programme == "tuition":
            form = {"school_year": self.school_year, "stage": self.stage, "institution_kind": self.institution}
            form |= {"tuition_part": self.tuition_part, "living_part": self.living_part}
            form["new_student"] = self.new_student
        money_fields = {"self_paid", "tuition_part", "living_part"}
        filled = {key: value for key, value in form.items() if value is not None}
        return {key: in_yuan(value) if key in money_fields else value for key, value in filled.items()}


def read_applications(path: Path) -> list[Application]:
    """Return the rows of the sheet 申请 in their order. Raises InvalidSheets with every problem."""
    try:
        sheets = read_workbook(read_bytes(path))
    except Unreadable as fault:
        raise InvalidSheets(
            [SheetProblem(path.name, None, None, None, fault.reason.code, fault.reason.values)]
        ) from None
    if APPLICATIONS.title not in sheets:
        raise InvalidSheets([SheetProblem(path.name, APPLICATIONS.title, None, None, "sheet_missing")])
    content = read_sheet(path.name, APPLICATIONS, sheets[APPLICATIONS.title])
    if content.problems:
        raise InvalidSheets(content.problems)
    return [Application(**row.cells) for row in content.rows]
