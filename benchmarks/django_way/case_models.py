"""Models of a case and its records."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_fsm import FSMField, transition

from benchmarks.django_way.office_models import (
    Account,
    BankAccount,
    Fund,
    Household,
    Person,
    PolicySet,
    Unit,
    key,
    to,
    words,
)
from benchmarks.steps import FIELDWORK


def allowed(case: "Case") -> bool:
    """Run the checks of the requested step, which is the condition of every transition."""
    return case.requested.allowed()


class Case(models.Model):
    id = key()
    case_no, programme, item = words(unique=True), words(), words()
    year = models.SmallIntegerField()
    unit, unit_path = to(Unit), words()
    household, beneficiary = to(Household, related_name="cases"), to(Person)
    state, phase = FSMField(default="draft"), words()
    version, answers = models.IntegerField(), models.JSONField()
    requested_fen, award_fen = models.BigIntegerField(), models.BigIntegerField(null=True)
    outstanding_fen, category = models.BigIntegerField(default=0), words(null=True)
    method, cash_reason = words(null=True), words(null=True)
    fund, policy_set = to(Fund, null=True), to(PolicySet)
    opened_on, entered_on = models.DateField(), models.DateField()
    due_on, held_until = models.DateField(null=True), models.DateField(null=True)
    head_hash, created_at = models.BinaryField(), models.DateTimeField()

    class Meta:
        db_table = "case"
        indexes: ClassVar = [models.Index(fields=["unit_path", "opened_on", "id"])]

    @transition(state, source="draft", target="survey", conditions=[allowed])
    def submit(self) -> None: ...

    @transition(state, source="survey", conditions=[allowed])
    def record_visit(self) -> None: ...

    @transition(state, source="survey", conditions=[allowed])
    def confirm_visit(self) -> None: ...

    @transition(state, source=list(FIELDWORK), conditions=[allowed])
    def add_papers(self) -> None: ...

    @transition(state, source="survey", target="verification", conditions=[allowed])
    def finish_survey(self) -> None: ...

    @transition(state, source="verification", target="review", conditions=[allowed])
    def record_check(self) -> None: ...

    @transition(state, source="review", target="notice", conditions=[allowed])
    def pass_review(self) -> None: ...

    @transition(state, source="notice", target="approval", conditions=[allowed])
    def end_notice(self) -> None: ...

    @transition(state, source="approval", target="payment", conditions=[allowed])
    def approve(self) -> None: ...

    @transition(state, source="payment", target="transit", conditions=[allowed])
    def pay(self) -> None: ...

    @transition(state, source="transit", target="receipt", conditions=[allowed])
    def confirm_payment(self) -> None: ...

    @transition(state, source="receipt", target="follow_up", conditions=[allowed])
    def confirm_receipt(self) -> None: ...

    @transition(state, source="follow_up", conditions=[allowed])
    def record_follow_up(self) -> None: ...

    @transition(state, source="follow_up", target="closed", conditions=[allowed])
    def close(self) -> None: ...


class Event(models.Model):
    subject_id, seq, subject = models.UUIDField(), models.IntegerField(), words()
    action, from_state, to_state = words(), words(null=True), words(null=True)
    actor, principal = to(Account, related_name="+"), to(Account, null=True, related_name="+")
    on, at, body = models.DateField(), models.DateTimeField(), words()
    prev, hash = models.BinaryField(), models.BinaryField(unique=True)

    class Meta:
        db_table = "event"
        constraints: ClassVar = [models.UniqueConstraint(fields=["subject_id", "seq"], name="one_event")]


class ChainHead(models.Model):
    id = key()
    seq, hash = models.IntegerField(), models.BinaryField()

    class Meta:
        db_table = "chain_head"


class CaseDuty(models.Model):
    case, account = to(Case, related_name="duties"), to(Account)
    duty, seq = words(), models.IntegerField()

    class Meta:
        db_table = "case_duty"
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "duty", "account"], name="one_duty")]


class Visit(models.Model):
    id = key()
    case, household = to(Case, related_name="visits"), to(Household)
    unit, unit_path, seq = to(Unit), words(), models.IntegerField()
    kind, on, place, conclusion = words(), models.DateField(), words(), words()
    seen, created_at = models.JSONField(null=True), models.DateTimeField()
    visitors = models.ManyToManyField(Account, db_table="visit_visitor")

    class Meta:
        db_table = "visit"
        ordering = ("id",)


class VisitConfirmation(models.Model):
    visit, account = to(Visit, related_name="confirmations"), to(Account)
    on = models.DateField()

    class Meta:
        db_table = "visit_confirmation"
        constraints: ClassVar = [models.UniqueConstraint(fields=["visit", "account"], name="one_confirmation")]


class Paper(models.Model):
    case, kind = to(Case, related_name="papers"), words()
    seen_on, seen_by = models.DateField(), to(Account)

    class Meta:
        db_table = "paper"
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "kind"], name="one_paper")]


class Verification(models.Model):
    id = key()
    case, seq = to(Case, related_name="verifications"), models.IntegerField()
    authority, request_no, replied_on = words(), words(), models.DateField()
    outcome, explained, people = words(), models.BooleanField(), words(null=True)
    seen = models.JSONField(null=True)

    class Meta:
        db_table = "verification"


class Notice(models.Model):
    id = key()
    case, seq = to(Case, related_name="notices"), models.IntegerField()
    posted_on, ends_on, ended_on = models.DateField(), models.DateField(), models.DateField(null=True)
    places, shown_sealed = ArrayField(words()), models.BinaryField()
    shown_hash, content = words(), words()
    award_fen, seen = models.BigIntegerField(null=True), models.JSONField(null=True)

    class Meta:
        db_table = "notice"


class Objection(models.Model):
    id = key()
    case, notice = to(Case, related_name="objections"), to(Notice, related_name="objections")
    raised_on, outcome, answered_on = models.DateField(null=True), words(null=True), models.DateField(null=True)
    source = words(default="")

    class Meta:
        db_table = "objection"


class Approval(models.Model):
    id = key()
    case, seq, tier = to(Case, related_name="approvals"), models.IntegerField(), models.SmallIntegerField()
    account, principal = to(Account, related_name="+"), to(Account, null=True, related_name="+")
    on, award_fen, content = models.DateField(), models.BigIntegerField(), words()
    minutes, voided_seq = words(null=True), models.IntegerField(null=True)
    content_sealed = models.BinaryField(null=True)

    class Meta:
        db_table = "approval"


class Payment(models.Model):
    id = key()
    case, fund, seq = to(Case, related_name="payments"), to(Fund), models.IntegerField()
    fen, method, bank_account = models.BigIntegerField(), words(), to(BankAccount, null=True)
    cash_reason, voucher, paid_on = words(null=True), words(), models.DateField()
    voucher_year, advised_on = models.SmallIntegerField(), models.DateField(null=True)
    paid_by, state = to(Account, related_name="+"), words()
    advice_no, confirmed_by = words(null=True), to(Account, null=True, related_name="+")
    receipt_on, receipt_evidence = models.DateField(null=True), words(null=True)

    class Meta:
        db_table = "payment"


class Entry(models.Model):
    id = key()
    fund, case = to(Fund), to(Case, null=True, related_name="entries")
    subject_id, seq = models.UUIDField(), models.IntegerField()
    source_pot, target_pot, fen = words(), words(), models.BigIntegerField()
    on, at = models.DateField(), models.DateTimeField()

    class Meta:
        db_table = "ledger_entry"


class Notification(models.Model):
    id = key()
    subject_id, seq = models.UUIDField(), models.IntegerField()
    case, kind, channel = to(Case, null=True, related_name="notifications"), words(), words()
    account, person = to(Account, null=True), to(Person, null=True)
    on, state = models.DateField(), words(default="created")
    attempts, not_before = models.SmallIntegerField(default=0), models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "notification"
