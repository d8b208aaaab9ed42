"""Step records are the rows a step leaves besides its event: one row of STEP_RECORDS for each Record."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from service.actions import payments
from service.actions.case_update import CaseUpdate, moved
from service.actions.decided_step import DecidedStep
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import decrypt_field, encrypt_field, fingerprint
from service.queries.case_loading.load import content_of
from service.tables.cases import approval, paper, verification
from service.tables.documents import paper_document
from service.tables.notices import notice, objection
from service.tables.visits import visit, visit_confirmation, visit_photo, visit_visitor
from workflows import disclosure, workdays
from workflows.approval_digest import content_record
from workflows.assessment import Assessment
from workflows.code_lists import PaymentMethod
from workflows.form_fields import split_free_words
from workflows.state_machine import Transition
from workflows.vocabulary import Duty, Plain, Record


def _write_nothing(_step: DecidedStep, _batch: WriteBatch) -> None:
    """The columns of the case say it all."""


def _write_visit(step: DecidedStep, batch: WriteBatch) -> None:
    case, story = step.loaded.row, step.answers.get("story")
    encrypted = encrypt_field(step.context.keyring, "visit.story", step.record_id, story) if story else None  # type: ignore[arg-type]
    row = {
        **step.key(),
        "unit_id": case.unit_id,
        "unit_path": case.unit_path,
        "household_id": case.household_id,
        "kind": "survey" if step.transition.step.duty is Duty.VISITOR else "follow_up",
        "on": step.answers["on"],
        "place": step.answers["place"],
        "conclusion": step.answers["conclusion"],
        "story_sealed": encrypted,
        "seen": _seen_by_visitors(step),
        "created_at": step.context.at,
    }
    batch.add(visit, row)
    visitors = sorted(step.rule_input.accounts("visitors"), key=str)
    batch.add(visit_visitor, *({"visit_id": step.record_id, "account_id": each} for each in visitors))
    batch.add(visit_photo, *_photos(step))
    _confirm(step, batch, [step.record_id])


def _photos(step: DecidedStep) -> list[dict[str, object]]:
    named, digests = step.answers.get("photos"), step.loaded.row.photo_digests or {}
    photos = sorted({str(each) for each in named}) if isinstance(named, list) else []
    return [
        {"visit_id": step.record_id, "document_id": UUID(each), "sha256": bytes.fromhex(digests[each])}
        for each in photos
    ]


def _seen_by_visitors(step: DecidedStep) -> dict[str, Plain] | None:
    """Return what a survey saw: the file, without the exclusions that the visitors no longer found."""
    if step.transition.step.duty is not Duty.VISITOR:
        return None
    gone = step.answers.get("gone")
    return step.loaded.facts.seen.without(frozenset(map(str, gone if isinstance(gone, list) else ()))).as_json()


def _confirm_visit(step: DecidedStep, batch: WriteBatch) -> None:
    """Confirm every survey visit that names the actor and that they have not confirmed."""
    me = str(step.context.caller.account)
    visits = [each for each in step.loaded.row.visits or () if each["kind"] == "survey" and each["seen"] is not None]
    _confirm(
        step, batch, [UUID(each["id"]) for each in visits if me in set(each["visitors"]) - set(each["confirmed"] or ())]
    )


def _confirm(step: DecidedStep, batch: WriteBatch, visit_ids: Sequence[UUID]) -> None:
    me = {"account_id": step.context.caller.account, "on": step.context.today}
    batch.add(visit_confirmation, *({"visit_id": visit_id, **me} for visit_id in visit_ids))


def _write_papers(step: DecidedStep, batch: WriteBatch) -> None:
    kinds = step.answers["papers"]
    seen = {"case_id": step.loaded.row.id, "seen_on": step.context.today, "seen_by": step.context.caller.account}
    new = [kind for kind in (kinds if isinstance(kinds, list) else []) if kind not in step.loaded.facts.papers]
    batch.add(paper, *({**seen, "kind": kind} for kind in new))
    named, known = step.answers.get("documents"), set(step.loaded.row.named_before or ())
    scans = sorted({str(each) for each in named} - known) if isinstance(named, list) else []
    of_step = {"case_id": step.loaded.row.id, "seq": step.update.version}
    batch.add(paper_document, *({**of_step, "document_id": UUID(each)} for each in scans))


def _write_verification(step: DecidedStep, batch: WriteBatch) -> None:
    copied = {name: step.answers[name] for name in ("authority", "request_no", "replied_on", "outcome")}
    copied |= {"explained": bool(step.answers.get("explained")), "people": step.loaded.facts.people}
    copied |= {"seen": step.loaded.facts.seen.as_json()}
    batch.add(verification, {**step.key(), **copied})


def _write_notice(step: DecidedStep, batch: WriteBatch) -> None:
    """Post the reviewer's award as a public notice that keeps exactly what it shows."""
    shown, today, policy = _shown(step), step.context.today, step.rule_input.policy
    row = {
        **step.key(),
        "posted_on": today,
        "ends_on": workdays.after(today, policy.notice_days, step.rule_input.calendar),
        "places": step.answers["places"],
        "shown_hash": fingerprint(step.context.keyring, shown),
        "content": step.digest,
        "award_fen": step.update.award_fen,
        "seen": step.loaded.facts.seen.as_json(),
        "shown_sealed": encrypt_field(step.context.keyring, "notice.shown", step.record_id, shown),
    }
    batch.add(notice, row)


def _shown(step: DecidedStep) -> str:
    head = step.loaded.row.head
    name = decrypt_field(step.context.keyring, "person.name", UUID(head["id"]), bytes.fromhex(head["name"]))
    lines = {
        "name": disclosure.shown("name", name, disclosure.Profile.NOTICE),
        "unit": head["unit"],
        "item": step.loaded.row.item,
        "category": step.update.category,
        "award": step.update.award_fen,
        "policy": f"{step.rule_input.policy.title} {step.rule_input.policy.document}",
    }
    return json.dumps(lines, ensure_ascii=False, sort_keys=True)


def _correct(update: CaseUpdate, transition: Transition, today: date, _assessment: Assessment | None) -> CaseUpdate:
    """Put the application of the form in place of the earlier one; an award proposed on the earlier one is gone."""
    _, plain = split_free_words(transition.step.form, transition.answers)
    corrected: dict[str, object] = {"requested_fen": plain.pop("requested")}
    corrected |= {"item": plain.pop("item")} if "item" in plain else {}
    without_award = replace(moved(update, transition, today), award_fen=None, fund_id=None, category=None)
    without_award = replace(without_award, method=None, cash_reason=None)
    return replace(without_award, corrected={**corrected, "answers": plain})


def _award(update: CaseUpdate, transition: Transition, today: date, assessment: Assessment | None) -> CaseUpdate:
    """Set the sum, the fund line, the category and the method of payment that the reviewer proposes."""
    answers = transition.answers
    award, fund_id = int(str(answers["award"])), UUID(str(answers["fund"]))
    category = assessment.category if assessment else None
    method = str(answers.get("method") or PaymentMethod.BANK.value)
    cash_reason = answers.get("cash_reason") if method == PaymentMethod.CASH else None
    reviewed = replace(moved(update, transition, today), award_fen=award, fund_id=fund_id, category=category)
    return replace(reviewed, method=method, cash_reason=str(cash_reason) if cash_reason else None)


def _write_objection(step: DecidedStep, batch: WriteBatch) -> None:
    text = encrypt_field(step.context.keyring, "objection.text", step.record_id, str(step.answers["objection"]))
    row = {"id": step.record_id, "case_id": step.loaded.row.id, "notice_id": _latest_notice(step)["id"]}
    copied = {"source": step.answers["source"], "raised_on": step.context.today, "text_sealed": text}
    batch.add(objection, {**row, **copied})


def _write_objection_answer(step: DecidedStep, batch: WriteBatch) -> None:
    """Answer the oldest open objection of the notice."""
    answered = {"outcome": step.answers["outcome"], "answered_on": step.context.today}
    batch.change(objection, {"id": _latest_notice(step)["oldest"], **answered})


def _latest_notice(step: DecidedStep) -> Mapping[str, object]:
    return step.loaded.row.notice or {"id": None, "oldest": None}


def _end_notice(step: DecidedStep, batch: WriteBatch) -> None:
    latest = step.loaded.row.notice
    if latest is not None and latest["ended_on"] is None:
        batch.change(notice, {"id": latest["id"], "ended_on": step.context.today})


def _write_approval(step: DecidedStep, batch: WriteBatch) -> None:
    row = {
        **step.key(),
        "tier": step.loaded.facts.next_tier,
        "account_id": step.context.caller.account,
        "principal_id": step.transition.grant.principal,
        "on": step.context.today,
        "award_fen": step.update.award_fen,
        "content": step.loaded.facts.content,
        "content_sealed": _signed_content(step),
        "minutes": step.answers.get("minutes"),
    }
    batch.add(approval, row)


def _signed_content(step: DecidedStep) -> bytes:
    """Return what the signature covers, sealed: the next to sign sees what has changed since."""
    row = step.loaded.row
    return encrypt_field(step.context.keyring, "approval.content", step.record_id, content_record(content_of(row, row)))


def _void_approvals(step: DecidedStep, batch: WriteBatch) -> None:
    _end_notice(step, batch)
    for *_, approval_id in step.loaded.row.approvals or ():
        batch.change(approval, {"id": approval_id, "voided_seq": step.update.version})


def _move(update: CaseUpdate, transition: Transition, today: date, _assessment: Assessment | None) -> CaseUpdate:
    return moved(update, transition, today)


def _hold(update: CaseUpdate, transition: Transition, _today: date, _assessment: Assessment | None) -> CaseUpdate:
    return replace(update, held_until=date.fromisoformat(str(transition.answers["until"])))


def _resume(update: CaseUpdate, transition: Transition, _today: date, _assessment: Assessment | None) -> CaseUpdate:
    due_on, is_provisional = transition.due_on, transition.due_is_provisional
    return replace(update, held_until=None, due_on=due_on, due_is_provisional=is_provisional)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """How the rows of a Record are written, and how the columns of the case change."""

    write: Callable[[DecidedStep, WriteBatch], None] = _write_nothing
    update: Callable[[CaseUpdate, Transition, date, Assessment | None], CaseUpdate] = _move


NO_RECORD = StepRecord()

STEP_RECORDS: Mapping[Record, StepRecord] = {
    Record.CORRECTION: StepRecord(update=_correct),
    Record.VISIT: StepRecord(_write_visit),
    Record.VISIT_CONFIRMED: StepRecord(_confirm_visit),
    Record.PAPERS: StepRecord(_write_papers),
    Record.RESURVEY: StepRecord(),
    Record.VERIFICATION: StepRecord(_write_verification),
    Record.AWARD: StepRecord(_write_notice, _award),
    Record.OBJECTION: StepRecord(_write_objection),
    Record.OBJECTION_ANSWER: StepRecord(_write_objection_answer),
    Record.NOTICE_END: StepRecord(_end_notice),
    Record.APPROVAL: StepRecord(_write_approval),
    Record.VOID_APPROVALS: StepRecord(_void_approvals),
    Record.PAYMENT: StepRecord(payments.write_payment),
    Record.PAYMENT_CONFIRMED: StepRecord(payments.confirm_payment),
    Record.PAYMENT_FAILED: StepRecord(payments.fail_payment),
    Record.PAYMENT_RETURNED: StepRecord(payments.state_return),
    Record.RETURN_CONFIRMED: StepRecord(payments.confirm_return),
    Record.RETURN_REJECTED: StepRecord(payments.reject_return),
    Record.RECEIPT: StepRecord(payments.write_receipt),
    Record.RECALL: StepRecord(payments.recall_payment),
    Record.RECOVERY: StepRecord(payments.state_recovery),
    Record.RECOVERY_CONFIRMED: StepRecord(payments.confirm_advice),
    Record.RECOVERY_REJECTED: StepRecord(payments.reject_advice),
    Record.HOLD: StepRecord(update=_hold),
    Record.RESUME: StepRecord(update=_resume),
}
"""A new kind of record is one row here and one in workflows/record_kinds.py."""


def step_record(record: Record | None) -> StepRecord:
    """Return how a step's record is written; a step without one leaves nothing but its event."""
    return STEP_RECORDS[record] if record is not None else NO_RECORD
