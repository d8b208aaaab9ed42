"""The expected effect of each row of both programmes, for a valid case."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.workflows.rule_input_builders import AWARD, OBJECTED, PEOPLE, POSTED, SURVEY, done_before, rule_input
from workflows.facts import RuleInput
from workflows.programme import Programme
from workflows.programmes.hardship import HARDSHIP
from workflows.programmes.tuition import TUITION
from workflows.state_machine import Posting
from workflows.vocabulary import Duty, Fen, Pot


@dataclass(frozen=True, slots=True)
class Happy:
    """One valid action from one state: its actor, its target, and the expected effects."""

    action: str
    source: str
    by: str
    target: str
    due: str | None = None
    moved: tuple[Posting, ...] = ()
    duty: Duty | None = None
    notification: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, object] = field(default_factory=dict)

    def rule_input(self, programme: Programme, **changed: Any) -> RuleInput:
        """Return the rule input that passes, with the changes of a test."""
        changed = {**self.facts, **changed}
        changed["answers"] = {**self.form, **changed.get("answers", {})}
        return rule_input(self.source, changed.pop("by", self.by), programme=programme, **changed)


def moved(source: Pot, target: Pot, fen: int = AWARD) -> tuple[Posting, ...]:
    return (Posting(source, target, Fen(fen)),)


ONE_OBJECTION: dict[str, Any] = {"notice": replace(POSTED, open_objections=1), "objections": (OBJECTED,)}
UNCONFIRMED: dict[str, Any] = {"visits": (replace(SURVEY, confirmed=frozenset({PEOPLE["visitor"]})),)}
UNSIGNED: dict[str, Any] = {"approvals": (), "duties": done_before("notice", HARDSHIP)}
HELD: dict[str, Any] = {"held": True}

SCHOOLING = {"school_year": "2025", "stage": "bachelor", "institution_kind": "public"}

COMMITTED = moved(Pot.AVAILABLE, Pot.COMMITTED)
RELEASED = moved(Pot.COMMITTED, Pot.AVAILABLE)
SENT = moved(Pot.COMMITTED, Pot.IN_TRANSIT)
ARRIVED = moved(Pot.IN_TRANSIT, Pot.PAID)
BOUNCED = moved(Pot.IN_TRANSIT, Pot.COMMITTED)
COMES_BACK = moved(Pot.PAID, Pot.IN_TRANSIT)
CALLED_BACK = moved(Pot.PAID, Pot.RECOVERING)

# fmt: off
_OF_BOTH = (
    #     action              from          by            to            due           money        duty                  notification
    Happy("submit",           "draft",      "registrar",  "survey",     "2025-09-15", (),          Duty.REGISTRAR),
    Happy("add_papers",       "draft",      "registrar",  "draft",      duty=Duty.FILER),
    Happy("add_papers",       "survey",     "visitor",    "survey", duty=Duty.FILER),
    Happy("add_papers",       "review",     "registrar",  "review", duty=Duty.FILER),
    Happy("record_visit",     "survey",     "visitor",    "survey",     None,         (),          Duty.VISITOR),
    Happy("confirm_visit",    "survey",     "visitor_2",  "survey",     None,         (),          Duty.VISITOR,         None, UNCONFIRMED),
    Happy("return_to_draft",  "review",     "reviewer",   "draft",      "2025-11-03", (),          Duty.REVIEWER,        "returned"),
    Happy("return_to_survey", "review",     "reviewer",   "survey",     "2025-10-20", (),          Duty.REVIEWER),
    Happy("pass_review",      "review",     "reviewer",   "notice",     "2025-10-27", (),          Duty.REVIEWER,        "notice_posted"),
    Happy("object",           "notice",     "registrar",  "notice",     None,         (),          None,                 "objection_raised"),
    Happy("answer_objection", "notice",     "reviewer_2", "notice",     None,         (),          Duty.REVIEWER,        "objection_answered", ONE_OBJECTION),
    Happy("end_notice",       "notice",     "clock",      "approval",   "2025-10-28", (),          None,                 "approval_due"),
    Happy("return_to_review", "notice",     "reviewer",   "review",     "2025-10-28"),
    Happy("return_to_review", "approval",   "approver_3", "review",     "2025-10-29"),
    Happy("endorse",          "approval",   "approver",   "approval",   None,         (),          Duty.APPROVER_1,      "approval_due", UNSIGNED),
    Happy("approve",          "approval",   "approver_2", "payment",    "2025-10-29", COMMITTED,   Duty.APPROVER_2,      "approved"),
    Happy("decline",          "review",     "reviewer",   "declined",   None,         (),          Duty.REVIEWER,        "declined"),
    Happy("decline",          "approval",   "approver_2", "declined",   None,         (),          Duty.APPROVER_2,      "declined"),
    Happy("pay",              "payment",    "cashier",    "transit",    "2025-10-23", SENT,        Duty.PAYER,           "advice_due"),
    Happy("confirm_payment",  "transit",    "cashier_2",  "receipt",    "2025-11-04", ARRIVED,     Duty.PAYMENT_CONFIRMER, "paid"),
    Happy("payment_failed",   "transit",    "cashier_2",  "payment",    "2025-11-04", BOUNCED,     Duty.PAYMENT_CONFIRMER, "payment_returned"),
    Happy("cancel_award",     "payment",    "approver",   "review",     "2025-11-03", RELEASED),
    Happy("payment_returned", "receipt",    "cashier",    "returning",  "2025-10-27", COMES_BACK,  Duty.PAYER,           "advice_due"),
    Happy("confirm_return",   "returning",  "cashier_2",  "payment",    "2025-11-06", BOUNCED,     Duty.PAYMENT_CONFIRMER, "payment_returned"),
    Happy("reject_return",    "returning",  "cashier_2",  "receipt",    "2025-11-06", ARRIVED,     Duty.PAYMENT_CONFIRMER),
    Happy("confirm_receipt",  "receipt",    "registrar",  "follow_up",  "2026-01-20", (),          Duty.RECEIPT_WITNESS),
    Happy("record_follow_up", "follow_up",  "follower",   "follow_up",  None,         (),          Duty.FOLLOWER),
    Happy("close",            "follow_up",  "registrar",  "closed"),
    Happy("withdraw",         "draft",      "registrar",  "withdrawn",  None,         (),          None,                 "withdrawn"),
    Happy("withdraw",         "survey",     "registrar",  "withdrawn",  None,         (),          None,                 "withdrawn", HELD),
    Happy("withdraw",         "review",     "registrar",  "withdrawn",  None,         (),          None,                 "withdrawn"),
    Happy("withdraw",         "notice",     "registrar",  "withdrawn",  None,         (),          None,                 "withdrawn"),
    Happy("withdraw",         "approval",   "registrar",  "withdrawn",  None,         (),          None,                 "withdrawn"),
    Happy("withdraw",         "payment",    "registrar",  "withdrawn",  None,         RELEASED,    None,                 "withdrawn"),
    Happy("suspend",          "draft",      "reviewer",   "draft"),
    Happy("suspend",          "survey",     "reviewer",   "survey"),
    Happy("suspend",          "review",     "reviewer",   "review"),
    Happy("suspend",          "notice",     "reviewer",   "notice"),
    Happy("suspend",          "approval",   "approver",   "approval"),
    Happy("suspend",          "payment",    "approver",   "payment"),
    Happy("suspend",          "receipt",    "approver",   "receipt"),
    Happy("suspend",          "follow_up",  "approver",   "follow_up"),
    Happy("resume",           "draft",      "reviewer",   "draft",      "2025-09-28", facts=HELD),
    Happy("resume",           "survey",     "reviewer",   "survey",     "2025-09-22", facts=HELD),
    Happy("resume",           "review",     "reviewer",   "review",     "2025-10-20", facts=HELD),
    Happy("resume",           "notice",     "reviewer",   "notice",     "2025-11-04", facts=HELD),
    Happy("resume",           "approval",   "approver",   "approval",   "2025-10-29", facts=HELD),
    Happy("resume",           "payment",    "approver",   "payment",    "2025-11-03", facts=HELD),
    Happy("resume",           "receipt",    "approver",   "receipt",    "2025-11-05", facts=HELD),
    Happy("resume",           "follow_up",  "approver",   "follow_up",  "2026-02-18", facts=HELD),
    Happy("recall",           "receipt",    "approver",   "recalling",  "2025-12-21", moved(Pot.PAID, Pot.RECOVERING, 200_000), None, "recall", {"answers": {"amount": "2000.00"}}),
    Happy("recall",           "receipt",    "approver_2", "recalling",  "2025-12-21", CALLED_BACK, None,                 "recall"),
    Happy("recall",           "follow_up",  "approver_2", "recalling",  "2026-01-19", CALLED_BACK, None,                 "recall"),
    Happy("recall",           "closed",     "approver_2", "recalling",  "2026-01-24", CALLED_BACK, None,                 "recall"),
    Happy("recall",           "recovered",  "approver_2", "recalling",  "2026-02-08", moved(Pot.PAID, Pot.RECOVERING, 200_000), None, "recall", {"answers": {"amount": "2000.00"}}),
    Happy("recall",           "written_off", "approver_2", "recalling", "2026-02-08", moved(Pot.PAID, Pot.RECOVERING, 1), None, "recall", {"answers": {"amount": "0.01"}}),
    Happy("recover_part",     "recalling",  "cashier",    "part_stated", "2025-12-04", (),         Duty.PAYER,           "advice_due"),
    Happy("recover",          "recalling",  "cashier",    "rest_stated", "2025-12-04", (),         Duty.PAYER,           "advice_due"),
    Happy("recover",          "recalling",  "cashier",    "rest_stated", "2025-12-04", (),         Duty.PAYER,           "advice_due", {"recovering": Fen(1), "answers": {"amount": "0.01"}}),
    Happy("confirm_recovery", "part_stated", "cashier_2", "recalling",  "2026-01-30", moved(Pot.RECOVERING, Pot.AVAILABLE, 100_000), Duty.PAYMENT_CONFIRMER),
    Happy("confirm_recovery", "rest_stated", "cashier_2", "recovered",  None,         moved(Pot.RECOVERING, Pot.AVAILABLE), Duty.PAYMENT_CONFIRMER, "recovered", {"answers": {"amount": "3000.00"}}),
    Happy("reject_recovery",  "part_stated", "cashier_2", "recalling",  "2026-01-30", (),          Duty.PAYMENT_CONFIRMER),
    Happy("reject_recovery",  "rest_stated", "cashier_2", "recalling",  "2026-01-30", (),          Duty.PAYMENT_CONFIRMER),
    Happy("write_off",        "recalling",  "approver_2", "written_off", None,        moved(Pot.RECOVERING, Pot.WRITTEN_OFF, 200_000), facts={"recovering": Fen(200_000)}),
)

HAPPY: Mapping[str, tuple[Happy, ...]] = {
    HARDSHIP.key: (
        *_OF_BOTH,
        Happy("correct_application", "draft",  "registrar", "draft",        duty=Duty.REGISTRAR),
        Happy("finish_survey", "survey",       "registrar", "verification", "2025-10-11"),
        Happy("add_papers",    "verification", "visitor",   "verification", duty=Duty.FILER),
        Happy("record_check",  "verification", "verifier",  "review",       "2025-09-26", (), Duty.VERIFIER),
        Happy("withdraw",      "verification", "registrar", "withdrawn",    notification="withdrawn"),
        Happy("suspend",       "verification", "reviewer",  "verification"),
        Happy("resume",        "verification", "reviewer",  "verification", "2025-10-16", facts=HELD),
        Happy("approve",       "approval",     "approver",  "payment",      "2025-10-29", moved(Pot.AVAILABLE, Pot.COMMITTED, 200_000), Duty.APPROVER_1, "approved", UNSIGNED | {"award": Fen(200_000)}),
    ),
    TUITION.key: (
        *_OF_BOTH,
        Happy("correct_application", "draft",  "registrar", "draft",        duty=Duty.REGISTRAR, form=SCHOOLING),
        Happy("finish_survey", "survey",       "visitor",   "review",       "2025-09-22"),
    ),
}
# fmt: on
"""Every row from each of its states; test_every_row.py checks that none is missing."""
