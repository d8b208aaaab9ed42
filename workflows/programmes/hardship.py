"""困难帮扶 hardship relief gives living, medical, accident and temporary aid to a worker's household."""

from workflows.code_lists import HARDSHIP_ITEMS
from workflows.form_fields import FormField, Kind
from workflows.programme import SAME, Awaited, DaysAre, Programme, Proof, State, Step
from workflows.programmes.forms import (
    ADVICE,
    AWARD,
    CANCELLATION,
    FAILED,
    FOLLOW_UP,
    HOLD,
    OBJECTION,
    OBJECTION_ANSWER,
    PAPERS,
    PAYMENT,
    RECALL,
    RECEIPT,
    RECOVERY,
    REQUESTED,
    RESURVEY,
    RETURNED,
    SIGNATURE,
    VERIFICATION,
    VISIT,
    WHY,
    WRITE_OFF,
)
from workflows.programmes.step_groups import (
    ANSWERABLE,
    ARRIVED,
    AS_STATED,
    BANK_SAYS,
    CALLERS,
    CANCELLABLE,
    CONFIRMERS,
    FINAL,
    HIGHER,
    NOTICE_OVER,
    PART_BACK,
    PAYABLE,
    RECALL_DECIDED,
    REST_BACK,
    REVIEWABLE,
    SCANNED,
    SURVEYED,
    SURVEYORS,
    WITHDRAWABLE,
    WRITE_OFF_DECIDED,
    arrive,
    bounce,
    call_back,
    come_back,
    commit,
    recover_part,
    recover_rest,
    release,
    send,
    write_off,
)
from workflows.rules.application import amount_positive, no_other_open_case
from workflows.rules.evidence import check_still_holds, finances_recent, visit_names_me
from workflows.rules.identity import beneficiary_identified, payee_identified
from workflows.rules.means_test import (
    award_positive,
    beneficiary_stays,
    category_as_shown,
    filed,
    finances_on_file,
    fund_for_category,
    items_allowed,
    line_known,
    no_exclusion,
    not_repeated,
    self_paid_as_surveyed,
    within_cap,
    within_income_test,
    within_requested,
)
from workflows.rules.payment import (
    cash_explained,
    followed_up,
    fund_allows,
    fund_can_bear,
    fund_open_at_decision,
    fund_open_to_unit,
    payee_in_family,
)
from workflows.rules.public_notice import notice_can_end, this_notice
from workflows.rules.survey import (
    checked_again,
    consent_given,
    papers_complete,
    reply_already,
    surveyed_by_two,
    verified,
)
from workflows.rules.suspension import held, hold_has_an_end
from workflows.vocabulary import Duty, Phase, Record, Role

OPENING = (amount_positive,)
CORRECTABLE = (*OPENING, no_other_open_case)
MEANS = (finances_on_file, finances_recent, line_known, within_income_test, no_exclusion)
SURVEYS = (surveyed_by_two, papers_complete, verified, check_still_holds, self_paid_as_surveyed)
SAME_HELP = (not_repeated, items_allowed, within_requested, within_cap, award_positive)
ELIGIBLE = (filed, beneficiary_stays, beneficiary_identified, consent_given, *SURVEYS, *MEANS, *SAME_HELP)
FUNDED = (
    fund_open_to_unit,
    fund_allows,
    fund_open_at_decision,
    fund_for_category,
    fund_can_bear,
    payee_in_family,
    payee_identified,
    cash_explained,
)
# Checked again at the decision: other aid granted since the review counts as income (docs/domain/glossary.md fact 7).
AID_LIMITS = (fund_for_category, self_paid_as_surveyed, not_repeated, items_allowed, within_cap)
DECIDED = (
    *FINAL,
    filed,
    beneficiary_stays,
    beneficiary_identified,
    payee_identified,
    *MEANS,
    category_as_shown,
    *AID_LIMITS,
)

OPEN = ("draft", "survey", "verification", "review", "notice", "approval", "payment", "receipt", "follow_up")
BEFORE_MONEY = ("draft", "survey", "verification", "review", "notice", "approval")
FIELDWORK = ("draft", "survey", "verification", "review")
PAID = ("receipt", "follow_up", "closed", "recovered", "written_off")

ANSWERS = (
    FormField("cause_text", "致困情况", Kind.TEXT, required=False),
    FormField("self_paid", "自付医疗费用", Kind.MONEY, required=False),
)
ITEM = FormField("item", "救助项目", Kind.CODE, required=False, choices=tuple(HARDSHIP_ITEMS))
CORRECTION = (REQUESTED, ITEM, *ANSWERS)

STATES = (
    State("draft", Phase.SURVEY, "待提交", "准备申请", "draft_days"),
    State("survey", Phase.SURVEY, "入户调查", "等待走访", "survey_days"),
    State("verification", Phase.SURVEY, "经济状况核对", "核对中", "verification_days"),
    State("review", Phase.APPROVAL, "审核", "审核中", "review_days"),
    State("notice", Phase.APPROVAL, "公示", "公示中", "notice_answer_days"),
    State("approval", Phase.APPROVAL, "待审批", "审批中", "approval_days"),
    State("payment", Phase.DISBURSEMENT, "待发放", "等待发放", "payment_days"),
    State("transit", Phase.DISBURSEMENT, "在途，待银行回单", "款项发放中", "transit_days"),
    State("returning", Phase.DISBURSEMENT, "退款在途，待确认", "等待重新发放", "transit_days"),
    State("receipt", Phase.DISBURSEMENT, "待签收", "请确认收款", "receipt_days"),
    State("follow_up", Phase.FOLLOW_UP, "待回访", "等待回访", "follow_up_days", DaysAre.CALENDAR),
    State("recalling", Phase.FOLLOW_UP, "追回中", "需退回款项", "recall_days", DaysAre.CALENDAR),
    State("part_stated", Phase.FOLLOW_UP, "部分收回，待确认", "需退回款项", "transit_days"),
    State("rest_stated", Phase.FOLLOW_UP, "全部收回，待确认", "需退回款项", "transit_days"),
    State("closed", Phase.ENDED, "已办结", "已办结"),
    State("declined", Phase.ENDED, "不予救助", "未获批准"),
    State("withdrawn", Phase.ENDED, "已撤回", "已撤回"),
    State("recovered", Phase.ENDED, "已追回", "已退回"),
    State("written_off", Phase.ENDED, "已核销", "已了结"),
)

# fmt: off
HARDSHIP = Programme(
    key="hardship", title="困难帮扶", start="draft", items=HARDSHIP_ITEMS, answers=ANSWERS, states=STATES,
    opening=OPENING,
    steps=(
        #    action               from             to              who              must hold              money         notification             duty                  record                    form
        Step("submit",            "draft",         "survey",       Role.REGISTRAR,  (consent_given,),      None,         None,              Duty.REGISTRAR,       None,                     (),               "提交"),
        Step("add_papers",        FIELDWORK,       SAME,           (Role.REGISTRAR, Role.VISITOR), SCANNED, None,         None,              Duty.FILER,                 Record.PAPERS,            PAPERS,           "登记材料", awaited=Awaited.NEVER),
        Step("record_visit",      "survey",        SAME,           Role.VISITOR,    SURVEYORS,             None,         None,              Duty.VISITOR,         Record.VISIT,             VISIT,            "记录入户调查"),
        Step("confirm_visit",     "survey",        SAME,           Role.VISITOR,    (visit_names_me,),     None,         None,              Duty.VISITOR,         Record.VISIT_CONFIRMED,   (),               "确认参加走访", awaited=Awaited.NEVER),
        Step("finish_survey",     "survey",        "verification", (Role.REGISTRAR, Role.VISITOR), SURVEYED, None, None,          None,                 None,                     (),               "完成调查", awaited=Awaited.VISITED),
        Step("record_check",      "verification",  "review",       Role.VERIFIER,   (reply_already, checked_again), None,      None,              Duty.VERIFIER,        Record.VERIFICATION,      VERIFICATION,     "记录核对结果"),
        Step("return_to_draft",   "review",        "draft",        Role.REVIEWER,   (),                    None,         "returned",        Duty.REVIEWER,        None,                     (WHY,),           "退回补正", awaited=Awaited.NEVER),
        Step("correct_application", "draft",       SAME,           Role.REGISTRAR,  CORRECTABLE,           None,         None,              Duty.REGISTRAR,       Record.CORRECTION,        CORRECTION,       "更正申请", awaited=Awaited.NEVER),
        Step("return_to_survey",  "review",        "survey",       Role.REVIEWER,   (),                    None,         None,              Duty.REVIEWER,        Record.RESURVEY,          RESURVEY,         "退回重新调查", awaited=Awaited.NEVER),
        Step("pass_review",       "review",        "notice",       Role.REVIEWER,   (*ELIGIBLE, *FUNDED, notice_can_end, *REVIEWABLE), None,         "notice_posted",   Duty.REVIEWER,        Record.AWARD,             AWARD,            "审核通过并公示"),
        Step("object",            "notice",        SAME,           Role.REGISTRAR,  (this_notice,),        None,         "objection_raised", None,                Record.OBJECTION,         OBJECTION,        "登记异议", awaited=Awaited.NEVER),
        Step("answer_objection",  "notice",        SAME,           Role.REVIEWER,   ANSWERABLE,            None,         "objection_answered", Duty.REVIEWER,        Record.OBJECTION_ANSWER,  OBJECTION_ANSWER, "答复异议", awaited=Awaited.OBJECTION_OPEN),
        Step("end_notice",        "notice",        "approval",     Role.CLOCK,      NOTICE_OVER,           None,         "approval_due",    None,                 Record.NOTICE_END,        (),               "公示期满"),
        Step("return_to_review",  ("notice", "approval"), "review", (Role.REVIEWER, Role.APPROVER), (),    None,         None,              None,                 Record.VOID_APPROVALS,    (WHY,),           "退回审核", awaited=Awaited.OBJECTION_UPHELD),
        Step("endorse",           "approval",      SAME,           Role.APPROVER,   HIGHER,                None,         "approval_due",    Duty.APPROVER,        Record.APPROVAL,          SIGNATURE,        "同意并报上级", proof=Proof.FRESH),
        Step("approve",           "approval",      "payment",      Role.APPROVER,   DECIDED,               commit,       "approved",        Duty.APPROVER,        Record.APPROVAL,          SIGNATURE,        "批准", proof=Proof.FRESH),
        Step("decline",           "review",        "declined",     Role.REVIEWER,   (),                    None,         "declined",        Duty.REVIEWER,        None,                     (WHY,),           "不予救助", awaited=Awaited.NEVER),
        Step("decline",           "approval",      "declined",     Role.APPROVER,   (),                    None,         "declined",        Duty.APPROVER,        Record.VOID_APPROVALS,    (WHY,),           "不予批准", awaited=Awaited.NEVER),
        Step("pay",               "payment",       "transit",      Role.CASHIER,    PAYABLE,               send,         "advice_due",      Duty.PAYER,           Record.PAYMENT,           PAYMENT,          "发放", proof=Proof.FRESH),
        Step("confirm_payment",   "transit",       "receipt",      CONFIRMERS,      ARRIVED,               arrive,       "paid",            Duty.PAYMENT_CONFIRMER, Record.PAYMENT_CONFIRMED, ADVICE,         "确认到账", second_of="pay", proof=Proof.FRESH),
        Step("payment_failed",    "transit",       "payment",      CONFIRMERS,      BANK_SAYS,             bounce,       "payment_returned", Duty.PAYMENT_CONFIRMER, Record.PAYMENT_FAILED,  FAILED,           "登记发放失败", second_of="pay", awaited=Awaited.NEVER),
        Step("cancel_award",      "payment",       "review",       Role.APPROVER,   CANCELLABLE,           release,      None,              None,                 Record.VOID_APPROVALS,    CANCELLATION,     "撤销批准", awaited=Awaited.NEVER),
        Step("payment_returned",  "receipt",       "returning",    Role.CASHIER,    BANK_SAYS,             come_back,    "advice_due",      Duty.PAYER,           Record.PAYMENT_RETURNED,  RETURNED,         "银行退回", awaited=Awaited.NEVER),
        Step("confirm_return",    "returning",     "payment",      CONFIRMERS,      AS_STATED,             bounce,       "payment_returned", Duty.PAYMENT_CONFIRMER, Record.RETURN_CONFIRMED, ADVICE,         "确认退回", second_of="payment_returned", proof=Proof.FRESH),
        Step("reject_return",     "returning",     "receipt",      CONFIRMERS,      (),                    arrive,       None,              Duty.PAYMENT_CONFIRMER, Record.RETURN_REJECTED, (WHY,),           "退回不属实", second_of="payment_returned", awaited=Awaited.NEVER),
        Step("confirm_receipt",   "receipt",       "follow_up",    Role.REGISTRAR,  (),                    None,         None,              Duty.RECEIPT_WITNESS, Record.RECEIPT,           RECEIPT,          "确认签收"),
        Step("record_follow_up",  "follow_up",     SAME,           Role.VISITOR,    CALLERS,               None,         None,              Duty.FOLLOWER,        Record.VISIT,             FOLLOW_UP,        "记录回访", awaited=Awaited.NOT_FOLLOWED_UP),
        Step("close",             "follow_up",     "closed",       Role.REGISTRAR,  (followed_up,),        None,         None,              None,                 None,                     (),               "办结", awaited=Awaited.FOLLOWED_UP),
        Step("withdraw",          BEFORE_MONEY,    "withdrawn",    Role.REGISTRAR,  (),                    None,         "withdrawn",       None,                 Record.VOID_APPROVALS,    (WHY,),           "撤回申请", True, awaited=Awaited.NEVER),
        Step("withdraw",          "payment",       "withdrawn",    Role.REGISTRAR,  WITHDRAWABLE,          release,      "withdrawn",       None,                 Record.VOID_APPROVALS,    (WHY,),           "撤回申请", True, awaited=Awaited.NEVER),
        Step("suspend",           OPEN,            SAME,           (Role.REVIEWER, Role.APPROVER), (hold_has_an_end,), None, None, None,               Record.HOLD,              HOLD,             "暂停", awaited=Awaited.NEVER),
        Step("resume",            OPEN,            SAME,           (Role.REVIEWER, Role.APPROVER), (held,), None,       None,              None,                 Record.RESUME,            (WHY,),           "恢复", True, awaited=Awaited.HOLD_OVER),
        Step("recall",            PAID,            "recalling",    Role.APPROVER,   RECALL_DECIDED,        call_back,    "recall",          None,                 Record.RECALL,            RECALL,           "决定追回", awaited=Awaited.NEVER, proof=Proof.FRESH),
        Step("recover_part",      "recalling",     "part_stated",  Role.CASHIER,    PART_BACK,             None,         "advice_due",      Duty.PAYER,           Record.RECOVERY,          RECOVERY,         "部分收回", awaited=Awaited.NEVER),
        Step("recover",           "recalling",     "rest_stated",  Role.CASHIER,    REST_BACK,             None,         "advice_due",      Duty.PAYER,           Record.RECOVERY,          RECOVERY,         "全部收回"),
        Step("confirm_recovery",  "part_stated",   "recalling",    CONFIRMERS,      AS_STATED,             recover_part, None,              Duty.PAYMENT_CONFIRMER, Record.RECOVERY_CONFIRMED, ADVICE,       "确认部分收回", second_of="recover_part", proof=Proof.FRESH),
        Step("confirm_recovery",  "rest_stated",   "recovered",    CONFIRMERS,      AS_STATED,             recover_rest, "recovered",       Duty.PAYMENT_CONFIRMER, Record.RECOVERY_CONFIRMED, ADVICE,       "确认全部收回", second_of="recover", proof=Proof.FRESH),
        Step("reject_recovery",   "part_stated",   "recalling",    CONFIRMERS,      (),                    None,         None,              Duty.PAYMENT_CONFIRMER, Record.RECOVERY_REJECTED, (WHY,),        "收回不属实", second_of="recover_part", awaited=Awaited.NEVER),
        Step("reject_recovery",   "rest_stated",   "recalling",    CONFIRMERS,      (),                    None,         None,              Duty.PAYMENT_CONFIRMER, Record.RECOVERY_REJECTED, (WHY,),        "收回不属实", second_of="recover", awaited=Awaited.NEVER),
        Step("write_off",         "recalling",     "written_off",  Role.APPROVER,   WRITE_OFF_DECIDED,     write_off,    None,              None,                 None,                     WRITE_OFF,        "核销", awaited=Awaited.NEVER, proof=Proof.FRESH),
    ),
)
# fmt: on
