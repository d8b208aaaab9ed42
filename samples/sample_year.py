"""Families, funds, visits, gifts, donations and activities of the sample year."""

# ruff: noqa: INP001 - the folder of samples is not a package

from datetime import date

from sample_people import BUREAU, COUNTY, FACTORIES, SCHOOL, Household, Member, PersonGenerator, family, with_illness

SCHOOLING = {
    2: "本科",
    7: "本科",
    11: "大专",
    16: "高中",
    21: "本科",
    5: "本科",
    10: "高中",
    14: "中职",
    18: "本科",
    23: "高中",
}
DEEP = {2, 4, 5, 8, 12, 15, 16, 21, 24, 26, 28, 30, 33}
ABOVE_INCOME_LIMIT = {19, 23}
"""Families on file whose income is now above every limit."""

OTHER_CAUSES = {1: "单亲", 3: "残疾", 6: "大病", 9: "残疾", 13: "大病", 17: "单亲"}
NEW_THIS_YEAR = {23, 27, 28, 31, 33}


def households() -> list[Household]:
    """Return 33 families of laid-off workers, three of other workers, and the paired village family."""
    generator = PersonGenerator()
    families = [_laid_off(generator, number) for number in range(1, 34)]
    plain = {"category": "相对困难", "cause": "大病"}
    families.append(
        with_illness(
            family(generator, 34, FACTORIES[4], **plain, identity="农民工", keeper="tan.ying"), 60_000, 6_000, 2_000
        )
    )
    deep = {"category": "深度困难", "cause": "大病"}
    families.append(
        with_illness(
            family(generator, 35, FACTORIES[1], **deep, identity="在岗", keeper="tan.ying"), 60_000, 62_000, 30_000
        )
    )
    families.append(
        with_illness(family(generator, 36, SCHOOL, **plain, identity="在岗", keeper="meng.fei"), 66_000, 30_000, 12_000)
    )
    families.append(_paired(generator))
    return families


def _laid_off(generator: PersonGenerator, number: int) -> Household:
    cause = "子女上学" if number in SCHOOLING else OTHER_CAUSES.get(number, "下岗失业")
    category = "" if number in ABOVE_INCOME_LIMIT else "深度困难" if number in DEEP else "相对困难"
    filed = date(2025, 2 + number % 3, 10) if number in NEW_THIS_YEAR else date(2023 + number % 2, 3 + number % 7, 12)
    unit, keeper = FACTORIES[number % 5], ("luo.xin", "tan.ying")[number % 2]
    stage = SCHOOLING.get(number, "义务教育")
    household = family(generator, number, unit, category=category, cause=cause, stage=stage, filed=filed, keeper=keeper)
    household.category = category or "相对困难"
    return household


def _paired(generator: PersonGenerator) -> Household:
    members = [
        Member("户主", generator.name("尚", ("怀山", "怀川")), generator.id_no(1965)),
        Member("配偶", generator.name("水", ("若兰", "若菊")), generator.id_no(1967)),
        Member("子女", generator.name("尚", ("初阳", "初雪")), generator.id_no(2009), stage="高中"),
    ]
    return Household(
        37, BUREAU, "农村居民", "", "其他", date(2025, 4, 10), members, story="河湾镇结对农户，非职工家庭。"
    )


FUNDS = [
    # code, title, unit, source, items, keeper
    ("C-CNT-2025", "县财政困难职工帮扶配套资金", COUNTY, "县级财政", "生活救助、医疗救助、助学", "yan.qing"),
    ("B-UPS-2025", "县总工会下拨帮扶补助", BUREAU, "上级工会补助", "生活救助、助学", "pan.jie"),
    ("B-OWN-2025", "局工会本级帮扶经费", BUREAU, "本级工会经费", "生活救助、医疗救助、送温暖慰问", "pan.jie"),
    ("B-ADM-2025", "局办公经费预算列支的工会补助", BUREAU, "行政补助", "送温暖慰问、会员慰问", "pan.jie"),
    ("B-DON-2025", "结对帮扶社会捐助款", BUREAU, "社会捐助", "助学、住房救助", "pan.jie"),
    ("S-OWN-2025", "学校工会慰问经费", SCHOOL, "本级工会经费", "会员慰问、送温暖慰问", "yan.qing"),
]

RECEIPTS = [
    ("C-CNT-2025", COUNTY, date(2025, 1, 15), "60000.00", "银收2025-011", "yan.qing"),
    ("B-UPS-2025", BUREAU, date(2025, 1, 10), "30000.00", "银收2025-003", "pan.jie"),
    ("B-UPS-2025", BUREAU, date(2025, 6, 16), "10000.00", "银收2025-027", "pan.jie"),
    ("B-OWN-2025", BUREAU, date(2025, 1, 6), "20000.00", "转账2025-001", "pan.jie"),
    ("B-ADM-2025", BUREAU, date(2025, 1, 8), "6000.00", "转账2025-002", "pan.jie"),
    ("B-DON-2025", BUREAU, date(2025, 4, 15), "30000.00", "银收2025-019", "pan.jie"),
    ("S-OWN-2025", SCHOOL, date(2025, 1, 9), "5000.00", "转账2025-004", "yan.qing"),
]

ALLOCATIONS = [
    # code, owner, unit, with units below, ceiling, document, approver
    ("C-CNT-2025", COUNTY, FACTORIES[1], "", "25000.00", "示例〔2025〕21号", "song.yuan"),
    ("C-CNT-2025", COUNTY, SCHOOL, "", "10000.00", "示例〔2025〕22号", "lin.hai"),
    ("B-UPS-2025", BUREAU, BUREAU, "是", "40000.00", "示例〔2025〕23号", "song.yuan"),
    ("B-OWN-2025", BUREAU, BUREAU, "是", "20000.00", "示例〔2025〕23号", "lin.hai"),
]

VISITOR_PAIRS = (("bai.lu", "jin.tao"), ("gu.yue", "wei.ran"), ("bai.lu", "gu.yue"), ("jin.tao", "wei.ran"))
RELATIVE, RELATIVE_OF = "wei.ran", 9
"""A visitor who is a declared relative of a family, and the number of that family, which they do not visit."""

SPRING = [(number, date(2025, 1, 20 + number % 5)) for number in range(1, 23)]
LABOUR = [(number, date(2025, 4, 28 + number % 3)) for number in range(23, 29)]
AUTUMN = [(number, date(2025, 9, 25 + number % 2)) for number in (*range(29, 34), *range(1, 8))]
HARDSHIP = [(34, date(2025, 5, 20)), (35, date(2025, 8, 19))]
PAIRED = [date(2025, 5, 4), date(2025, 9, 14)]


def visitors_for(number: int) -> tuple[str, str]:
    """Return the logins of two visitors for a family, never its relative."""
    pairs = [pair for pair in VISITOR_PAIRS if number != RELATIVE_OF or RELATIVE not in pair]
    return pairs[number % len(pairs)]


def follower_for(number: int) -> str:
    """Return the login of the visitor who follows up: none of the survey, and never a relative."""
    others = sorted({login for pair in VISITOR_PAIRS for login in pair} - set(visitors_for(number)))
    return next(login for login in others if number != RELATIVE_OF or login != RELATIVE)


def visits() -> list[dict[str, object]]:
    """Return the visits outside cases, in the columns of 走访."""
    rows = []
    for occasion, days in (("春节", SPRING), ("五一", LABOUR), ("中秋", AUTUMN)):
        rows += [_visit(number, on, "节日慰问", occasion) for number, on in days]
    rows += [_visit(number, on, "困难走访", "") for number, on in HARDSHIP]
    visitors = "bai.lu、jin.tao、gu.yue、wei.ran"
    paired = {
        "走访单位": BUREAU,
        "类别": "结对走访",
        "地点": "家中",
        "档案号": "LL-0037",
        "走访人": visitors,
        "登记人": "luo.xin",
    }
    story = "全局工作人员和部分企业代表参加。"
    rows += [
        paired | {"日期": on, "随行人数": count, "情况说明": story} for on, count in zip(PAIRED, (18, 21), strict=True)
    ]
    school = {"走访单位": SCHOOL, "地点": "家中", "与单位行政共同走访": "是", "登记人": "meng.fei"}
    bereavement = {"类别": "吊唁", "逝者关系": "母亲", "情况说明": "教师母亲去世，工会与学校一同吊唁。"}
    rows += [
        school | bereavement | {"日期": on, "走访人": "xu.an、ye.lan"} for on in (date(2025, 3, 18), date(2025, 10, 23))
    ]
    retired = {"类别": "退休慰问", "节日": "春节", "日期": date(2025, 1, 22), "情况说明": "与学校一同看望退休教师。"}
    rows += [school | retired | {"走访人": logins} for logins in ("xu.an、ye.lan", "ye.lan、du.ruo", "xu.an、du.ruo")]
    return rows


def _visit(number: int, on: date, kind: str, occasion: str) -> dict[str, object]:
    logins = "、".join(visitors_for(number))
    row = {"走访单位": BUREAU, "类别": kind, "节日": occasion, "日期": on, "地点": "家中"}
    return row | {"档案号": f"LL-{number:04d}", "走访人": logins, "登记人": "luo.xin"}


def gifts() -> list[dict[str, object]]:
    """Return gifts of goods and money outside cases, in the columns of 慰问品."""
    rows = []
    for number, on in SPRING:
        shared_columns = {
            "慰问单位": BUREAU,
            "档案号": f"LL-{number:04d}",
            "日期": on,
            "会计科目": "502",
            "用途": "春节送温暖",
        }
        shared_columns |= {"经手人": visitors_for(number)[0], "家庭签收": "是", "随走访": "是", "登记人": "luo.xin"}
        for goods, measure in (("大米", "袋"), ("食用油", "桶")):
            rows.append(shared_columns | {"项目": "实物", "物品": goods, "计量单位": measure, "数量": 1})
        if number <= 12:
            money = {"项目": "送温暖慰问", "金额": "300.00", "资金编号": "B-ADM-2025", "批准人": "chen.shan"}
            rows.append(shared_columns | money)
    return rows + _paired_gifts()


def _paired_gifts() -> list[dict[str, object]]:
    shared_columns = {"慰问单位": BUREAU, "档案号": "LL-0037", "会计科目": "502", "用途": "结对帮扶", "家庭签收": "是"}
    shared_columns |= {"经手人": "bai.lu", "随走访": "是", "登记人": "luo.xin"}
    goods = [("褥子", "床", 2), ("图书", "套", "数"), ("文具", "件", "若干")]
    rows = [
        shared_columns | {"日期": PAIRED[0], "项目": "实物", "物品": item, "计量单位": measure, "数量": count}
        for item, measure, count in goods
    ]
    money = shared_columns | {"资金编号": "B-DON-2025"}
    rows.append(
        money | {"日期": PAIRED[0], "项目": "助学", "金额": "2600.00", "用途": "结对户子女助学", "批准人": "lin.hai"}
    )
    rows.append(
        money | {"日期": PAIRED[1], "项目": "住房救助", "金额": "26000.00", "用途": "结对户建房", "批准人": "song.yuan"}
    )
    return rows


DONATIONS = [
    (
        BUREAU,
        date(2025, 4, 15),
        "收到",
        "结对帮扶捐助",
        "临澜县工业局",
        "",
        "30000.00",
        "局工会结对帮扶专户",
        "JZ2025-004",
        "luo.xin",
    ),
    (
        SCHOOL,
        date(2025, 12, 12),
        "转捐",
        "献爱心",
        "临澜县河湾镇",
        72,
        "2880.00",
        "河湾镇慈善工作站",
        "SJ2025-118",
        "meng.fei",
    ),
]

ACTIVITIES = [
    (BUREAU, date(2025, 1, 17), "迎新春职工联欢会", "文化", 120, "6200.00"),
    (BUREAU, date(2025, 2, 12), "元宵节灯谜会", "文化", 86, "2150.00"),
    (BUREAU, date(2025, 3, 7), "三八节女职工座谈会", "座谈", 40, "1800.00"),
    (BUREAU, date(2025, 4, 18), "春季健步走", "体育", 95, "2400.00"),
    (BUREAU, date(2025, 5, 16), "青年职工读书会", "文化", 33, "2950.00"),
    (BUREAU, date(2025, 5, 29), "端午包粽子比赛", "文化", 60, "2300.00"),
    (BUREAU, date(2025, 6, 14), "无偿献血", "志愿服务", 4, "0"),
    (BUREAU, date(2025, 6, 27), "社区志愿服务", "志愿服务", 3, "0"),
    (BUREAU, date(2025, 7, 18), "老干部座谈会", "座谈", 28, "1650.00"),
    (BUREAU, date(2025, 8, 20), "演讲比赛与高考经验交流会", "经验交流", 75, "4800.00"),
    (BUREAU, date(2025, 9, 19), "职工技能比武", "培训", 64, "5600.00"),
    (BUREAU, date(2025, 10, 24), "离退休人员外出参观", "出游", 30, "6400.00"),
    (BUREAU, date(2025, 11, 14), "职工乒乓球赛", "体育", 48, "3900.00"),
    (BUREAU, date(2025, 12, 26), "年终总结文艺汇演", "文化", 130, "3500.00"),
    (SCHOOL, date(2025, 3, 7), "三八节座谈会", "座谈", 36, "600.00"),
    (SCHOOL, date(2025, 9, 9), "教师节庆祝活动", "文化", 88, "1200.00"),
]
