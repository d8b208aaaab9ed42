"""互助保障 mutual protection: a small fictitious programme that consists of one file."""

from workflows.form_fields import FormField, Kind
from workflows.programme import SAME, DaysAre, Programme, State, Step
from workflows.programmes.forms import ADVICE, AWARD, PAYMENT, SIGNATURE, WHY
from workflows.programmes.step_groups import ARRIVED, CONFIRMERS, FINAL, NOTICE_OVER, PAYABLE, arrive, commit, send
from workflows.rules.means_test import award_positive, within_requested
from workflows.rules.payment import fund_allows, fund_can_bear, payee_known
from workflows.vocabulary import Duty, Phase, Record, Role

FUNDED = (within_requested, award_positive, fund_allows, fund_can_bear, payee_known)
ANSWERS = (
    FormField("hospital_days", "住院天数", Kind.NUMBER),
    FormField("hospital", "医院", Kind.NAME, required=False),
)
STATES = (
    State("claim", Phase.SURVEY, "申领", "准备申领", "draft_days"),
    State("posted", Phase.APPROVAL, "公示", "公示中", "notice_answer_days"),
    State("sign", Phase.APPROVAL, "签批", "签批中", "approval_days"),
    State("desk", Phase.DISBURSEMENT, "待付", "等待付款", "payment_days", DaysAre.CALENDAR),
    State("sent", Phase.DISBURSEMENT, "在途", "付款中", "transit_days"),
    State("done", Phase.ENDED, "已付", "已付"),
    State("refused", Phase.ENDED, "不予受理", "未获批准"),
)

# fmt: off
MUTUAL = Programme(
    key="mutual", title="互助保障（示例）", start="claim", items=("MED",), answers=ANSWERS, states=STATES,
    steps=(
        Step("post",       "claim",  "posted",  Role.REVIEWER, FUNDED,      None,   "notice_posted", Duty.REVIEWER, Record.AWARD,      AWARD,     "公示"),
        Step("take_down",  "posted", "sign",    Role.CLOCK,    NOTICE_OVER, None,   "approval_due",  None,          Record.NOTICE_END, (),        "公示期满"),
        Step("sign",       "sign",   "desk",    Role.APPROVER, FINAL,       commit, "approved",      Duty.APPROVER, Record.APPROVAL,   SIGNATURE, "签批"),
        Step("hand_out",   "desk",   "sent",    Role.CASHIER,  PAYABLE,     send,   "advice_due",    Duty.PAYER,    Record.PAYMENT,    PAYMENT,   "付款"),
        Step("arrive",     "sent",   "done",    CONFIRMERS,    ARRIVED,     arrive, "paid",          Duty.PAYMENT_CONFIRMER, Record.PAYMENT_CONFIRMED, ADVICE, "到账", second_of="hand_out"),
        Step("remind",     "sign",   SAME,      Role.REGISTRAR, (),         None,   "approval_due",  None,          None,              (),        "催办"),
        Step("refuse",     "claim",  "refused", Role.REVIEWER, (),          None,   "declined",      Duty.REVIEWER, None,              (WHY,),    "不予受理"),
    ),
)
# fmt: on
