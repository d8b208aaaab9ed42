"""The invented people of the sample year: units, staff, and families with members, finances and papers."""

# ruff: noqa: INP001 - the folder of samples is run by hand and is no package

import random
from dataclasses import dataclass, field
from datetime import date

from stdnum.cn import ric

NOWHERE = "371099"
"""A division code nobody lives in: every identity number made with it is plainly invented."""

COUNTY, BUREAU, SCHOOL = "临澜县总工会", "临澜县工业局工会", "临澜县第三中学工会"
FACTORIES = ("临澜县棉织厂工会", "临澜县机械厂工会", "临澜县化肥厂工会", "临澜县水泥制品厂工会", "临澜县食品厂工会")

UNITS = [
    (COUNTY, "县级", NOWHERE, ""),
    (BUREAU, "产业系统", NOWHERE, COUNTY),
    *((factory, "基层", NOWHERE, BUREAU) for factory in FACTORIES),
    (SCHOOL, "基层", NOWHERE, COUNTY),
]

STAFF = [
    # login, name, unit, grants: (role, tier, over which unit)
    ("shen.wen", "沈闻", COUNTY, [("核对员", "", COUNTY)]),
    ("he.jian", "贺简", COUNTY, [("审核人", "", COUNTY)]),
    ("lin.hai", "林海生", COUNTY, [("审批人", "二级", COUNTY)]),
    ("song.yuan", "宋远之", COUNTY, [("审批人", "三级", COUNTY)]),
    ("yan.qing", "严清", COUNTY, [("出纳", "", COUNTY)]),
    ("fang.zheng", "方正言", COUNTY, [("经审员", "", COUNTY)]),
    ("luo.xin", "罗昕", BUREAU, [("经办人", "", BUREAU)]),
    ("tan.ying", "谭映", BUREAU, [("经办人", "", BUREAU)]),
    ("bai.lu", "白鹭", BUREAU, [("走访人", "", BUREAU)]),
    ("jin.tao", "金涛", BUREAU, [("走访人", "", BUREAU)]),
    ("gu.yue", "顾越", BUREAU, [("走访人", "", BUREAU)]),
    ("wei.ran", "韦然", BUREAU, [("走访人", "", BUREAU)]),
    ("du.heng", "杜衡之", BUREAU, [("审核人", "", BUREAU)]),
    ("chen.shan", "陈杉", BUREAU, [("审批人", "一级", BUREAU)]),
    ("pan.jie", "潘洁", BUREAU, [("出纳", "", BUREAU)]),
    ("meng.fei", "孟霏", SCHOOL, [("经办人", "", SCHOOL)]),
    ("xu.an", "许安然", SCHOOL, [("走访人", "", SCHOOL)]),
    ("ye.lan", "叶岚", SCHOOL, [("走访人", "", SCHOOL)]),
    ("du.ruo", "杜若溪", SCHOOL, [("走访人", "", SCHOOL)]),
    ("qin.yu", "秦屿", SCHOOL, [("审批人", "一级", SCHOOL)]),
]

SURNAMES = "柏岑段樊葛郝冀康蓝毛倪欧裴祁冉邵童温席尹臧"
GIVEN = ("立春", "望舒", "清和", "惠风", "景行", "知远", "若谷", "守拙", "见山", "听泉", "晚晴", "怀瑾", "思齐", "乐水")
CHILDREN = ("小满", "新禾", "初晓", "一诺", "星野", "远航", "青禾", "予安", "书言", "子墨")


@dataclass
class Member:
    """One person of a family, as the sheet 成员 has it."""

    relation: str
    name: str
    id_no: str
    phone: str = ""
    email: str = ""
    workplace: str = ""
    stage: str = ""


@dataclass
class Household:
    """One family, as the sheets 家庭, 成员 and 收支 have it; money in yuan for twelve months."""

    number: int
    unit: str
    identity: str
    category: str
    cause: str
    filed_on: date
    members: list[Member]
    lines: list[tuple[str, str, str, int, int]] = field(default_factory=list)
    keeper: str = "luo.xin"
    story: str = ""

    @property
    def file_no(self) -> str:
        """The number of the file."""
        return f"LL-{self.number:04d}"

    def one(self, relation: str) -> Member:
        """The only member with this relation."""
        (found,) = [each for each in self.members if each.relation == relation]
        return found


class Town:
    """Makes people who do not exist; the same ones every time."""

    def __init__(self) -> None:
        self.dice = random.Random("songnuan samples 2025")  # noqa: S311 - no secret, the same town every time
        self.serial = 0
        self.names: set[str] = set()

    def id_no(self, year: int) -> str:
        """An identity number with a right check digit and a division nobody lives in."""
        self.serial += 1
        born = f"{year}{self.dice.randint(1, 12):02d}{self.dice.randint(1, 28):02d}"
        digits = f"{NOWHERE}{born}{self.serial:03d}"
        return digits + ric.calc_check_digit(f"{digits}0")

    def name(self, surname: str, given: tuple[str, ...]) -> str:
        """A name no one else here has."""
        while (name := surname + self.dice.choice(given)) in self.names:
            surname = self.dice.choice(SURNAMES)
        self.names.add(name)
        return name

    def phone(self) -> str:
        """A landline that cannot be: local numbers never begin with 0."""
        return f"0631-{self.serial:07d}"


NEEDS = {
    # category: wage of the spouse, benefit of the head, cost of illness or school with what came back
    "深度困难": (28_800, 9_600, 6_000, 0),
    "相对困难": (54_000, 9_600, 9_600, 0),
    "": (108_000, 9_600, 4_800, 0),
}

CAUSE_LINE = {"子女上学": "就学", "大病": "医疗", "残疾": "残疾康复"}


def family(
    town: Town,
    number: int,
    unit: str,
    *,
    category: str,
    cause: str,
    stage: str = "义务教育",
    identity: str = "下岗",
    filed: date = date(2024, 3, 15),
    keeper: str = "luo.xin",
) -> Household:
    """A couple with one child; what they live on puts them in `category` under the sample policy."""
    surname = town.dice.choice(SURNAMES)
    head = Member("户主", town.name(surname, GIVEN), town.id_no(town.dice.randint(1968, 1982)), town.phone())
    spouse = Member("配偶", town.name(town.dice.choice(SURNAMES), GIVEN), town.id_no(town.dice.randint(1970, 1984)))
    born = {"义务教育": 2013, "高中": 2008, "中职": 2008, "大专": 2006, "本科": 2006}[stage]
    child = Member("子女", town.name(surname, CHILDREN), town.id_no(born), stage=stage)
    head.workplace = unit.removesuffix("工会") + ("（已下岗）" if identity == "下岗" else "")
    if number % 3 == 0:
        head.email = f"family{number:02d}@example.org"
    wage, benefit, cost, back = NEEDS[category]
    lines = [
        ("收入", "工资", spouse.name, wage, 0),
        ("收入", "失业保险金" if identity == "下岗" else "工资", head.name, benefit, 0),
    ]
    lines.append(("支出", CAUSE_LINE.get(cause, "住房"), "", cost, back))
    lines.append(("资产", "存款", "", 3_000 + 100 * number, 0))
    return Household(number, unit, identity, category, cause, filed, [head, spouse, child], lines, keeper)


def with_illness(home: Household, wage: int, cost: int, back: int) -> Household:
    """The same family with a serious illness: what was paid for it, and what insurance paid back."""
    spouse = home.one("配偶")
    home.lines = [("收入", "工资", spouse.name, wage, 0), ("支出", "医疗", home.one("户主").name, cost, back)]
    return home
