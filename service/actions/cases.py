"""The one door through which a case changes state: lock, decide, record."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from service.actions.case_rows import After, Stepped, Taken, content_after, write
from service.actions.records import RECORDERS
from service.actions.rows import Rows
from service.actions.trail import Asked, Stale, Unknown
from service.queries import case_facts, case_needs, funds, policies
from service.queries.case_facts import Known
from workflows import machine
from workflows.facts import Ask, Fund
from workflows.machine import Choice, Move
from workflows.policy import PolicySet
from workflows.programme import Step
from workflows.programmes import PROGRAMMES
from workflows.rules.means import judged
from workflows.terms import Fen, Pot, Record


def take(tx: sa.Connection, case_id: UUID, action: str, answers: Mapping[str, object], asked: Asked) -> Taken:
    """Take one action on one case: lock, decide, record. Never commits.

    Raises Refused with every reason, BadAnswers with every wrong field, Unknown when the caller may not see the
    case, Stale when `asked.version` is behind.
    """
    reads = case_needs.reads(action)
    line = _named_fund(answers) if "named_fund" in reads.parts else None
    known = case_facts.locked(tx, case_id, asked.caller, asked.today, reads, line)
    if known is None:
        raise Unknown
    if asked.version is not None and asked.version != known.row.version:
        raise Stale(asked.version, known.row.version)
    programme = PROGRAMMES[known.row.programme]
    step = programme.step(action, known.row.state)
    policy_id, policy = _policy(tx, known, step, asked)
    known, fund_id = _with_fund(tx, known, step, asked, answers)
    ask = _ask(tx, known, policy, asked, answers)
    move = machine.take(programme, action, ask)
    return _record(tx, known, move, ask, asked, After.of(known.row, policy_id=policy_id, fund_id=fund_id))


def open_to(tx: sa.Connection, case_id: UUID, asked: Asked) -> tuple[Choice, ...]:
    """What the caller may do with a case now, and every reason against the rest. Raises Unknown."""
    known = case_facts.read(tx, case_id, asked.caller, asked.today)
    if known is None:
        raise Unknown
    _, policy = _policy(tx, known, None, asked)
    programme = PROGRAMMES[known.row.programme]
    anew = next((step for step in programme.steps_from(known.row.state) if step.record is Record.AWARD), None)
    in_force = _policy(tx, known, anew, asked)[1] if anew else None
    if known.row.fund:
        met = funds.met(tx, known.row.fund, known.row.unit_path, asked.caller, asked.today)
        known = replace(known, facts=known.facts.but(fund=met))
    return machine.open_to(programme, _ask(tx, known, policy, asked, {}), in_force)


def _policy(tx: sa.Connection, known: Known, step: Step | None, asked: Asked) -> tuple[UUID, PolicySet]:
    """The set a decision cites once there is an award; before that, and for the award itself, the one in force."""
    awarding = step is not None and step.record is Record.AWARD
    if known.row.award_fen is None or awarding:
        sets = [UUID(each) for each in known.row.policies or ()]
        return policies.chosen(tx, sets, known.row.division, asked.today)
    return known.row.policy_set_id, policies.cited(tx, known.row.policy_set_id)


def _with_fund(
    tx: sa.Connection, known: Known, step: Step | None, asked: Asked, answers: Mapping[str, object]
) -> tuple[Known, UUID | None]:
    """The case with its fund: locked when money moves (lock order: case, then fund), named anew by an award."""
    fund_id: UUID | None = known.row.fund_id
    here = (known.row.unit_path, asked.caller, asked.today)
    if step is not None and step.record is Record.AWARD:
        found = funds.open_to(tx, known.row.named_fund, *here)
        return _drawing(known, found), _named_fund(answers) if found else None
    if step is None or step.money is None:
        return known, fund_id
    if fund_id is None:
        return _drawing(known, None), None
    line = funds.met(tx, known.line, *here) if known.line else funds.locked(tx, fund_id, *here)
    return _drawing(known, line), fund_id


def _drawing(known: Known, line: Fund | None) -> Known:
    return replace(known, facts=known.facts.but(fund=line))


def _named_fund(answers: Mapping[str, object]) -> UUID | None:
    try:
        return UUID(str(answers.get("fund")))
    except ValueError:
        return None


def _ask(tx: sa.Connection, known: Known, policy: PolicySet, asked: Asked, answers: Mapping[str, object]) -> Ask:
    named = answers.get("visitors")
    visitors = frozenset(_ids(named)) if isinstance(named, list) else frozenset()
    return Ask(
        actor=asked.caller.actor_over(known.row.unit_path),
        facts=known.facts,
        policy=policy,
        calendar=policies.calendar_of(tx, tuple((year, digest) for year, digest in known.row.calendar or ())),
        today=asked.today,
        answers=answers,
        entitled=known.visitors(visitors),
    )


def _ids(named: list[object]) -> list[UUID]:
    try:
        return [UUID(str(each)) for each in named]
    except ValueError:
        return []


def _record(tx: sa.Connection, known: Known, move: Move, ask: Ask, asked: Asked, after: After) -> Taken:
    """Write what the machine decided: the rows of its record, and case, event, duties, entries and letters with them."""
    record = move.step.record
    after = after.moved(move, ask.today)
    if record is Record.AWARD:
        judgement = judged(ask)
        after = after.awarded(Fen(int(str(move.answers["award"]))), _named_fund(move.answers), judgement)
    if move.postings:
        after = replace(after, outstanding=after.outstanding + _drawn(move))
    step, rows = Stepped(known, move, ask, asked, after, content_after(known, after)), Rows()
    if record is not None:
        RECORDERS[record](step, rows)
    return write(tx, step, rows)


def _drawn(move: Move) -> int:
    """By how much the fen that lie outside `available` on behalf of this case grow with the step."""
    out = sum(posting.fen for posting in move.postings if posting.source is Pot.AVAILABLE)
    back = sum(posting.fen for posting in move.postings if posting.target in {Pot.AVAILABLE, Pot.WRITTEN_OFF})
    return out - back
