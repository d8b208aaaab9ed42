"""Forms of steps are shared by several programmes."""

from workflows.code_lists import (
    FOLLOW_UP_PLACES,
    SURVEY_PLACES,
    NoticePlace,
    ObjectionOutcome,
    Observation,
    PaymentMethod,
    SurveyConclusion,
    VerificationOutcome,
)
from workflows.form_fields import FormField, Kind

LEAST_WORDS = 4
"""What words about an objection have at least."""

WHY = FormField("reason", "理由", Kind.TEXT)
REQUESTED = FormField("requested", "申请金额", Kind.MONEY)
"""The sum asked for, in the correction of an application; the answers of the programme follow."""

PHOTOS = FormField("photos", "照片", Kind.DOCUMENTS, required=False)
"""Photos of the visit that are on file; they stay as they are while the visit stands."""

VISIT = (
    FormField("on", "走访日期", Kind.DATE),
    FormField("visitors", "走访人", Kind.ACCOUNTS),
    FormField("place", "地点", Kind.CODE, choices=SURVEY_PLACES),
    FormField("conclusion", "结论", Kind.CODE, choices=tuple(SurveyConclusion)),
    FormField("gone", "不再存在的排除情形", Kind.CODES, required=False, choices=tuple(Observation)),
    FormField("story", "走访情况", Kind.TEXT, required=False),
    PHOTOS,
)
"""`gone` names the exclusions on file that the visitors no longer found; only then may they be struck out."""

FOLLOW_UP = (
    FormField("on", "回访日期", Kind.DATE),
    FormField("visitors", "回访人", Kind.ACCOUNTS),
    FormField("place", "方式", Kind.CODE, choices=FOLLOW_UP_PLACES),
    FormField(
        "conclusion",
        "结论",
        Kind.CODE,
        choices=("received", "not_received", "handed_back", "unreachable"),
    ),
    FormField("story", "回访情况", Kind.TEXT, required=False),
    PHOTOS,
)
RESURVEY = (FormField("again", "另须重做", Kind.CODES, required=False, choices=("papers", "verification")), WHY)
"""A case that returns to survey always needs a new visit; `again` names what else to repeat."""

RESURVEY_UNVERIFIED = (FormField("again", "另须重做", Kind.CODES, required=False, choices=("papers",)), WHY)
"""The same form for programmes without an economic check."""

PAPERS = (
    FormField("papers", "已核材料", Kind.CODES),
    FormField("documents", "所见的扫描件", Kind.DOCUMENTS, required=False),
)
VERIFICATION = (
    FormField("authority", "核对机构", Kind.NAME),
    FormField("request_no", "核对编号", Kind.NUMBER_TEXT),
    FormField("replied_on", "答复日期", Kind.DATE),
    FormField("outcome", "核对结果", Kind.CODE, choices=tuple(VerificationOutcome)),
    FormField("explained", "异常已说明", Kind.YES_NO, required=False),
)
AWARD = (
    FormField("award", "拟救助金额", Kind.MONEY),
    FormField("fund", "资金来源", Kind.ID),
    FormField("places", "公示地点", Kind.CODES, choices=tuple(NoticePlace)),
    FormField("method", "发放方式", Kind.CODE, required=False, choices=tuple(PaymentMethod)),
    FormField("cash_reason", "现金发放原因", Kind.CODE, required=False, choices=("no_account", "urgent", "disabled")),
    FormField("objection_met", "异议如何处理", Kind.TEXT, required=False, least=LEAST_WORDS),
)
"""`objection_met` is required after an upheld objection. The method is part of what is signed; a bank transfer where none is stated."""

_NOTICE = FormField("notice", "所指公示", Kind.ID, required=False)
OBJECTION = (
    _NOTICE,
    FormField("source", "异议渠道", Kind.CODE, choices=("written", "phone", "visit", "hotline")),
    FormField("objection", "异议内容", Kind.TEXT),
)
OBJECTION_ANSWER = (
    _NOTICE,
    FormField("outcome", "处理结果", Kind.CODE, choices=tuple(ObjectionOutcome)),
    FormField("answer", "调查情况", Kind.TEXT, least=LEAST_WORDS),
)
SIGNATURE = (
    FormField("minutes", "会议纪要文号", Kind.NAME, required=False),
    FormField("opinion", "审批意见", Kind.TEXT, required=False),
)
PAYMENT = (
    FormField("method", "发放方式", Kind.CODE, choices=tuple(PaymentMethod)),
    FormField("voucher", "凭证号", Kind.NUMBER_TEXT),
)
ADVICE = (
    FormField("advice_no", "银行回单号（现金为收据号）", Kind.NUMBER_TEXT),
    FormField("advised_on", "回单日期", Kind.DATE),
    FormField("amount", "回单金额", Kind.MONEY),
)
"""What the bank's advice says; for cash, the receipt that the family signed before the payer and a second person."""

_BANK_CODE = FormField(
    "bank_code", "退回原因", Kind.CODE, choices=("account_closed", "name_mismatch", "wrong_number", "other")
)
FAILED = (*ADVICE, _BANK_CODE)
RETURNED = (*ADVICE, _BANK_CODE, FormField("voucher", "退票凭证号", Kind.NUMBER_TEXT))
CANCELLATION = (FormField("request", "家庭书面申请或其他依据文号", Kind.NAME, required=False), WHY)
"""After a payment attempt an award is cancelled only on paper: `request` is then required."""

RECEIPT = (
    FormField("evidence", "签收凭据", Kind.CODE, choices=("signature", "sms", "call_back", "bank_slip", "proxy")),
)
RECALL = (
    FormField("amount", "追回金额", Kind.MONEY),
    FormField("ground", "追回事由", Kind.CODE, choices=("false_statement", "not_eligible", "paid_in_error", "death")),
    WHY,
)
RECOVERY = (*ADVICE, FormField("voucher", "入账凭证号", Kind.NUMBER_TEXT))
WRITE_OFF = (FormField("minutes", "核销决定文号", Kind.NAME), WHY)
HOLD = (
    FormField("until", "暂停至", Kind.DATE),
    FormField("ground", "暂停事由", Kind.CODE, choices=("query", "verification", "death_reported", "family_wish")),
    WHY,
)
