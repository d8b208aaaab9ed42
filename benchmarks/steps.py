"""The fourteen steps of a hardship case as hand-written tables: roles, duties, states and pots."""

from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import INCOMPATIBLE_DUTIES

ROLE = {
    "submit": ("registrar",),
    "record_visit": ("visitor",),
    "confirm_visit": ("visitor",),
    "add_papers": ("registrar", "visitor"),
    "finish_survey": ("registrar", "visitor"),
    "record_check": ("verifier",),
    "pass_review": ("reviewer",),
    "end_notice": ("clock",),
    "approve": ("approver",),
    "pay": ("cashier",),
    "confirm_payment": ("cashier", "approver"),
    "confirm_receipt": ("registrar",),
    "record_follow_up": ("visitor",),
    "close": ("registrar",),
}
DUTY = {
    "submit": "registrar",
    "record_visit": "visitor",
    "confirm_visit": "visitor",
    "add_papers": "filer",
    "record_check": "verifier",
    "pass_review": "reviewer",
    "approve": "approver_1",
    "pay": "payer",
    "confirm_payment": "payment_confirmer",
    "confirm_receipt": "receipt_witness",
    "record_follow_up": "follower",
}
SOURCE = {
    "submit": "draft",
    "record_visit": "survey",
    "confirm_visit": "survey",
    "finish_survey": "survey",
    "record_check": "verification",
    "pass_review": "review",
    "end_notice": "notice",
    "approve": "approval",
    "pay": "payment",
    "confirm_payment": "transit",
    "confirm_receipt": "receipt",
    "record_follow_up": "follow_up",
    "close": "follow_up",
}
FIELDWORK = ("draft", "survey", "verification", "review")
CLASHES = frozenset((str(one), str(other)) for one, other in (tuple(pair) for pair in INCOMPATIBLE_DUTIES)) | frozenset(
    (str(other), str(one)) for one, other in (tuple(pair) for pair in INCOMPATIBLE_DUTIES)
)


FORMS = {step.action: step.form for step in HARDSHIP.steps}
TARGET = {
    "submit": ("survey", "survey", "survey_days"),
    "finish_survey": ("verification", "survey", "verification_days"),
    "record_check": ("review", "approval", "review_days"),
    "pass_review": ("notice", "approval", "notice_answer_days"),
    "end_notice": ("approval", "approval", "approval_days"),
    "approve": ("payment", "disbursement", "payment_days"),
    "pay": ("transit", "disbursement", "transit_days"),
    "confirm_payment": ("receipt", "disbursement", "receipt_days"),
    "confirm_receipt": ("follow_up", "follow_up", "follow_up_days"),
    "close": ("closed", "ended", None),
}
MEANS = {"pass_review", "approve"}
POTS = {
    "approve": ("available", "committed"),
    "pay": ("committed", "in_transit"),
    "confirm_payment": ("in_transit", "paid"),
}
