"""How a decided step becomes rows: case, event, duties, entries and notifications beside what its record leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import notify
from service.actions.context import ActionContext
from service.actions.event_log import event_envelope, remark_fingerprints, remark_rows
from service.actions.write_batch import WriteBatch
from service.crypto.hash_chain import event_hash
from service.db.columns import new_id
from service.queries.case_loading.load import LoadedCase, content_of
from service.tables.cases import case, case_duty
from service.tables.events import event, sealed_remark
from service.tables.households import household
from service.tables.ledger import ledger_entry
from service.tables.notifications import notification
from workflows.assessment import Assessment, as_record
from workflows.canonical_json import canonical_json
from workflows.facts import RuleInput
from workflows.form_fields import split_free_words
from workflows.rules.means_test import assessed
from workflows.state_machine import Transition
from workflows.vocabulary import Fen, Plain, Record


@dataclass(frozen=True, slots=True)
class CaseApplication:
    """A family's request: for whom, for what, how much (fen), and the programme's own form."""

    programme: str
    household_id: UUID
    beneficiary_id: UUID
    item: str
    requested: Fen
    answers: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StepResult:
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
class CaseUpdate:
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
    def of(row: Any, *, policy_id: UUID, fund_id: UUID | None) -> "CaseUpdate":
        """The columns before the step, with the policy it cites and the fund it names."""
        return CaseUpdate(
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

    def moved(self, transition: Transition, today: date) -> "CaseUpdate":
        """With the state the step leads to, or held and resumed in place."""
        if transition.step.record is Record.HOLD:
            return replace(self, held_until=date.fromisoformat(str(transition.answers["until"])))
        if transition.step.record is Record.RESUME:
            return replace(self, held_until=None, due_on=transition.due_on, provisional=transition.due_is_provisional)
        if transition.source == transition.target:
            return self
        return replace(
            self,
            state=transition.target,
            phase=transition.phase.value,
            entered_on=today,
            due_on=transition.due_on,
            provisional=transition.due_is_provisional,
            held_until=None,
        )

    def awarded(self, award: Fen, fund_id: UUID | None, assessment: Assessment | None) -> "CaseUpdate":
        """With the sum, the fund and the category a reviewer proposes."""
        return replace(self, award=award, fund_id=fund_id, category=assessment.category if assessment else None)


@dataclass(frozen=True, slots=True)
class DecidedStep:
    """A step that was decided: the case as it was, what was asked, the move, and the case's columns after it."""

    loaded: LoadedCase
    transition: Transition
    rule_input: RuleInput
    context: ActionContext
    after: CaseUpdate
    content: str
    """What a signature binds, once the step is written."""

    @property
    def answers(self) -> Mapping[str, Plain]:
        """The form, as it was read."""
        return self.transition.answers

    @property
    def told(self) -> dict[str, object]:
        """The key of a row that this step makes for its case."""
        return {"id": new_id(), "case_id": self.loaded.row.id}


def digest_after(loaded: LoadedCase, after: CaseUpdate) -> str:
    """What a signature binds after the step: digested anew only where the step changes what was digested before it."""
    stood = loaded.row
    if (after.award, after.fund_id, after.policy_id, after.category) == (
        stood.award_fen,
        stood.fund_id,
        stood.policy_set_id,
        stood.category,
    ):
        return loaded.facts.content
    return content_of(stood, after.award, after.fund_id, after.policy_id, after.category)


def write_step(conn: sa.Connection, step: DecidedStep, batch: WriteBatch) -> StepResult:
    """Write the step beside the rows of its record. The case row is locked: its version and its chain's head are ours."""
    case_id, after = step.loaded.row.id, step.after
    words, plain = split_free_words(step.transition.step.form, step.answers)
    batch.add(ledger_entry, *_entries(step))
    batch.add(notification, *notify.notifications_for(step.loaded, step.transition, step.context))
    batch.add(case_duty, *_duties(step))
    batch.add(sealed_remark, *remark_rows(case_id, after.seq, words, step.context))
    columns = _columns(after)
    batch.note_updated(
        case, {"id": case_id} | {name: new for name, new in columns.items() if new != getattr(step.loaded.row, name)}
    )
    body = canonical_json(_body(step, words, plain, batch))
    head = event_hash(bytes(step.loaded.row.head_hash), body)
    batch.add(event, _event(step, body, head))
    batch.change(case, {"id": case_id, **columns, "head_hash": head})
    if step.transition.postings:
        batch.change(household, {"id": step.loaded.row.household_id, "aid_version": step.loaded.row.aid_version + 1})
    batch.write(conn)
    what = (step.loaded.row.programme, step.transition.step.action)
    return StepResult(case_id, step.loaded.row.case_no, after.state, after.phase, after.seq, after.due_on, *what)


def _entries(step: DecidedStep) -> list[dict[str, object]]:
    here = {"fund_id": step.after.fund_id, "subject_id": step.loaded.row.id, "case_id": step.loaded.row.id}
    when = {"seq": step.after.seq, "on": step.context.today, "at": step.context.at}
    return [
        {
            "id": new_id(),
            "source_pot": each.source.value,
            "target_pot": each.target.value,
            "fen": each.fen,
            **here,
            **when,
        }
        for each in step.transition.postings
    ]


def _event(step: DecidedStep, body: str, head: bytes) -> dict[str, object]:
    who = {"actor_id": step.context.caller.account, "principal_id": step.transition.grant.principal}
    what = {"action": step.transition.step.action, "from_state": step.transition.source, "to_state": step.after.state}
    chained = {"body": body, "prev": bytes(step.loaded.row.head_hash), "hash": head}
    where = {"subject_id": step.loaded.row.id, "seq": step.after.seq, "subject": "case"}
    return {**where, **what, **who, "on": step.context.today, "at": step.context.at, **chained}


def _columns(after: CaseUpdate) -> dict[str, object]:
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


def _duties(step: DecidedStep) -> list[dict[str, object]]:
    """Who did what by this step, unless he is already known to have done it."""
    if step.transition.duty is None:
        return []
    went = step.rule_input.visitors_and_principals if step.transition.step.record is Record.VISIT else frozenset()
    people = step.rule_input.actor.people(step.transition.grant) | went
    done = {(duty, person) for duty, person, _ in step.loaded.row.duties or ()}
    new = [each for each in sorted(people, key=str) if (step.transition.duty.value, str(each)) not in done]
    here = {"case_id": step.loaded.row.id, "duty": step.transition.duty.value, "seq": step.after.seq}
    return [{**here, "account_id": each} for each in new]


def _body(step: DecidedStep, words: dict[str, str], plain: dict[str, Plain], batch: WriteBatch) -> dict[str, Plain]:
    move, after, ask = step.transition, step.after, step.rule_input
    body = event_envelope("case", step.loaded.row.id, after.seq, move.step.action, step.context)
    body["from"], body["to"] = move.source, move.target
    body["principal"] = str(move.grant.principal) if move.grant.principal else None
    body["answers"], body["words"] = plain, remark_fingerprints(words, step.context.keyring)
    body["policy"] = {"id": str(after.policy_id), "digest": ask.policy.digest}
    body["content"], body["award"] = step.content, after.award
    body["entries"] = [
        _told(each, "id", "source_pot", "target_pot", "fen") for each in batch.added.get("ledger_entry", ())
    ]
    body["notifications"] = [f"{each['kind']}/{each['channel']}" for each in batch.added.get("notification", ())]
    body["duties"] = [_told(each, "duty", "account_id") for each in batch.added.get("case_duty", ())]
    body["rows"] = batch.fingerprints()
    assessment = assessed(ask) if move.step.record in {Record.AWARD, Record.APPROVAL} else None
    body["assessment"] = as_record(assessment) if assessment else None
    return body


def _told(row: Mapping[str, object], *names: str) -> dict[str, Plain]:
    """Some columns of a row as an event tells them."""
    return {name: value if isinstance(value := row[name], int) else str(value) for name in names}
