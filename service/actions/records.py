"""The row a step leaves beside its event: a function per Record, chosen by the programme's table."""

import json
from collections.abc import Callable, Mapping
from datetime import date

import sqlalchemy as sa

from service.actions.case_rows import After
from service.actions.trail import Asked
from service.db import new_id
from service.privacy import fingerprint, seal, unseal
from service.queries.case_facts import Known
from service.tables.cases import approval, notice, objection, paper, verification, visit, visit_visitor
from service.tables.funds import payment
from service.tables.people import person
from service.tables.units import unit
from workflows import disclosure, workdays
from workflows.facts import Ask
from workflows.machine import Move
from workflows.terms import Record

Recorder = Callable[[sa.Connection, Known, Move, Ask, Asked, After], None]


def _visit(tx: sa.Connection, known: Known, move: Move, ask: Ask, asked: Asked, _after: After) -> None:
    visit_id, told = new_id(), ask_text(move, "story")
    kind = "survey" if move.step.duty == "visitor" else "follow_up"
    tx.execute(
        visit.insert().values(
            id=visit_id,
            unit_id=known.row.unit_id,
            unit_path=known.row.unit_path,
            case_id=known.row.id,
            household_id=known.row.household_id,
            kind=kind,
            on=date.fromisoformat(str(move.answers["on"])),
            place=move.answers["place"],
            conclusion=move.answers["conclusion"],
            story_sealed=seal(asked.ring, "visit.story", visit_id, told) if told else None,
            created_at=asked.at,
        )
    )
    went = [{"visit_id": visit_id, "account_id": each} for each in sorted(_asked_accounts(ask, move), key=str)]
    tx.execute(visit_visitor.insert(), went)


def ask_text(move: Move, key: str) -> str | None:
    """A text answer of the step, or None."""
    value = move.answers.get(key)
    return value if isinstance(value, str) else None


def _asked_accounts(ask: Ask, _move: Move) -> frozenset[object]:
    return frozenset(ask.accounts("visitors"))


def _papers(tx: sa.Connection, known: Known, move: Move, _ask: Ask, asked: Asked, _after: After) -> None:
    kinds = move.answers["papers"]
    rows = [
        {"case_id": known.row.id, "kind": kind, "seen_on": asked.today, "seen_by": asked.caller.account}
        for kind in (kinds if isinstance(kinds, list) else [])
        if kind not in known.facts.papers
    ]
    if rows:
        tx.execute(paper.insert(), rows)


def _verification(tx: sa.Connection, known: Known, move: Move, _ask: Ask, _asked: Asked, after: After) -> None:
    tx.execute(
        verification.insert().values(
            id=new_id(),
            case_id=known.row.id,
            seq=after.seq,
            authority=move.answers["authority"],
            request_no=move.answers["request_no"],
            replied_on=date.fromisoformat(str(move.answers["replied_on"])),
            outcome=move.answers["outcome"],
            explained=bool(move.answers.get("explained")),
        )
    )


def _award(tx: sa.Connection, known: Known, move: Move, ask: Ask, asked: Asked, after: After) -> None:
    """The reviewer's award hangs as a public notice that keeps exactly what it showed."""
    shown = _shown(tx, known, ask, asked, after)
    notice_id = new_id()
    tx.execute(
        notice.insert().values(
            id=notice_id,
            case_id=known.row.id,
            seq=after.seq,
            posted_on=asked.today,
            ends_on=workdays.after(asked.today, ask.policy.notice_days, ask.calendar),
            places=move.answers["places"],
            shown_sealed=seal(asked.ring, "notice.shown", notice_id, shown),
            shown_hash=fingerprint(asked.ring, shown),
            content=after.content,
        )
    )


def _shown(tx: sa.Connection, known: Known, ask: Ask, asked: Asked, after: After) -> str:
    head = tx.execute(
        sa.select(person.c.id, person.c.name_sealed, unit.c.name)
        .join(unit, unit.c.id == known.row.unit_id)
        .where(person.c.household_id == known.row.household_id, person.c.relation == "head", person.c.active)
    ).one()
    name = unseal(asked.ring, "person.name", head.id, head.name_sealed)
    lines = {
        "name": disclosure.shown("name", name, disclosure.Profile.NOTICE),
        "unit": head.name,
        "item": known.row.item,
        "category": after.category,
        "award": after.award,
        "policy": f"{ask.policy.title} {ask.policy.document}",
    }
    return json.dumps(lines, ensure_ascii=False, sort_keys=True)


def _objection(tx: sa.Connection, known: Known, move: Move, _ask: Ask, asked: Asked, _after: After) -> None:
    row = new_id()
    tx.execute(
        objection.insert().values(
            id=row,
            case_id=known.row.id,
            notice_id=known.row.notice["id"],
            source=move.answers["source"],
            raised_on=asked.today,
            text_sealed=seal(asked.ring, "objection.text", row, str(move.answers["objection"])),
        )
    )


def _objection_answer(tx: sa.Connection, known: Known, move: Move, _ask: Ask, asked: Asked, _after: After) -> None:
    """Answer the oldest open objection of the notice."""
    oldest = (
        sa.select(objection.c.id)
        .where(objection.c.notice_id == known.row.notice["id"], objection.c.outcome.is_(None))
        .order_by(objection.c.id)
        .limit(1)
        .scalar_subquery()
    )
    answered = {"outcome": move.answers["outcome"], "answered_on": asked.today}
    tx.execute(objection.update().where(objection.c.id == oldest).values(**answered))


def _take_down(tx: sa.Connection, known: Known, _move: Move, _ask: Ask, asked: Asked, _after: After) -> None:
    up = sa.and_(notice.c.case_id == known.row.id, notice.c.ended_on.is_(None))
    tx.execute(notice.update().where(up).values(ended_on=asked.today))


def _approval(tx: sa.Connection, known: Known, move: Move, _ask: Ask, asked: Asked, after: After) -> None:
    tx.execute(
        approval.insert().values(
            id=new_id(),
            case_id=known.row.id,
            seq=after.seq,
            tier=known.facts.next_tier,
            account_id=asked.caller.account,
            principal_id=move.grant.principal,
            on=asked.today,
            award_fen=after.award,
            content=known.facts.content,
            minutes=move.answers.get("minutes"),
        )
    )


def _void_approvals(tx: sa.Connection, known: Known, move: Move, ask: Ask, asked: Asked, after: After) -> None:
    _take_down(tx, known, move, ask, asked, after)
    live = sa.and_(approval.c.case_id == known.row.id, approval.c.voided_seq.is_(None))
    tx.execute(approval.update().where(live).values(voided_seq=after.seq))


def _payment(tx: sa.Connection, known: Known, move: Move, _ask: Ask, asked: Asked, after: After) -> None:
    tx.execute(
        payment.insert().values(
            id=new_id(),
            case_id=known.row.id,
            fund_id=after.fund_id,
            seq=after.seq,
            fen=after.award,
            method=move.answers["method"],
            bank_account_id=known.bank_account if move.answers["method"] == "bank" else None,
            cash_reason=move.answers.get("cash_reason") if move.answers["method"] == "cash" else None,
            voucher=move.answers["voucher"],
            paid_on=asked.today,
            paid_by=asked.caller.account,
            state="live",
        )
    )


def _live(known: Known) -> sa.ColumnElement[bool]:
    return sa.and_(payment.c.case_id == known.row.id, payment.c.state == "live")


def _payment_returned(tx: sa.Connection, known: Known, move: Move, _ask: Ask, asked: Asked, _after: After) -> None:
    returned = {"state": "returned", "returned_on": asked.today, "returned_code": move.answers["bank_code"]}
    tx.execute(payment.update().where(_live(known)).values(**returned))


def _receipt(tx: sa.Connection, known: Known, move: Move, _ask: Ask, asked: Asked, _after: After) -> None:
    confirmed = {"receipt_on": asked.today, "receipt_evidence": move.answers["evidence"]}
    tx.execute(payment.update().where(_live(known)).values(**confirmed))


def _recall(tx: sa.Connection, known: Known, _move: Move, _ask: Ask, asked: Asked, _after: After) -> None:
    tx.execute(payment.update().where(_live(known)).values(state="recalled", recalled_on=asked.today))


def _nothing_more(tx: sa.Connection, known: Known, move: Move, ask: Ask, asked: Asked, after: After) -> None:
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
}
