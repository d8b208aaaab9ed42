"""The forms that steps of several programmes ask people to fill in."""

from workflows.code_lists import (
    FOLLOW_UP_PLACES,
    SURVEY_PLACES,
    ObjectionOutcome,
    PaymentMethod,
    SurveyConclusion,
    VerificationOutcome,
)
from workflows.questions import Kind, Question

WHY = Question("reason", "理由", Kind.TEXT)
VISIT = (
    Question("on", "走访日期", Kind.DATE),
    Question("visitors", "走访人", Kind.ACCOUNTS),
    Question("place", "地点", Kind.CODE, choices=SURVEY_PLACES),
    Question("conclusion", "结论", Kind.CODE, choices=tuple(SurveyConclusion)),
    Question("story", "走访情况", Kind.TEXT, required=False),
)
FOLLOW_UP = (
    Question("on", "回访日期", Kind.DATE),
    Question("visitors", "回访人", Kind.ACCOUNTS),
    Question("place", "方式", Kind.CODE, choices=FOLLOW_UP_PLACES),
    Question(
        "conclusion",
        "结论",
        Kind.CODE,
        choices=("received", "not_received", "handed_back", "unreachable"),
    ),
    Question("story", "回访情况", Kind.TEXT, required=False),
)
RESURVEY = (Question("again", "另须重做", Kind.CODES, required=False, choices=("papers", "verification")), WHY)
"""A case sent back is visited anew in any case; the reviewer names what else."""

RESURVEY_UNVERIFIED = (Question("again", "另须重做", Kind.CODES, required=False, choices=("papers",)), WHY)
"""The same where no economic check is made."""

PAPERS = (Question("papers", "已核材料", Kind.CODES),)
VERIFICATION = (
    Question("authority", "核对机构", Kind.NAME),
    Question("request_no", "核对编号", Kind.CODE),
    Question("replied_on", "答复日期", Kind.DATE),
    Question("outcome", "核对结果", Kind.CODE, choices=tuple(VerificationOutcome)),
    Question("explained", "异常已说明", Kind.YES_NO, required=False),
)
AWARD = (
    Question("award", "拟救助金额", Kind.MONEY),
    Question("fund", "资金来源", Kind.ID),
    Question("places", "公示地点", Kind.CODES),
)
_WHICH = Question("notice", "所指公示", Kind.ID, required=False)
OBJECTION = (
    _WHICH,
    Question("source", "异议渠道", Kind.CODE, choices=("written", "phone", "visit", "hotline")),
    Question("objection", "异议内容", Kind.TEXT),
)
OBJECTION_ANSWER = (
    _WHICH,
    Question("outcome", "处理结果", Kind.CODE, choices=tuple(ObjectionOutcome)),
    Question("answer", "调查情况", Kind.TEXT),
)
SIGNATURE = (
    Question("minutes", "会议纪要文号", Kind.NAME, required=False),
    Question("opinion", "审批意见", Kind.TEXT, required=False),
)
PAYMENT = (
    Question("method", "发放方式", Kind.CODE, choices=tuple(PaymentMethod)),
    Question("voucher", "凭证号", Kind.CODE),
    Question("cash_reason", "现金发放原因", Kind.CODE, required=False, choices=("no_account", "urgent", "disabled")),
)
RETURNED = (
    Question("bank_code", "退回原因", Kind.CODE, choices=("account_closed", "name_mismatch", "wrong_number", "other")),
    Question("voucher", "退票凭证号", Kind.CODE),
)
RECEIPT = (
    Question("evidence", "签收凭据", Kind.CODE, choices=("signature", "sms", "call_back", "bank_slip", "proxy")),
)
RECALL = (
    Question("ground", "追回事由", Kind.CODE, choices=("false_statement", "not_eligible", "paid_in_error", "death")),
    WHY,
)
PART = (Question("amount", "收回金额", Kind.MONEY), Question("voucher", "入账凭证号", Kind.CODE))
REST = (Question("voucher", "入账凭证号", Kind.CODE),)
WRITE_OFF = (Question("minutes", "核销决定文号", Kind.NAME), WHY)
HOLD = (
    Question("until", "暂停至", Kind.DATE),
    Question("ground", "暂停事由", Kind.CODE, choices=("query", "verification", "death_reported", "family_wish")),
    WHY,
)
