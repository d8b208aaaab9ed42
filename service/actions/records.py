"""The rows a step leaves beside its event: a function per Record, chosen by the programme's table."""

import json
from collections.abc import Callable, Mapping
from uuid import UUID

from service.actions.case_rows import Stepped
from service.actions.rows import Rows
from service.db import new_id
from service.privacy import fingerprint, seal, unseal
from service.tables.cases import approval, notice, objection, paper, verification, visit, visit_visitor
from service.tables.funds import payment
from workflows import disclosure, workdays
from workflows.code_lists import PaymentMethod
from workflows.terms import Record

Recorder = Callable[[Stepped, Rows], None]


def _visit(step: Stepped, rows: Rows) -> None:
    case, told = step.known.row, step.answers.get("story")
    visit_id = new_id()
    row = {
        "id": visit_id,
        "unit_id": case.unit_id,
        "unit_path": case.unit_path,
        "case_id": case.id,
        "household_id": case.household_id,
        "seq": step.after.seq,
        "kind": "survey" if step.move.step.duty == "visitor" else "follow_up",
        "on": step.answers["on"],
        "place": step.answers["place"],
        "conclusion": step.answers["conclusion"],
        "story_sealed": seal(step.asked.ring, "visit.story", visit_id, told) if isinstance(told, str) else None,
        "created_at": step.asked.at,
    }
    rows.add(visit, row)
    went = sorted(step.ask.accounts("visitors"), key=str)
    rows.add(visit_visitor, *({"visit_id": visit_id, "account_id": each} for each in went))


def _papers(step: Stepped, rows: Rows) -> None:
    kinds = step.answers["papers"]
    seen = {"case_id": step.known.row.id, "seen_on": step.asked.today, "seen_by": step.asked.caller.account}
    new = [kind for kind in (kinds if isinstance(kinds, list) else []) if kind not in step.known.facts.papers]
    rows.add(paper, *({**seen, "kind": kind} for kind in new))


def _verification(step: Stepped, rows: Rows) -> None:
    kept = ("authority", "request_no", "replied_on", "outcome")
    said = {name: step.answers[name] for name in kept} | {"explained": bool(step.answers.get("explained"))}
    rows.add(verification, {**step.told, "seq": step.after.seq, "people": step.known.facts.people, **said})


def _award(step: Stepped, rows: Rows) -> None:
    """The reviewer's award hangs as a public notice that keeps exactly what it showed."""
    shown, today, policy = _shown(step), step.asked.today, step.ask.policy
    row = {
        **step.told,
        "seq": step.after.seq,
        "posted_on": today,
        "ends_on": workdays.after(today, policy.notice_days, step.ask.calendar),
        "places": step.answers["places"],
        "shown_hash": fingerprint(step.asked.ring, shown),
        "content": step.content,
    }
    rows.add(notice, {**row, "shown_sealed": seal(step.asked.ring, "notice.shown", UUID(str(row["id"])), shown)})


def _shown(step: Stepped) -> str:
    head = step.known.row.head
    name = unseal(step.asked.ring, "person.name", UUID(head["id"]), bytes.fromhex(head["name"]))
    lines = {
        "name": disclosure.shown("name", name, disclosure.Profile.NOTICE),
        "unit": head["unit"],
        "item": step.known.row.item,
        "category": step.after.category,
        "award": step.after.award,
        "policy": f"{step.ask.policy.title} {step.ask.policy.document}",
    }
    return json.dumps(lines, ensure_ascii=False, sort_keys=True)


def _objection(step: Stepped, rows: Rows) -> None:
    row = step.told
    text = seal(step.asked.ring, "objection.text", UUID(str(row["id"])), str(step.answers["objection"]))
    said = {"source": step.answers["source"], "raised_on": step.asked.today, "text_sealed": text}
    rows.add(objection, {**row, "notice_id": step.known.row.notice["id"], **said})


def _objection_answer(step: Stepped, rows: Rows) -> None:
    """Answer the oldest open objection of the notice."""
    answered = {"outcome": step.answers["outcome"], "answered_on": step.asked.today}
    rows.change(objection, {"id": step.known.row.notice["oldest"], **answered})


def _take_down(step: Stepped, rows: Rows) -> None:
    up = step.known.row.notice
    if up is not None and up["ended_on"] is None:
        rows.change(notice, {"id": up["id"], "ended_on": step.asked.today})


def _approval(step: Stepped, rows: Rows) -> None:
    row = {
        **step.told,
        "seq": step.after.seq,
        "tier": step.known.facts.next_tier,
        "account_id": step.asked.caller.account,
        "principal_id": step.move.grant.principal,
        "on": step.asked.today,
        "award_fen": step.after.award,
        "content": step.known.facts.content,
        "minutes": step.answers.get("minutes"),
    }
    rows.add(approval, row)


def _void_approvals(step: Stepped, rows: Rows) -> None:
    _take_down(step, rows)
    for *_, signature in step.known.row.approvals or ():
        rows.change(approval, {"id": signature, "voided_seq": step.after.seq})


def _payment(step: Stepped, rows: Rows) -> None:
    by_bank = step.answers["method"] == PaymentMethod.BANK
    row = {
        **step.told,
        "unit_path": step.known.row.unit_path,
        "fund_id": step.after.fund_id,
        "seq": step.after.seq,
        "fen": step.after.award,
        "method": step.answers["method"],
        "bank_account_id": step.known.bank_account if by_bank else None,
        "cash_reason": None if by_bank else step.answers.get("cash_reason"),
        "voucher": step.answers["voucher"],
        "paid_on": step.asked.today,
        "paid_by": step.asked.caller.account,
        "state": "live",
    }
    rows.add(payment, row)


def _paid(step: Stepped, rows: Rows, **columns: object) -> None:
    live = step.known.row.live_payment
    rows.change(payment, {"id": UUID(live) if live else None, **columns})


def _payment_returned(step: Stepped, rows: Rows) -> None:
    why = step.answers["bank_code"]
    _paid(step, rows, state="returned", returned_on=step.asked.today, returned_code=why)


def _receipt(step: Stepped, rows: Rows) -> None:
    _paid(step, rows, receipt_on=step.asked.today, receipt_evidence=step.answers["evidence"])


def _recall(step: Stepped, rows: Rows) -> None:
    _paid(step, rows, state="recalled", recalled_on=step.asked.today)


def _nothing_more(_step: Stepped, _rows: Rows) -> None:
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
