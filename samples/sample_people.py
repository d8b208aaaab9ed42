"""Invented units, staff and families of the sample year."""

# ruff: noqa: INP001 - the folder of samples is not a package

import random
from dataclasses import dataclass, field
from datetime import date

from stdnum.cn import ric

FICTITIOUS_DIVISION = "371099"
"""A division code that does not exist, so that every identity number with it is invented."""

COUNTY, BUREAU, SCHOOL = "临澜县总工会", "临澜县工业局工会", "临澜县第三中学工会"
FACTORIES = ("临澜县棉织厂工会", "临澜县机械厂工会", "临澜县化肥厂工会", "临澜县水泥制品厂工会", "临澜县食品厂工会")

UNITS = [
    (COUNTY, "县级", FICTITIOUS_DIVISION, ""),
    (BUREAU, "产业系统", FICTITIOUS_DIVISION, COUNTY),
    *((factory, "基层", FICTITIOUS_DIVISION, BUREAU) for factory in FACTORIES),
    (SCHOOL, "基层", FICTITIOUS_DIVISION, COUNTY),
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
GIVEN_NAMES = (
    "立春",
    "望舒",
    "清和",
    "惠风",
    "景行",
    "知远",
    "若谷",
    "守拙",
    "见山",
    "听泉",
    "晚晴",
    "怀瑾",
    "思齐",
    "乐水",
)
CHILD_NAMES = ("小满", "新禾", "初晓", "一诺", "星野", "远航", "青禾", "予安", "书言", "子墨")


@dataclass
class Member:
    """One member of a family, with the columns of 成员."""

    relation: str
    name: str
    id_no: str
    phone: str = ""
    email: str = ""
    workplace: str = ""
    stage: str = ""


@dataclass
class Household:
    """One family, with the columns of 家庭, 成员 and 收支; money in yuan for twelve months."""

    number: int
    unit: str
    identity: str
    category: str
    cause: str
    filed_on: date
    members: list[Member]
    finances: list[tuple[str, str, str, int, int]] = field(default_factory=list)
    keeper: str = "luo.xin"
    story: str = ""

    @property
    def file_no(self) -> str:
        """Return the file number."""
        return f"LL-{self.number:04d}"

    def member(self, relation: str) -> Member:
        """Return the only member with this relation. Raises ValueError when there are none or several."""
        (only_member,) = [member for member in self.members if member.relation == relation]
        return only_member


class PersonGenerator:
    """A generator of invented people; every run gives the same people."""

    def __init__(self) -> None:
        self.random = random.Random("songnuan samples 2025")  # noqa: S311 - not a secret
        self.serial = 0
        self.names: set[str] = set()

    def id_no(self, year: int) -> str:
        """Return an identity number with a valid check digit and FICTITIOUS_DIVISION."""
        self.serial += 1
        birth_date = f"{year}{self.random.randint(1, 12):02d}{self.random.randint(1, 28):02d}"
        digits = f"{FICTITIOUS_DIVISION}{birth_date}{self.serial:03d}"
        return digits + ric.calc_check_digit(f"{digits}0")

    def name(self, surname: str, given_names: tuple[str, ...]) -> str:
        """Return a name that nobody else has."""
        while (name := surname + self.random.choice(given_names)) in self.names:
            surname = self.random.choice(SURNAMES)
        self.names.add(name)
        return name

    def phone(self) -> str:
        """Return an impossible landline number: local numbers never begin with 0."""
        return f"0631-{self.serial:07d}"


FINANCES_OF_CATEGORY = {
    # category: wage of the spouse, benefit of the head, cost of illness or school, reimbursed
    "深度困难": (28_800, 9_600, 6_000, 0),
    "相对困难": (54_000, 9_600, 9_600, 0),
    "": (108_000, 9_600, 4_800, 0),
}

BIRTH_YEARS = {"义务教育": 2013, "高中": 2008, "中职": 2008, "大专": 2006, "本科": 2006}
"""Birth year of a child by school stage."""

SPENDING_OF_CAUSE = {"子女上学": "就学", "大病": "医疗", "残疾": "残疾康复"}


def family(
    generator: PersonGenerator,
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
    """Return a couple with one child, whose finances give `category` under the sample policy."""
    dice, surname = generator.random, generator.random.choice(SURNAMES)
    name = generator.name(surname, GIVEN_NAMES)
    head = Member("户主", name, generator.id_no(dice.randint(1968, 1982)), generator.phone())
    name = generator.name(dice.choice(SURNAMES), GIVEN_NAMES)
    spouse = Member("配偶", name, generator.id_no(dice.randint(1970, 1984)))
    child = Member("子女", generator.name(surname, CHILD_NAMES), generator.id_no(BIRTH_YEARS[stage]), stage=stage)
    head.workplace = unit.removesuffix("工会") + ("（已下岗）" if identity == "下岗" else "")
    if number % 3 == 0:
        head.email = f"family{number:02d}@example.org"
    wage, benefit, cost, reimbursed = FINANCES_OF_CATEGORY[category]
    finances = [
        ("收入", "工资", spouse.name, wage, 0),
        ("收入", "失业保险金" if identity == "下岗" else "工资", head.name, benefit, 0),
        ("支出", SPENDING_OF_CAUSE.get(cause, "住房"), "", cost, reimbursed),
        ("资产", "存款", "", 3_000 + 100 * number, 0),
    ]
    return Household(number, unit, identity, category, cause, filed, [head, spouse, child], finances, keeper)


def with_illness(household: Household, wage: int, cost: int, reimbursed: int) -> Household:
    """Set the family's finances to one wage and the cost of a serious illness, and return the family."""
    spouse, head = household.member("配偶"), household.member("户主")
    household.finances = [("收入", "工资", spouse.name, wage, 0), ("支出", "医疗", head.name, cost, reimbursed)]
    return household
