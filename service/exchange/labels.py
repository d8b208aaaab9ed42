"""The office's own words in spreadsheets, and the codes they stand for; older forms' words are understood too."""

from collections.abc import Mapping

Labels = Mapping[str, str]

UNIT_KINDS: Labels = {
    "全国": "national",
    "省级": "province",
    "市级": "city",
    "县级": "county",
    "产业系统": "industry",
    "基层": "grass_roots",
}

ROLES: Labels = {
    "经办人": "registrar",
    "走访人": "visitor",
    "核对员": "verifier",
    "审核人": "reviewer",
    "审批人": "approver",
    "出纳": "cashier",
    "经审员": "auditor",
    "系统管理员": "admin",
}

SOURCES: Labels = {
    "中央财政": "CEN",
    "省级财政": "PRV",
    "市级财政": "CTY",
    "县级财政": "CNT",
    "上级工会补助": "UPS",
    "本级工会经费": "OWN",
    "行政补助": "ADM",
    "社会捐助": "DON-S",
    "职工捐款": "DON-W",
    "民政资金": "CIV",
    "利息": "INT",
    "其他": "OTH",
}

ITEMS: Labels = {
    "生活救助": "LIV",
    "医疗救助": "MED",
    "助学": "EDU",
    "意外救助": "ACC",
    "临时救助": "TMP",
    "送温暖慰问": "SWN",
    "会员慰问": "CON",
    "住房救助": "HOU",
    "实物": "KIND",
    "法律援助": "LEG",
    "职业培训": "TRN",
    "职业介绍": "JOB",
}

FILE_KINDS: Labels = {"困难职工家庭": "worker", "结对农户": "rural_paired"}

IDENTITIES: Labels = {
    "在岗": "on_post",
    "下岗": "laid_off",
    "待岗": "laid_off",
    "失业": "unemployed",
    "退休": "retired",
    "病休": "sick_leave",
    "农民工": "migrant",
    "新就业形态": "new_form",
    "农村居民": "rural",
}

CATEGORIES: Labels = {
    "深度困难": "deep",
    "相对困难": "relative",
    "意外致困": "sudden",
    "低保户": "deep",
    "低保边缘户": "relative",
    "意外致困户": "sudden",
    "享受低保": "deep",
    "未享受低保": "deep",
    "低保线以上": "relative",
    "特困": "deep",
    "重困": "relative",
    "一般困难": "relative",
}
"""All four vocabularies of domain/0, fact 6; what a decision rests on is the sum, not this word."""

CAUSES: Labels = {
    "大病": "illness",
    "残疾": "disability",
    "意外": "accident",
    "自然灾害": "disaster",
    "子女上学": "schooling",
    "下岗失业": "unemployed",
    "收入低": "low_income",
    "单亲": "single_parent",
    "其他": "other",
}

OBSERVED: Labels = {
    "有两套以上住房": "two_homes",
    "有机动车": "vehicle",
    "有店面或雇工经营": "shop",
    "是企业股东或实际控制人": "company",
    "子女就读高收费学校": "private_school",
    "子女自费出国留学": "study_abroad",
    "不配合调查": "uncooperative",
    "提供虚假材料": "false_papers",
    "无正当理由拒绝就业": "idle_refusal",
}

EVENTS: Labels = {
    "自然灾害": "disaster",
    "重大事故": "major_accident",
    "疫情": "epidemic",
    "公共安全事件": "public_safety",
    "重大疾病": "catastrophic_illness",
    "住房损毁": "home_destroyed",
}

RELATIONS: Labels = {
    "户主": "head",
    "配偶": "spouse",
    "子": "child",
    "女": "child",
    "子女": "child",
    "父": "parent",
    "母": "parent",
    "父母": "parent",
    "其他": "other",
}

KIN: Labels = {"配偶": "spouse", "子女": "child", "父母": "parent", "兄弟姐妹": "sibling", "其他": "other"}

STAGES: Labels = {
    "学前": "preschool",
    "义务教育": "compulsory",
    "高中": "senior",
    "中职": "vocational",
    "大专": "junior_college",
    "本科": "bachelor",
    "硕士": "master",
    "博士": "doctor",
}

SIDES: Labels = {"收入": "income", "支出": "spending", "资产": "asset"}

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
    "节日慰问": "festival",
    "困难走访": "hardship",
    "吊唁": "bereavement",
    "结对走访": "pairing",
    "退休慰问": "retired",
}

OCCASIONS: Labels = {
    "元旦": "new_year",
    "春节": "spring_festival",
    "三八节": "womens_day",
    "五一": "labour_day",
    "端午": "dragon_boat",
    "教师节": "teachers_day",
    "中秋": "mid_autumn",
    "国庆": "national_day",
    "重阳": "double_ninth",
    "日常": "daily",
}

PLACES: Labels = {
    "家中": "home",
    "单位": "workplace",
    "医院": "hospital",
    "学校": "school",
    "电话": "phone",
    "其他": "other",
}

DECEASED: Labels = {
    "本人": "member",
    "配偶": "spouse",
    "子女": "child",
    "母亲": "mother",
    "父亲": "father",
    "岳母或婆婆": "mother_in_law",
    "岳父或公公": "father_in_law",
}

DIRECTIONS: Labels = {"转捐": "passed_on", "收到": "received"}

ACTIVITY_KINDS: Labels = {
    "文化": "culture",
    "体育": "sport",
    "培训": "training",
    "座谈": "forum",
    "出游": "outing",
    "志愿服务": "volunteering",
    "经验交流": "exchange",
    "其他": "other",
}

PROGRAMMES: Labels = {"困难帮扶": "hardship", "金秋助学": "tuition"}

INSTITUTIONS: Labels = {
    "公办": "public",
    "民办": "private",
    "军事院校": "military",
    "公费师范": "free_teacher",
    "定向培养": "directed",
    "中外合作": "sino_foreign",
    "高收费民办": "private_high_fee",
    "自费留学": "abroad",
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
    "单位公告栏": "unit_board",
    "厂务公开栏": "workshop_board",
    "社区公告栏": "community_board",
    "校务公开栏": "school_board",
}

METHODS: Labels = {"银行转账": "bank", "现金": "cash"}

STORIES: Labels = {
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
