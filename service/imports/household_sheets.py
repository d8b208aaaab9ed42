"""Columns of the household sheets: 家庭, 成员, 收支, 结对, 亲属申报."""

from service.imports import cells, labels
from service.imports.sheet_reader import Column, Sheet
from service.imports.synonyms import SYNONYMS

KEEPER = Column("登记人", "keeper", cells.code)
REPEAT = Column("重复登记", "confirmed_repeat", cells.chosen(labels.REPEATS), required=False, default=False)
"""A word by which the keeper confirms that the row is another event, and not the same one again."""
FAMILY_UNIT = Column("所属单位", "unit", cells.words, required=False)
"""Says which family is meant, where two units in one workbook have the same file number."""

HOUSEHOLDS = Sheet(
    "家庭",
    (
        Column("档案号", "file_no", cells.code),
        Column("所属单位", "unit_id", cells.words),
        Column("家庭类型", "kind", cells.chosen(labels.FILE_KINDS)),
        Column("人员身份", "identity", cells.chosen(labels.IDENTITIES, SYNONYMS["identity"])),
        Column("困难类别", "category", cells.chosen(labels.CATEGORIES, SYNONYMS["category"]), required=False),
        Column("行政区划代码", "division", cells.digits),
        Column("主要致困原因", "cause", cells.chosen(labels.CAUSES, SYNONYMS["cause"])),
        Column("建档日期", "filed_on", cells.day),
        Column("排除情形", "observed", cells.several(cells.chosen(labels.OBSERVED)), required=False, default=()),
        Column("突发事件", "event_kind", cells.chosen(labels.EVENTS), required=False),
        Column("核算日期", "finances_as_of", cells.day, required=False),
        Column("未就业劳动力", "idle_able_members", cells.whole, required=False, default=0),
        Column("授权签署日期", "signed_on", cells.day, required=False),
        Column("授权截止日期", "until_on", cells.day, required=False),
        Column("授权书版本", "text_version", cells.number, required=False),
        Column("签字成年人数", "adults_signed", cells.whole, required=False),
        Column("开户银行", "bank", cells.words, required=False),
        Column("银行卡号", "card", cells.digits, required=False),
        Column("持卡人", "holder", cells.words, required=False),
        Column("情况说明", "story", cells.story, required=False),
        KEEPER,
    ),
)

MEMBERS = Sheet(
    "成员",
    (
        Column("档案号", "file_no", cells.code),
        FAMILY_UNIT,
        Column("与户主关系", "relation", cells.chosen(labels.RELATIONS, SYNONYMS["relation"])),
        Column("姓名", "name", cells.words),
        Column("身份证号", "id_no", cells.digits, required=False),
        Column("联系电话", "phone", cells.digits, required=False),
        Column("电子邮箱", "email", cells.code, required=False),
        Column("住址", "address", cells.words, required=False),
        Column("工作单位", "workplace", cells.words, required=False),
        Column("在读学段", "student_stage", cells.chosen(labels.STAGES, SYNONYMS["stage"]), required=False),
    ),
)

FINANCES = Sheet(
    "收支",
    (
        Column("档案号", "file_no", cells.code),
        FAMILY_UNIT,
        Column("类别", "side", cells.chosen(labels.SIDES)),
        Column("项目", "kind", cells.chosen(labels.LINES, SYNONYMS["line"])),
        Column("成员姓名", "person_id", cells.words, required=False),
        Column("十二个月金额", "fen", cells.money),
        Column("已报销或补偿", "reimbursed", cells.money, required=False),
    ),
)

PAIRINGS = Sheet(
    "结对",
    (
        Column("档案号", "file_no", cells.code),
        Column("结对单位", "unit_id", cells.words),
        Column("帮扶活动名称", "programme_name", cells.words),
        Column("发起单位", "issued_by", cells.words),
        Column("起始日期", "from_on", cells.day),
        Column("截止日期", "until_on", cells.day, required=False),
        KEEPER,
    ),
    optional=True,
)

KINSHIP = Sheet(
    "亲属申报",
    (
        Column("档案号", "file_no", cells.code),
        Column("所属单位", "unit_id", cells.words),
        Column("职工登录名", "account_id", cells.code),
        Column("关系", "relation", cells.chosen(labels.KIN, SYNONYMS["kin"])),
        KEEPER,
    ),
    optional=True,
)
