"""The one door through which a case changes state: lock, decide, record."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from service.actions.case_writer import CaseUpdate, DecidedStep, StepResult, digest_after, write_step
from service.actions.context import ActionContext
from service.actions.errors import NotFound, VersionConflict
from service.actions.step_records import RECORDERS
from service.actions.write_batch import WriteBatch
from service.queries import funds, policies
from service.queries.case_loading import load, plan
from service.queries.case_loading.load import LoadedCase
from workflows import state_machine
from workflows.facts import Fund, RuleInput
from workflows.policy import PolicySet
from workflows.programme import Step
from workflows.programmes import PROGRAMMES
from workflows.rules.means_test import assessed
from workflows.state_machine import AvailableAction, Transition
from workflows.vocabulary import Fen, Pot, Record


def take_action(
    conn: sa.Connection, case_id: UUID, action: str, answers: Mapping[str, object], context: ActionContext
) -> StepResult:
    """Take one action on one case: lock, decide, record. Never commits.

    Raises Refused with every reason, BadAnswers with every wrong field, Unknown when the caller may not see the
    case, Stale when `asked.version` is behind.
    """
    reads = plan.plan_for(action)
    line = _named_fund(answers) if "named_fund" in reads.parts else None
    known = load.load_locked(conn, case_id, context.caller, context.today, reads, line)
    if known is None:
        raise NotFound
    if context.version is not None and context.version != known.row.version:
        raise VersionConflict(context.version, known.row.version)
    programme = PROGRAMMES[known.row.programme]
    step = programme.step(action, known.row.state)
    policy_id, policy = _policy(conn, known, step, context)
    known, fund_id = _with_fund(conn, known, step, context, answers)
    ask = _ask(conn, known, policy, context, answers)
    move = state_machine.decide(programme, action, ask)
    return _record(conn, known, move, ask, context, CaseUpdate.of(known.row, policy_id=policy_id, fund_id=fund_id))


def available_actions(conn: sa.Connection, case_id: UUID, context: ActionContext) -> tuple[AvailableAction, ...]:
    """What the caller may do with a case now, and every reason against the rest. Raises Unknown."""
    known = load.load_case(conn, case_id, context.caller, context.today)
    if known is None:
        raise NotFound
    _, policy = _policy(conn, known, None, context)
    programme = PROGRAMMES[known.row.programme]
    anew = next((step for step in programme.steps_from(known.row.state) if step.record is Record.AWARD), None)
    in_force = _policy(conn, known, anew, context)[1] if anew else None
    if known.row.fund:
        met = funds.fund_for_unit(conn, known.row.fund, known.row.unit_path, context.caller, context.today)
        known = replace(known, facts=known.facts.replace(fund=met))
    return state_machine.available_actions(programme, _ask(conn, known, policy, context, {}), in_force)


def _policy(
    conn: sa.Connection, loaded: LoadedCase, step: Step | None, context: ActionContext
) -> tuple[UUID, PolicySet]:
    """The set a decision cites once there is an award; before that, and for the award itself, the one in force."""
    awarding = step is not None and step.record is Record.AWARD
    if loaded.row.award_fen is None or awarding:
        sets = [UUID(each) for each in loaded.row.policies or ()]
        return policies.governing_set(conn, sets, loaded.row.division, context.today)
    return loaded.row.policy_set_id, policies.policy_by_id(conn, loaded.row.policy_set_id)


def _with_fund(
    conn: sa.Connection, loaded: LoadedCase, step: Step | None, context: ActionContext, answers: Mapping[str, object]
) -> tuple[LoadedCase, UUID | None]:
    """The case with its fund: locked when money moves (lock order: case, then fund), named anew by an award."""
    fund_id: UUID | None = loaded.row.fund_id
    here = (loaded.row.unit_path, context.caller, context.today)
    if step is not None and step.record is Record.AWARD:
        found = funds.usable_fund(conn, loaded.row.named_fund, *here)
        return _drawing(loaded, found), _named_fund(answers) if found else None
    if step is None or step.money is None:
        return loaded, fund_id
    if fund_id is None:
        return _drawing(loaded, None), None
    line = funds.fund_for_unit(conn, loaded.line, *here) if loaded.line else funds.lock_fund(conn, fund_id, *here)
    return _drawing(loaded, line), fund_id


def _drawing(loaded: LoadedCase, line: Fund | None) -> LoadedCase:
    return replace(loaded, facts=loaded.facts.replace(fund=line))


def _named_fund(answers: Mapping[str, object]) -> UUID | None:
    try:
        return UUID(str(answers.get("fund")))
    except ValueError:
        return None


def _ask(
    conn: sa.Connection, loaded: LoadedCase, policy: PolicySet, context: ActionContext, answers: Mapping[str, object]
) -> RuleInput:
    named = answers.get("visitors")
    visitors = frozenset(_ids(named)) if isinstance(named, list) else frozenset()
    return RuleInput(
        actor=context.caller.actor_over(loaded.row.unit_path),
        facts=loaded.facts,
        policy=policy,
        calendar=policies.calendar_of(conn, tuple((year, digest) for year, digest in loaded.row.calendar or ())),
        today=context.today,
        answers=answers,
        eligible_visitors=loaded.visitors(visitors),
    )


def _ids(named: list[object]) -> list[UUID]:
    try:
        return [UUID(str(each)) for each in named]
    except ValueError:
        return []


def _record(
    conn: sa.Connection,
    loaded: LoadedCase,
    transition: Transition,
    rule_input: RuleInput,
    context: ActionContext,
    after: CaseUpdate,
) -> StepResult:
    """Write what the machine decided: the rows of its record, and case, event, duties, entries and notifications with them."""
    record = transition.step.record
    after = after.moved(transition, rule_input.today)
    if record is Record.AWARD:
        assessment = assessed(rule_input)
        after = after.awarded(Fen(int(str(transition.answers["award"]))), _named_fund(transition.answers), assessment)
    if transition.postings:
        after = replace(after, outstanding=after.outstanding + _drawn(transition))
    step, batch = DecidedStep(loaded, transition, rule_input, context, after, digest_after(loaded, after)), WriteBatch()
    if record is not None:
        RECORDERS[record](step, batch)
    return write_step(conn, step, batch)


def _drawn(transition: Transition) -> int:
    """By how much the fen that lie outside `available` on behalf of this case grow with the step."""
    out = sum(posting.fen for posting in transition.postings if posting.source is Pot.AVAILABLE)
    back = sum(posting.fen for posting in transition.postings if posting.target in {Pot.AVAILABLE, Pot.WRITTEN_OFF})
    return out - back
