"""Tables from the labels used in spreadsheets to codes, with the labels of older forms."""

from collections.abc import Mapping

from workflows import code_lists as codes
from workflows.condolence_codes import Deceased, Occasion
from workflows.vocabulary import Role

Labels = Mapping[str, str]

UNIT_KINDS: Labels = {
    "全国": codes.UnitKind.NATIONAL,
    "省级": codes.UnitKind.PROVINCE,
    "市级": codes.UnitKind.CITY,
    "县级": codes.UnitKind.COUNTY,
    "产业系统": codes.UnitKind.INDUSTRY,
    "基层": codes.UnitKind.GRASS_ROOTS,
}

ROLES: Labels = {
    "经办人": Role.REGISTRAR,
    "走访人": Role.VISITOR,
    "核对员": Role.VERIFIER,
    "审核人": Role.REVIEWER,
    "审批人": Role.APPROVER,
    "出纳": Role.CASHIER,
    "经审员": Role.AUDITOR,
    "系统管理员": Role.ADMIN,
}

SOURCES: Labels = {
    "中央财政": codes.FundSource.CENTRAL_FINANCE,
    "省级财政": codes.FundSource.PROVINCE_FINANCE,
    "市级财政": codes.FundSource.CITY_FINANCE,
    "县级财政": codes.FundSource.COUNTY_FINANCE,
    "上级工会补助": codes.FundSource.HIGHER_UNION,
    "本级工会经费": codes.FundSource.OWN_FUNDS,
    "行政补助": codes.FundSource.ADMINISTRATION,
    "社会捐助": codes.FundSource.SOCIAL_DONATION,
    "职工捐款": codes.FundSource.WORKERS_DONATION,
    "民政资金": codes.FundSource.CIVIL_AFFAIRS,
    "利息": codes.FundSource.INTEREST,
    "其他": codes.FundSource.OTHER,
}

REPEATS: Mapping[str, bool] = {"确属另一次": True, "另一次": True}
"""The word that confirms a true second event."""

ITEMS: Labels = {
    "生活救助": codes.Item.LIVING,
    "医疗救助": codes.Item.MEDICAL,
    "助学": codes.Item.EDUCATION,
    "意外救助": codes.Item.ACCIDENT,
    "临时救助": codes.Item.TEMPORARY,
    "送温暖慰问": codes.Item.SEND_WARMTH,
    "会员慰问": codes.Item.CONDOLENCE,
    "住房救助": codes.Item.HOUSING,
    "实物": codes.Item.GOODS,
    "法律援助": codes.Item.LEGAL_AID,
    "职业培训": codes.Item.TRAINING,
    "职业介绍": codes.Item.JOB_PLACEMENT,
}

FILE_KINDS: Labels = {"困难职工家庭": codes.HouseholdKind.WORKER, "结对农户": codes.HouseholdKind.RURAL_PAIRED}

IDENTITIES: Labels = {
    "在岗": codes.Identity.ON_POST,
    "下岗": codes.Identity.LAID_OFF,
    "待岗": codes.Identity.LAID_OFF,
    "失业": codes.Identity.UNEMPLOYED,
    "退休": codes.Identity.RETIRED,
    "病休": codes.Identity.SICK_LEAVE,
    "农民工": codes.Identity.MIGRANT,
    "新就业形态": codes.Identity.NEW_FORM,
    "农村居民": codes.Identity.RURAL,
}

CATEGORIES: Labels = {
    "深度困难": codes.Category.DEEP,
    "相对困难": codes.Category.RELATIVE,
    "意外致困": codes.Category.SUDDEN,
    "低保户": codes.Category.DEEP,
    "低保边缘户": codes.Category.RELATIVE,
    "意外致困户": codes.Category.SUDDEN,
    "享受低保": codes.Category.DEEP,
    "未享受低保": codes.Category.DEEP,
    "低保线以上": codes.Category.RELATIVE,
    "特困": codes.Category.DEEP,
    "重困": codes.Category.RELATIVE,
    "一般困难": codes.Category.RELATIVE,
}
"""All four vocabularies of docs/domain/glossary.md fact 6; rules decide by income, not by this category."""

CAUSES: Labels = {
    "大病": codes.Cause.ILLNESS,
    "残疾": codes.Cause.DISABILITY,
    "意外": codes.Cause.ACCIDENT,
    "自然灾害": codes.Cause.DISASTER,
    "子女上学": codes.Cause.SCHOOLING,
    "下岗失业": codes.Cause.UNEMPLOYED,
    "收入低": codes.Cause.LOW_INCOME,
    "单亲": codes.Cause.SINGLE_PARENT,
    "其他": codes.Cause.OTHER,
}

OBSERVED: Labels = {
    "有两套以上住房": codes.Observation.TWO_HOMES,
    "有机动车": codes.Observation.VEHICLE,
    "有店面或雇工经营": codes.Observation.SHOP,
    "是企业股东或实际控制人": codes.Observation.COMPANY,
    "子女就读高收费学校": codes.Observation.PRIVATE_SCHOOL,
    "子女自费出国留学": codes.Observation.STUDY_ABROAD,
    "不配合调查": codes.Observation.UNCOOPERATIVE,
    "提供虚假材料": codes.Observation.FALSE_PAPERS,
    "无正当理由拒绝就业": codes.Observation.IDLE_REFUSAL,
}

EVENTS: Labels = {
    "自然灾害": codes.MisfortuneKind.DISASTER,
    "重大事故": codes.MisfortuneKind.MAJOR_ACCIDENT,
    "疫情": codes.MisfortuneKind.EPIDEMIC,
    "公共安全事件": codes.MisfortuneKind.PUBLIC_SAFETY,
    "重大疾病": codes.MisfortuneKind.CATASTROPHIC_ILLNESS,
    "住房损毁": codes.MisfortuneKind.HOME_DESTROYED,
}

RELATIONS: Labels = {
    "户主": codes.Relation.HEAD,
    "配偶": codes.Relation.SPOUSE,
    "子": codes.Relation.CHILD,
    "女": codes.Relation.CHILD,
    "子女": codes.Relation.CHILD,
    "父": codes.Relation.PARENT,
    "母": codes.Relation.PARENT,
    "父母": codes.Relation.PARENT,
    "其他": codes.Relation.OTHER,
}

KIN: Labels = {
    "配偶": codes.Kinship.SPOUSE,
    "子女": codes.Kinship.CHILD,
    "父母": codes.Kinship.PARENT,
    "兄弟姐妹": codes.Kinship.SIBLING,
    "其他": codes.Kinship.OTHER,
}

STAGES: Labels = {
    "学前": codes.StudentStage.PRESCHOOL,
    "义务教育": codes.StudentStage.COMPULSORY,
    "高中": codes.StudentStage.SENIOR,
    "中职": codes.StudentStage.VOCATIONAL,
    "大专": codes.StudentStage.JUNIOR_COLLEGE,
    "本科": codes.StudentStage.BACHELOR,
    "硕士": codes.StudentStage.MASTER,
    "博士": codes.StudentStage.DOCTOR,
}

SIDES: Labels = {"收入": codes.LineSide.INCOME, "支出": codes.LineSide.SPENDING, "资产": codes.LineSide.ASSET}

LINES: Labels = {
    "工资": "wage",
    "经营收入": "business",
    "赡养抚养费": "maintenance",
    "养老金": "pension",
    "失业保险金": "unemployment",
    "遗属补助": "survivor",
    "赔偿补偿": "compensation",
    "利息": "interest",
    "分红": "dividend",
    "征收补偿": "expropriation",
    "租金": "rent",
    "馈赠": "gift",
    "转移性收入": "transfer",
    "基础养老金": "basic_pension",
    "低保金": "dibao",
    "残疾人补贴": "disability_subsidy",
    "医疗": "illness",
    "残疾康复": "disability",
    "就学": "schooling",
    "住房": "housing",
    "就业成本": "employment_cost",
    "意外": "accident",
    "受灾": "disaster",
    "存款": "savings",
    "有价证券": "securities",
    "投资": "investment",
    "其他": "other",
}

VISIT_KINDS: Labels = {
    "节日慰问": codes.VisitKind.FESTIVAL,
    "困难走访": codes.VisitKind.HARDSHIP,
    "吊唁": codes.VisitKind.BEREAVEMENT,
    "结对走访": codes.VisitKind.PAIRING,
    "退休慰问": codes.VisitKind.RETIRED,
    "住院慰问": codes.VisitKind.HOSPITAL_STAY,
}

OCCASIONS: Labels = {
    "元旦": Occasion.NEW_YEAR,
    "春节": Occasion.SPRING_FESTIVAL,
    "三八节": Occasion.WOMENS_DAY,
    "五一": Occasion.LABOUR_DAY,
    "端午": Occasion.DRAGON_BOAT,
    "教师节": Occasion.TEACHERS_DAY,
    "中秋": Occasion.MID_AUTUMN,
    "国庆": Occasion.NATIONAL_DAY,
    "重阳": Occasion.DOUBLE_NINTH,
    "日常": Occasion.DAILY,
}

PLACES: Labels = {
    "家中": codes.Place.HOME,
    "单位": codes.Place.WORKPLACE,
    "医院": codes.Place.HOSPITAL,
    "学校": codes.Place.SCHOOL,
    "电话": codes.Place.PHONE,
    "其他": codes.Place.OTHER,
}

DECEASED: Labels = {
    "本人": Deceased.MEMBER,
    "配偶": Deceased.SPOUSE,
    "子女": Deceased.CHILD,
    "母亲": Deceased.MOTHER,
    "父亲": Deceased.FATHER,
    "岳母或婆婆": Deceased.MOTHER_IN_LAW,
    "岳父或公公": Deceased.FATHER_IN_LAW,
    "祖父母或外祖父母": Deceased.GRANDPARENT,
    "兄弟姐妹": Deceased.SIBLING,
    "孙子女或外孙子女": Deceased.GRANDCHILD,
    "儿媳或女婿": Deceased.CHILD_IN_LAW,
}

DIRECTIONS: Labels = {"转捐": codes.DonationDirection.PASSED_ON, "收到": codes.DonationDirection.RECEIVED}

ACTIVITY_KINDS: Labels = {
    "文化": codes.ActivityKind.CULTURE,
    "体育": codes.ActivityKind.SPORT,
    "培训": codes.ActivityKind.TRAINING,
    "座谈": codes.ActivityKind.FORUM,
    "出游": codes.ActivityKind.OUTING,
    "志愿服务": codes.ActivityKind.VOLUNTEERING,
    "经验交流": codes.ActivityKind.EXCHANGE,
    "其他": codes.ActivityKind.OTHER,
}

PROGRAMMES: Labels = {"困难帮扶": "hardship", "金秋助学": "tuition"}

INSTITUTIONS: Labels = {
    "公办": codes.Institution.PUBLIC,
    "民办": codes.Institution.PRIVATE,
    "军事院校": codes.Institution.MILITARY,
    "公费师范": codes.Institution.FREE_TEACHER,
    "定向培养": codes.Institution.DIRECTED,
    "中外合作": codes.Institution.SINO_FOREIGN,
    "高收费民办": codes.Institution.PRIVATE_HIGH_FEE,
    "自费留学": codes.Institution.ABROAD,
}

PAPERS: Labels = {
    "申请表": "application",
    "身份证": "identity",
    "户口簿": "household_register",
    "核对授权书": "authorisation",
    "收入证明": "income_proof",
    "银行卡复印件": "bank_card",
    "诊断证明": "diagnosis",
    "医疗票据": "medical_bills",
    "医保结算单": "insurance_settlement",
    "残疾证": "disability_certificate",
    "事故证明": "accident_proof",
    "支出票据": "spending_bills",
    "受灾证明": "disaster_proof",
    "录取通知书或学籍证明": "enrolment",
    "缴费通知": "fee_bill",
    "失业证明": "unemployment_proof",
    "低保证": "dibao_certificate",
    "婚姻状况证明": "marital_proof",
}

NOTICE_PLACES: Labels = {
    "单位公告栏": codes.NoticePlace.UNIT_BOARD,
    "厂务公开栏": codes.NoticePlace.WORKSHOP_BOARD,
    "校务公开栏": codes.NoticePlace.SCHOOL_BOARD,
    "社区公告栏": codes.NoticePlace.COMMUNITY_BOARD,
    "单位内部网页": codes.NoticePlace.INTERNAL_PAGE,
}

METHODS: Labels = {"银行转账": codes.PaymentMethod.BANK, "现金": codes.PaymentMethod.CASH}
