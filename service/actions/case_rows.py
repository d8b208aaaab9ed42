"""How a decided step becomes rows: case, event, duties, entries and letters in one data-modifying statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import post
from service.actions.trail import Asked, envelope, proofs, seal_words
from service.chain import canonical, link
from service.db import new_id
from service.queries.case_facts import Known, content_of
from workflows.facts import Ask
from workflows.judgement import Judgement, as_record
from workflows.machine import Move
from workflows.questions import Kind
from workflows.rules.means import judged
from workflows.terms import Fen, Plain, Record

_WRITE = sa.text("""
WITH moved AS (
    UPDATE "case" SET state = :state, phase = :phase, version = :seq, entered_on = :entered_on, due_on = :due_on,
        due_is_provisional = :provisional, held_until = :held_until, award_fen = :award, fund_id = :fund_id,
        policy_set_id = :policy_id, category = :category, outstanding_fen = :outstanding, head_hash = :hash
    WHERE id = :case_id AND version = :seq - 1 RETURNING id
), happened AS (
    INSERT INTO event (subject_id, seq, subject, action, from_state, to_state, actor_id, principal_id, "on", at,
        body, prev, hash)
    SELECT id, :seq, 'case', :action, :source, :state, :actor, :principal, :today, :at, :body, :prev, :hash FROM moved
), did AS (
    INSERT INTO case_duty (case_id, duty, account_id, seq)
    SELECT :case_id, duty, account_id, :seq FROM jsonb_to_recordset(:duties) AS d (duty text, account_id uuid)
    ON CONFLICT DO NOTHING
), posted AS (
    INSERT INTO entry (id, fund_id, subject_id, seq, case_id, source_pot, target_pot, fen, "on", at)
    SELECT id, :fund_id, :case_id, :seq, :case_id, source_pot, target_pot, fen, :today, :at
    FROM jsonb_to_recordset(:entries) AS e (id uuid, source_pot text, target_pot text, fen bigint)
), owed AS (
    INSERT INTO letter (id, subject_id, seq, case_id, kind, channel, account_id, person_id, "on", not_before, created_at)
    SELECT id, :case_id, :seq, :case_id, kind, channel, account_id, person_id, :today, now(), now()
    FROM jsonb_to_recordset(:letters) AS l (id uuid, kind text, channel text, account_id uuid, person_id uuid)
)
SELECT count(*) FROM moved
""")


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
    content: str

    @staticmethod
    def of(row: sa.Row[Any], *, policy_id: UUID, fund_id: UUID | None) -> "After":
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
            content=content_of(row, row.award_fen, fund_id, policy_id, row.category),
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

    def awarded(self, row: sa.Row[Any], award: Fen, fund_id: UUID | None, judgement: Judgement | None) -> "After":
        """With the sum, the fund and the category a reviewer proposes; the content is digested anew."""
        category = judgement.category if judgement else None
        content = content_of(row, award, fund_id, self.policy_id, category)
        return replace(self, award=award, fund_id=fund_id, category=category, content=content)


def write(tx: sa.Connection, known: Known, move: Move, ask: Ask, asked: Asked, after: After) -> Taken:
    """Write the step. The case row is locked, so its version and the head of its chain are ours."""
    case_id, words = known.row.id, _words(move)
    entries = [
        {"id": str(new_id()), "source_pot": each.source.value, "target_pot": each.target.value, "fen": each.fen}
        for each in move.postings
    ]
    letters = post.owed(tx, known, move, asked)
    duties = _duties(move, ask)
    body = canonical(_body(known, move, ask, asked, after, words, entries, letters, duties))
    prev = bytes(known.row.head_hash)
    listed = {"duties": json.dumps(duties), "entries": json.dumps(entries), "letters": json.dumps(letters)}
    chained = {"body": body, "prev": prev, "hash": link(prev, body)}
    tx.execute(_WRITE, {**_columns(after), **_who_and_when(known, move, asked), **chained, **listed})
    seal_words(tx, case_id, after.seq, words, asked)
    return Taken(case_id, known.row.case_no, after.state, after.phase, after.seq, after.due_on)


def _who_and_when(known: Known, move: Move, asked: Asked) -> dict[str, object]:
    who = {"actor": asked.caller.account, "principal": move.grant.principal}
    what = {"case_id": known.row.id, "action": move.step.action, "source": move.source}
    return {**what, **who, "today": asked.today, "at": asked.at}


def _columns(after: After) -> dict[str, object]:
    names = ("state", "phase", "seq", "entered_on", "due_on", "provisional", "held_until", "award", "fund_id")
    return {name: getattr(after, name) for name in (*names, "policy_id", "category", "outstanding")}


def _words(move: Move) -> dict[str, str]:
    """The free words of the form: they are sealed, and the event keeps only their fingerprint."""
    kinds = {question.key: question.kind for question in move.step.asks}
    return {key: str(value) for key, value in move.answers.items() if kinds[key] is Kind.TEXT}


def _duties(move: Move, ask: Ask) -> list[dict[str, str]]:
    if move.duty is None:
        return []
    people = ask.actor.people(move.grant) | (ask.accounts("visitors") if move.step.record is Record.VISIT else set())
    return [{"duty": move.duty.value, "account_id": str(person)} for person in sorted(people, key=str)]


def _body(
    known: Known,
    move: Move,
    ask: Ask,
    asked: Asked,
    after: After,
    words: dict[str, str],
    entries: list[dict[str, Any]],
    letters: list[dict[str, Any]],
    duties: list[dict[str, str]],
) -> dict[str, Plain]:
    body = envelope("case", known.row.id, after.seq, move.step.action, asked)
    body["from"], body["to"] = move.source, move.target
    body["principal"] = str(move.grant.principal) if move.grant.principal else None
    body["answers"] = {key: value for key, value in move.answers.items() if key not in words}
    body["words"] = proofs(words, asked.ring)
    body["policy"] = {"id": str(after.policy_id), "digest": ask.policy.digest}
    body["content"], body["award"] = after.content, after.award
    body["entries"] = [dict(each) for each in entries]
    body["letters"] = [f"{each['kind']}/{each['channel']}" for each in letters]
    body["duties"] = [dict(each) for each in duties]
    judgement = judged(ask) if move.step.record in {Record.AWARD, Record.APPROVAL} else None
    body["judgement"] = as_record(judgement) if judgement else None
    return body
