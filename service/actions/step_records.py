"""The rows a step leaves beside its event: a function per Record, chosen by the programme's table."""

import json
from collections.abc import Callable, Mapping
from uuid import UUID

from service.actions.case_writer import DecidedStep
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import decrypt_field, encrypt_field, fingerprint
from service.db.columns import new_id
from service.tables.cases import approval, paper, verification
from service.tables.notices import notice, objection
from service.tables.payments import payment
from service.tables.visits import visit, visit_visitor
from workflows import disclosure, workdays
from workflows.code_lists import PaymentMethod
from workflows.vocabulary import Record

Recorder = Callable[[DecidedStep, WriteBatch], None]


def _visit(step: DecidedStep, batch: WriteBatch) -> None:
    case, told = step.loaded.row, step.answers.get("story")
    visit_id = new_id()
    row = {
        "id": visit_id,
        "unit_id": case.unit_id,
        "unit_path": case.unit_path,
        "case_id": case.id,
        "household_id": case.household_id,
        "seq": step.after.seq,
        "kind": "survey" if step.transition.step.duty == "visitor" else "follow_up",
        "on": step.answers["on"],
        "place": step.answers["place"],
        "conclusion": step.answers["conclusion"],
        "story_sealed": encrypt_field(step.context.keyring, "visit.story", visit_id, told)
        if isinstance(told, str)
        else None,
        "created_at": step.context.at,
    }
    batch.add(visit, row)
    went = sorted(step.rule_input.accounts("visitors"), key=str)
    batch.add(visit_visitor, *({"visit_id": visit_id, "account_id": each} for each in went))


def _papers(step: DecidedStep, batch: WriteBatch) -> None:
    kinds = step.answers["papers"]
    seen = {"case_id": step.loaded.row.id, "seen_on": step.context.today, "seen_by": step.context.caller.account}
    new = [kind for kind in (kinds if isinstance(kinds, list) else []) if kind not in step.loaded.facts.papers]
    batch.add(paper, *({**seen, "kind": kind} for kind in new))


def _verification(step: DecidedStep, batch: WriteBatch) -> None:
    kept = ("authority", "request_no", "replied_on", "outcome")
    said = {name: step.answers[name] for name in kept} | {"explained": bool(step.answers.get("explained"))}
    batch.add(verification, {**step.told, "seq": step.after.seq, "people": step.loaded.facts.people, **said})


def _award(step: DecidedStep, batch: WriteBatch) -> None:
    """The reviewer's award hangs as a public notice that keeps exactly what it showed."""
    shown, today, policy = _shown(step), step.context.today, step.rule_input.policy
    row = {
        **step.told,
        "seq": step.after.seq,
        "posted_on": today,
        "ends_on": workdays.after(today, policy.notice_days, step.rule_input.calendar),
        "places": step.answers["places"],
        "shown_hash": fingerprint(step.context.keyring, shown),
        "content": step.content,
    }
    batch.add(
        notice,
        {**row, "shown_sealed": encrypt_field(step.context.keyring, "notice.shown", UUID(str(row["id"])), shown)},
    )


def _shown(step: DecidedStep) -> str:
    head = step.loaded.row.head
    name = decrypt_field(step.context.keyring, "person.name", UUID(head["id"]), bytes.fromhex(head["name"]))
    lines = {
        "name": disclosure.shown("name", name, disclosure.Profile.NOTICE),
        "unit": head["unit"],
        "item": step.loaded.row.item,
        "category": step.after.category,
        "award": step.after.award,
        "policy": f"{step.rule_input.policy.title} {step.rule_input.policy.document}",
    }
    return json.dumps(lines, ensure_ascii=False, sort_keys=True)


def _objection(step: DecidedStep, batch: WriteBatch) -> None:
    row = step.told
    text = encrypt_field(step.context.keyring, "objection.text", UUID(str(row["id"])), str(step.answers["objection"]))
    said = {"source": step.answers["source"], "raised_on": step.context.today, "text_sealed": text}
    batch.add(objection, {**row, "notice_id": step.loaded.row.notice["id"], **said})


def _objection_answer(step: DecidedStep, batch: WriteBatch) -> None:
    """Answer the oldest open objection of the notice."""
    answered = {"outcome": step.answers["outcome"], "answered_on": step.context.today}
    batch.change(objection, {"id": step.loaded.row.notice["oldest"], **answered})


def _take_down(step: DecidedStep, batch: WriteBatch) -> None:
    up = step.loaded.row.notice
    if up is not None and up["ended_on"] is None:
        batch.change(notice, {"id": up["id"], "ended_on": step.context.today})


def _approval(step: DecidedStep, batch: WriteBatch) -> None:
    row = {
        **step.told,
        "seq": step.after.seq,
        "tier": step.loaded.facts.next_tier,
        "account_id": step.context.caller.account,
        "principal_id": step.transition.grant.principal,
        "on": step.context.today,
        "award_fen": step.after.award,
        "content": step.loaded.facts.content,
        "minutes": step.answers.get("minutes"),
    }
    batch.add(approval, row)


def _void_approvals(step: DecidedStep, batch: WriteBatch) -> None:
    _take_down(step, batch)
    for *_, signature in step.loaded.row.approvals or ():
        batch.change(approval, {"id": signature, "voided_seq": step.after.seq})


def _payment(step: DecidedStep, batch: WriteBatch) -> None:
    by_bank = step.answers["method"] == PaymentMethod.BANK
    row = {
        **step.told,
        "unit_path": step.loaded.row.unit_path,
        "fund_id": step.after.fund_id,
        "seq": step.after.seq,
        "fen": step.after.award,
        "method": step.answers["method"],
        "bank_account_id": step.loaded.bank_account if by_bank else None,
        "cash_reason": None if by_bank else step.answers.get("cash_reason"),
        "voucher": step.answers["voucher"],
        "paid_on": step.context.today,
        "paid_by": step.context.caller.account,
        "state": "live",
    }
    batch.add(payment, row)


def _paid(step: DecidedStep, batch: WriteBatch, **columns: object) -> None:
    live = step.loaded.row.live_payment
    batch.change(payment, {"id": UUID(live) if live else None, **columns})


def _payment_returned(step: DecidedStep, batch: WriteBatch) -> None:
    why = step.answers["bank_code"]
    _paid(step, batch, state="returned", returned_on=step.context.today, returned_code=why)


def _receipt(step: DecidedStep, batch: WriteBatch) -> None:
    _paid(step, batch, receipt_on=step.context.today, receipt_evidence=step.answers["evidence"])


def _recall(step: DecidedStep, batch: WriteBatch) -> None:
    _paid(step, batch, state="recalled", recalled_on=step.context.today)


def _nothing_more(_step: DecidedStep, _rows: WriteBatch) -> None:
    """The case's own row says it all."""


RECORDERS: Mapping[Record, Recorder] = {
    Record.VISIT: _visit,
    Record.PAPERS: _papers,
    Record.VERIFICATION: _verification,
    Record.AWARD: _award,
    Record.OBJECTION: _objection,
    Record.OBJECTION_ANSWER: _objection_answer,
    Record.NOTICE_END: _take_down,
    Record.APPROVAL: _approval,
    Record.VOID_APPROVALS: _void_approvals,
    Record.PAYMENT: _payment,
    Record.PAYMENT_RETURNED: _payment_returned,
    Record.RECEIPT: _receipt,
    Record.RECALL: _recall,
    Record.HOLD: _nothing_more,
    Record.RESUME: _nothing_more,
    Record.RESURVEY: _nothing_more,
}
