"""How a decided step becomes rows: case, event, duties, entries and letters beside what its record leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import post
from service.actions.rows import Rows
from service.actions.trail import Asked, envelope, proofs, sealed_words
from service.chain import link
from service.db import new_id
from service.queries.case_facts import Known, content_of
from service.tables.cases import case, case_duty
from service.tables.events import event, remark
from service.tables.funds import entry
from service.tables.households import household
from service.tables.letters import letter
from workflows.canonical_json import canonical_json
from workflows.facts import Ask
from workflows.judgement import Judgement, as_record
from workflows.machine import Move
from workflows.questions import split_free_words
from workflows.rules.means import judged
from workflows.terms import Fen, Plain, Record


@dataclass(frozen=True, slots=True)
class Opening:
    """A family's request: for whom, for what, how much (fen), and the programme's own form."""

    programme: str
    household_id: UUID
    beneficiary_id: UUID
    item: str
    asked: Fen
    answers: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a step."""

    case_id: UUID
    case_no: str
    state: str
    phase: str
    version: int
    due_on: date | None
    programme: str
    action: str


@dataclass(frozen=True, slots=True)
class After:
    """The case's columns once the step is written."""

    state: str
    phase: str
    seq: int
    entered_on: date
    due_on: date | None
    provisional: bool
    held_until: date | None
    award: int | None
    fund_id: UUID | None
    policy_id: UUID
    category: str | None
    outstanding: int

    @staticmethod
    def of(row: Any, *, policy_id: UUID, fund_id: UUID | None) -> "After":
        """The columns before the step, with the policy it cites and the fund it names."""
        return After(
            state=row.state,
            phase=row.phase,
            seq=row.version + 1,
            entered_on=row.entered_on,
            due_on=row.due_on,
            provisional=row.due_is_provisional,
            held_until=row.held_until,
            award=row.award_fen,
            fund_id=fund_id if row.award_fen is not None else None,
            policy_id=policy_id,
            category=row.category,
            outstanding=row.outstanding_fen,
        )

    def moved(self, move: Move, today: date) -> "After":
        """With the state the step leads to, or held and resumed in place."""
        if move.step.record is Record.HOLD:
            return replace(self, held_until=date.fromisoformat(str(move.answers["until"])))
        if move.step.record is Record.RESUME:
            return replace(self, held_until=None, due_on=move.due_on, provisional=move.due_is_provisional)
        if move.source == move.target:
            return self
        return replace(
            self,
            state=move.target,
            phase=move.phase.value,
            entered_on=today,
            due_on=move.due_on,
            provisional=move.due_is_provisional,
            held_until=None,
        )

    def awarded(self, award: Fen, fund_id: UUID | None, judgement: Judgement | None) -> "After":
        """With the sum, the fund and the category a reviewer proposes."""
        return replace(self, award=award, fund_id=fund_id, category=judgement.category if judgement else None)


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step that was decided: the case as it was, what was asked, the move, and the case's columns after it."""

    known: Known
    move: Move
    ask: Ask
    asked: Asked
    after: After
    content: str
    """What a signature binds, once the step is written."""

    @property
    def answers(self) -> Mapping[str, Plain]:
        """The form, as it was read."""
        return self.move.answers

    @property
    def told(self) -> dict[str, object]:
        """The key of a row that this step makes for its case."""
        return {"id": new_id(), "case_id": self.known.row.id}


def content_after(known: Known, after: After) -> str:
    """What a signature binds after the step: digested anew only where the step changes what was digested before it."""
    stood = known.row
    if (after.award, after.fund_id, after.policy_id, after.category) == (
        stood.award_fen,
        stood.fund_id,
        stood.policy_set_id,
        stood.category,
    ):
        return known.facts.content
    return content_of(stood, after.award, after.fund_id, after.policy_id, after.category)


def write(tx: sa.Connection, step: Stepped, rows: Rows) -> Taken:
    """Write the step beside the rows of its record. The case row is locked: its version and its chain's head are ours."""
    case_id, after = step.known.row.id, step.after
    words, plain = split_free_words(step.move.step.asks, step.answers)
    rows.add(entry, *_entries(step))
    rows.add(letter, *post.owed(step.known, step.move, step.asked))
    rows.add(case_duty, *_duties(step))
    rows.add(remark, *sealed_words(case_id, after.seq, words, step.asked))
    columns = _columns(after)
    rows.done(
        case, {"id": case_id} | {name: new for name, new in columns.items() if new != getattr(step.known.row, name)}
    )
    body = canonical_json(_body(step, words, plain, rows))
    head = link(bytes(step.known.row.head_hash), body)
    rows.add(event, _event(step, body, head))
    rows.change(case, {"id": case_id, **columns, "head_hash": head})
    if step.move.postings:
        rows.change(household, {"id": step.known.row.household_id, "given": step.known.row.given + 1})
    rows.write(tx)
    what = (step.known.row.programme, step.move.step.action)
    return Taken(case_id, step.known.row.case_no, after.state, after.phase, after.seq, after.due_on, *what)


def _entries(step: Stepped) -> list[dict[str, object]]:
    here = {"fund_id": step.after.fund_id, "subject_id": step.known.row.id, "case_id": step.known.row.id}
    when = {"seq": step.after.seq, "on": step.asked.today, "at": step.asked.at}
    return [
        {
            "id": new_id(),
            "source_pot": each.source.value,
            "target_pot": each.target.value,
            "fen": each.fen,
            **here,
            **when,
        }
        for each in step.move.postings
    ]


def _event(step: Stepped, body: str, head: bytes) -> dict[str, object]:
    who = {"actor_id": step.asked.caller.account, "principal_id": step.move.grant.principal}
    what = {"action": step.move.step.action, "from_state": step.move.source, "to_state": step.after.state}
    chained = {"body": body, "prev": bytes(step.known.row.head_hash), "hash": head}
    where = {"subject_id": step.known.row.id, "seq": step.after.seq, "subject": "case"}
    return {**where, **what, **who, "on": step.asked.today, "at": step.asked.at, **chained}


def _columns(after: After) -> dict[str, object]:
    """The case's columns by their own names."""
    return {column: getattr(after, name) for column, name in COLUMNS.items()}


COLUMNS: Mapping[str, str] = {
    "state": "state",
    "phase": "phase",
    "version": "seq",
    "entered_on": "entered_on",
    "due_on": "due_on",
    "due_is_provisional": "provisional",
    "held_until": "held_until",
    "award_fen": "award",
    "fund_id": "fund_id",
    "policy_set_id": "policy_id",
    "category": "category",
    "outstanding_fen": "outstanding",
}
"""Columns of the case that a step may change, and where After keeps them."""


def _duties(step: Stepped) -> list[dict[str, object]]:
    """Who did what by this step, unless he is already known to have done it."""
    if step.move.duty is None:
        return []
    went = step.ask.went if step.move.step.record is Record.VISIT else frozenset()
    people = step.ask.actor.people(step.move.grant) | went
    done = {(duty, person) for duty, person, _ in step.known.row.duties or ()}
    new = [each for each in sorted(people, key=str) if (step.move.duty.value, str(each)) not in done]
    here = {"case_id": step.known.row.id, "duty": step.move.duty.value, "seq": step.after.seq}
    return [{**here, "account_id": each} for each in new]


def _body(step: Stepped, words: dict[str, str], plain: dict[str, Plain], rows: Rows) -> dict[str, Plain]:
    move, after, ask = step.move, step.after, step.ask
    body = envelope("case", step.known.row.id, after.seq, move.step.action, step.asked)
    body["from"], body["to"] = move.source, move.target
    body["principal"] = str(move.grant.principal) if move.grant.principal else None
    body["answers"], body["words"] = plain, proofs(words, step.asked.ring)
    body["policy"] = {"id": str(after.policy_id), "digest": ask.policy.digest}
    body["content"], body["award"] = step.content, after.award
    body["entries"] = [_told(each, "id", "source_pot", "target_pot", "fen") for each in rows.added.get("entry", ())]
    body["letters"] = [f"{each['kind']}/{each['channel']}" for each in rows.added.get("letter", ())]
    body["duties"] = [_told(each, "duty", "account_id") for each in rows.added.get("case_duty", ())]
    body["rows"] = rows.fingerprints()
    judgement = judged(ask) if move.step.record in {Record.AWARD, Record.APPROVAL} else None
    body["judgement"] = as_record(judgement) if judgement else None
    return body


def _told(row: Mapping[str, object], *names: str) -> dict[str, Plain]:
    """Some columns of a row as an event tells them."""
    return {name: value if isinstance(value := row[name], int) else str(value) for name in names}
