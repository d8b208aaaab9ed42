"""Applications of the sample year, with their people, days and outcomes."""

# ruff: noqa: INP001 - the folder of samples is not a package

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sample_people import SCHOOL, Household
from sample_year import follower_for, visitors_for

from workflows.workdays import after, read_calendar

CALENDAR = read_calendar((Path(__file__).parent / "calendar-2025.csv").read_text("utf-8"))

ALL_PAPERS = ("申请表", "身份证", "户口簿", "核对授权书", "收入证明", "银行卡复印件")
PAPERS = {
    "大病": ("诊断证明", "医疗票据", "医保结算单"),
    "残疾": ("残疾证",),
    "子女上学": ("录取通知书或学籍证明", "缴费通知"),
    "下岗失业": ("失业证明",),
    "单亲": ("婚姻状况证明",),
}


@dataclass(frozen=True)
class Plan:
    """One application: household number, item, yuan requested and awarded, fund, day, scenario."""

    number: str
    household: int
    item: str
    requested: int
    award: int | None
    fund: str
    opened: date
    story: str = "平顺"
    first: int | None = None
    self_paid: int | None = None
    paid: date | None = None
    reason: str = ""


def _(month: int, day: int) -> date:
    return date(2025, month, day)


UPS, OWN, CNT = "B-UPS-2025", "B-OWN-2025", "C-CNT-2025"
AUGUST_DAY = _(8, 20)
"""Day on which all August students are paid."""

PLANS = (
    Plan("L01", 5, "LIV", 2_000, 2_000, UPS, _(1, 6)),
    Plan("L02", 1, "LIV", 2_000, 1_800, OWN, _(1, 13)),
    Plan("E07", 10, "EDU", 2_000, 1_800, UPS, _(2, 17)),
    Plan("L03", 3, "LIV", 2_000, 2_000, OWN, _(2, 24), "退款后重发"),
    Plan("L04", 4, "LIV", 6_000, 6_000, UPS, _(3, 3), "两级审批"),
    Plan("M03", 34, "MED", 2_500, 1_800, OWN, _(3, 10), self_paid=4_000),
    Plan(
        "L05", 6, "LIV", 2_000, 1_600, OWN, _(3, 24), "异议成立后改定", first=2_000, reason="反映该户另有一笔收入未计。"
    ),
    Plan("L11", 17, "LIV", 1_200, 1_200, OWN, _(4, 7), "追回", reason="复核发现发放对象有误，决定追回。"),
    Plan("L06", 8, "LIV", 2_000, 2_000, OWN, _(4, 14), "暂停后恢复", reason="收入证明存在疑点，暂停核实。"),
    Plan("M01", 36, "MED", 10_000, 8_000, CNT, _(5, 12), "两级审批", self_paid=18_000),
    Plan("L12", 19, "LIV", 3_000, None, OWN, _(5, 19), "不予救助", reason="家庭人均月净收入超过规定标准。"),
    Plan("L07", 9, "LIV", 3_000, 3_000, UPS, _(6, 3), "两级审批"),
    Plan("L13", 20, "LIV", 2_000, None, OWN, _(6, 9), "撤回", reason="户主已重新就业，家庭自愿撤回申请。"),
    Plan("L08", 12, "LIV", 4_000, 4_000, UPS, _(6, 23), "两级审批"),
    Plan("A01", 2, "EDU", 600, 600, UPS, _(7, 14), paid=AUGUST_DAY),
    Plan("A02", 7, "EDU", 600, 600, UPS, _(7, 14), "退回补正", paid=AUGUST_DAY, reason="缴费通知缺页，请补正。"),
    Plan("A03", 11, "EDU", 600, 600, UPS, _(7, 15), paid=AUGUST_DAY),
    Plan("A04", 16, "EDU", 600, 600, UPS, _(7, 15), "异议不成立", paid=AUGUST_DAY, reason="反映该生已获其他资助。"),
    Plan("A05", 21, "EDU", 600, 600, UPS, _(7, 16), paid=AUGUST_DAY),
    Plan("M02", 35, "MED", 25_000, 22_000, CNT, _(7, 28), "三级审批", self_paid=32_000),
    Plan("E10", 23, "EDU", 2_000, None, UPS, _(8, 11), "不予救助", reason="家庭人均月净收入超过规定标准。"),
    Plan("E06", 5, "EDU", 2_000, 2_000, UPS, _(8, 18)),
    Plan("E09", 18, "EDU", 3_000, 2_400, UPS, _(8, 25), "两级审批"),
    Plan("L09", 13, "LIV", 2_000, 2_000, OWN, _(9, 8)),
    Plan("E08", 14, "EDU", 2_000, 2_000, UPS, _(9, 22), "重新调查", reason="入户记录与申请不一致，请重新调查。"),
    Plan("L10", 15, "LIV", 6_000, 6_000, UPS, _(10, 13), "两级审批"),
)

ITEMS = {"LIV": "生活救助", "MED": "医疗救助", "EDU": "助学"}
COLLECTIVE_FROM = 5_000
TIER_1, TIER_2 = 2_000, 20_000


def working_days_after(day: date, days: int) -> date:
    """Return the day that is `days` working days after `day`."""
    return after(day, days, CALENDAR)


def _next(day: date) -> date:
    return working_days_after(day, 1)


def rows(families: list[Household]) -> list[dict[str, object]]:
    """Return every application in the columns of 申请, in the order of application."""
    by_number = {household.number: household for household in families}
    return [_row(index, plan, by_number[plan.household]) for index, plan in enumerate(PLANS, start=1)]


def _row(index: int, plan: Plan, household: Household) -> dict[str, object]:
    student = plan.item == "EDU"
    person = household.member("子女" if student else "户主")
    row: dict[str, object] = {
        "序号": plan.number,
        "单位": household.unit,
        "档案号": household.file_no,
        "情节": plan.story,
    }
    row |= {"受助人关系": person.relation, "受助人姓名": person.name, "流程": "金秋助学" if student else "困难帮扶"}
    row |= {"救助项目": ITEMS[plan.item], "申请金额": f"{plan.requested}.00", "资金编号": plan.fund}
    if plan.award is not None:
        row["核定金额"] = f"{plan.award}.00"
    if plan.first is not None:
        row["初拟金额"] = f"{plan.first}.00"
    if plan.self_paid is not None:
        row["自付医疗费用"] = f"{plan.self_paid}.00"
    row |= _people(plan, household) | _form(plan, person.stage, student)
    row["材料"] = "、".join((*ALL_PAPERS, *PAPERS.get(household.cause, ())))
    row["公示地点"] = "校务公开栏" if household.unit == SCHOOL else "单位公告栏、厂务公开栏"
    if not student:
        row |= {"核对机构": "临澜县低收入家庭核对中心", "核对编号": f"HD2025-{index:03d}"}
        row["致困情况"] = "家庭主要劳动力下岗或患病，收入不足以维持基本支出。"
    if (plan.award or 0) >= COLLECTIVE_FROM:
        row["会议纪要"] = f"临工纪〔2025〕{index}号"
    if plan.award is not None:
        row |= {"凭证号": f"PZ2025-{index:03d}", "发放方式": "银行转账"}
    return row | _days(plan, student)


def _people(plan: Plan, household: Household) -> dict[str, object]:
    tiers = 1 + ((plan.award or 0) > TIER_1) + ((plan.award or 0) > TIER_2)
    if household.unit == SCHOOL:
        signers, visitors = ("qin.yu", "lin.hai", "song.yuan"), ("xu.an", "ye.lan")
        row = {"经办人": "meng.fei", "审核人": "he.jian", "出纳": "yan.qing", "回访人": "du.ruo"}
        row["回单确认人"] = "song.yuan"
    else:
        signers, visitors = ("chen.shan", "lin.hai", "song.yuan"), visitors_for(plan.household)
        row = {
            "经办人": household.keeper,
            "审核人": "du.heng",
            "出纳": "pan.jie",
            "回访人": follower_for(plan.household),
        }
        # A second payment of one case is confirmed by another person than the first.
        row["回单确认人"] = "yan.qing、song.yuan" if plan.story == "退款后重发" else "yan.qing"
    row |= {"走访人": "、".join(visitors)}
    if plan.story.startswith("异议"):
        row["异议审核人"] = "he.jian"
    if plan.item != "EDU":
        row["核对员"] = "shen.wen"
    if plan.award is None:
        del row["回访人"], row["回单确认人"]
    return row | ({"审批人": "、".join(signers[:tiers])} if plan.award is not None else {})


def _form(plan: Plan, stage: str, student: bool) -> dict[str, object]:
    if not student:
        return {}
    first = 2025 if plan.opened.month >= 7 else 2024
    row: dict[str, object] = {"学年": f"{first}-{first + 1}", "学段": stage, "学校类别": "公办"}
    if plan.paid == AUGUST_DAY:
        row |= {"其中学费": "400.00", "其中生活费": "200.00", "新入学": "是" if stage in {"本科", "大专"} else "否"}
    return row


def _days(plan: Plan, student: bool) -> dict[str, object]:
    """Return all days of the case, counted in working days of 2025."""
    visited = working_days_after(plan.opened, 2)
    checked = visited if student else working_days_after(visited, 4)
    review = working_days_after(checked, 2)
    days: dict[str, object] = {"申请日期": plan.opened, "走访日期": visited, "变更说明": plan.reason}
    if plan.story == "撤回":
        return days | {"变更日期": _next(visited)}
    if not student:
        days["核对日期"] = checked
    change = _change_before_review(plan.story, review)
    reviewed = _next(change["变更了结日期"]) if change else review
    if plan.story == "不予救助":
        return days | {"审核日期": reviewed}
    objection = _objection(plan.story, reviewed)
    notice_start = objection["变更了结日期"] if plan.story == "异议成立后改定" else reviewed
    notice_end = _next(working_days_after(notice_start, 5))
    return (
        days
        | change
        | objection
        | {"审核日期": reviewed, "公示期满办理日期": notice_end}
        | _payment_days(plan, notice_end)
    )


def _change_before_review(story: str, review: date) -> dict[str, date]:
    """Return the days of a change at the first review: when it happened and when it was settled."""
    days = {"退回补正": 2, "重新调查": 3, "暂停后恢复": 8}.get(story)
    return {"变更日期": review, "变更了结日期": working_days_after(review, days)} if days else {}


def _objection(story: str, reviewed: date) -> dict[str, date]:
    if not story.startswith("异议"):
        return {}
    return {"变更日期": working_days_after(reviewed, 2), "变更了结日期": working_days_after(reviewed, 4)}


def _payment_days(plan: Plan, notice_end: date) -> dict[str, object]:
    tiers = 1 + ((plan.award or 0) > TIER_1) + ((plan.award or 0) > TIER_2)
    signed = [working_days_after(notice_end, tier) for tier in range(1, tiers + 1)]
    paid = plan.paid or working_days_after(signed[-1], 2)
    days: dict[str, object] = {"审批日期": "、".join(day.isoformat() for day in signed), "发放日期": paid}
    arrived_on = paid
    if plan.story == "退款后重发":
        days |= {"变更日期": _next(paid), "变更了结日期": working_days_after(paid, 4)}
        arrived_on = working_days_after(paid, 4)
    received, followed = _next(arrived_on), working_days_after(arrived_on, 8)
    days |= {"签收日期": received, "回访日期": followed, "办结日期": _next(followed)}
    if plan.story == "追回":
        days |= {"变更日期": working_days_after(followed, 10), "变更了结日期": working_days_after(followed, 18)}
    return days
