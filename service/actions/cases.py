"""Takes actions on cases: loads, decides and writes, for one case or many. Nothing else changes a case."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from service.actions import case_writer
from service.actions.case_update import next_version
from service.actions.context import ActionContext
from service.actions.decided_step import DecidedStep
from service.actions.errors import NotFound, VersionConflict, refusal_of
from service.actions.fund_balances import FundBalances
from service.actions.step_records import step_record
from service.actions.step_result import StepResult
from service.queries import policies
from service.queries.case_loading import load
from service.queries.case_loading.loaded_case import LoadedCase
from service.queries.case_loading.plan import plan_for
from workflows import state_machine
from workflows.assessment import as_record
from workflows.facts import Facts, RuleInput
from workflows.policy import NoPolicy, PoliciesOverlap, PolicySet
from workflows.programme import Step
from workflows.programmes import PROGRAMMES
from workflows.rules.means_test import assessed, award_limits
from workflows.state_machine import AvailableAction
from workflows.step_input import first_decision
from workflows.vocabulary import InvalidForm, Plain, Reason, Refused
from workflows.workdays import Calendar, CalendarUnknown

Form: TypeAlias = Mapping[str, object]
"""The answers of an action's form, as they were given."""

Outcome: TypeAlias = StepResult | Refused | InvalidForm | NotFound
"""What became of one case of a batch."""


def take_action(conn: sa.Connection, case_id: UUID, action: str, form: Form, context: ActionContext) -> StepResult:
    """Take one action on one case. Never commits.

    Raises Refused with every reason, InvalidForm with every wrong field, NotFound when the caller may not see the
    case, VersionConflict when `context.version` is behind.
    """
    plan = plan_for(action)
    named = _named_fund(form) if "named_fund" in plan.facts else None
    loaded = load.load_locked(conn, case_id, context.caller, context.today, plan, named, _visited_on(form))
    if loaded is None:
        raise NotFound
    if context.version is not None and context.version != loaded.row.version:
        raise VersionConflict(context.version, loaded.row.version)
    step = _decide(conn, loaded, action, form, context, FundBalances(conn, context, {}))
    return case_writer.write(conn, [step])[0]


def take_action_on_many(
    conn: sa.Connection, case_ids: Iterable[UUID], action: str, form: Form, context: ActionContext
) -> list[Outcome]:
    """Take one action with one form on many cases; return what became of each, in the order given. Never commits.

    Each case is judged alone: a refused one leaves the others as they are. A case named twice is taken once. Cases of
    one household or one beneficiary are taken one after the other, so that each is judged knowing the earlier ones.
    Raises ValueError for a context with a version, which is that of one case.
    """
    if context.version is not None:
        raise ValueError("a batch has no version: each case has its own")
    wanted = list(dict.fromkeys(case_ids))
    keys = load.lock_cases(conn, wanted, context.caller)
    funds = load.lock_funds(conn, (key.fund_id for key in keys if key.fund_id)) if plan_for(action).money else {}
    balances = FundBalances(conn, context, funds)
    outcomes: dict[UUID, Outcome] = {}
    for group in _independent(keys):
        outcomes |= _take_group(conn, group, action, form, context, balances)
    return [outcomes.get(case_id, NotFound()) for case_id in wanted]


def _independent(keys: list[Any]) -> Iterator[list[UUID]]:
    """Yield groups of cases of which no two share a household or a beneficiary."""
    while keys:
        group, later, taken = list[Any](), list[Any](), set[object]()
        for key in keys:
            shared = {key.household_id, key.beneficiary_id, bytes(key.id_no_index) if key.id_no_index else None}
            shared.discard(None)
            (later if shared & taken else group).append(key)
            taken |= shared
        yield [key.id for key in group]
        keys = later


def _take_group(
    conn: sa.Connection, case_ids: list[UUID], action: str, form: Form, context: ActionContext, balances: FundBalances
) -> dict[UUID, Outcome]:
    plan = plan_for(action)
    named = _named_fund(form) if "named_fund" in plan.facts else None
    cases = load.load_many(conn, case_ids, context.caller, context.today, plan, named, _visited_on(form))
    outcomes: dict[UUID, Outcome] = {}
    steps: list[DecidedStep] = []
    for case_id in case_ids:
        try:
            step = _decide(conn, cases[case_id], action, form, context, balances)
        except (Refused, InvalidForm) as refusal:
            outcomes[case_id] = refusal
        except (NoPolicy, PoliciesOverlap, CalendarUnknown) as error:
            outcomes[case_id] = _refusal(error)
        else:
            balances.note_drawn(step.loaded, step.transition)
            steps.append(step)
    return outcomes | _write_group(conn, steps)


def _write_group(conn: sa.Connection, steps: list[DecidedStep]) -> dict[UUID, Outcome]:
    """Write the steps together; where the database refuses one of them, write each alone."""
    if not steps:
        return {}
    try:
        with conn.begin_nested():
            return {result.case_id: result for result in case_writer.write(conn, steps)}
    except (sa.exc.IntegrityError, CalendarUnknown) as error:
        if len(steps) == 1:
            return {steps[0].loaded.row.id: _refusal(error)}
    outcomes: dict[UUID, Outcome] = {}
    for step in steps:
        outcomes |= _write_group(conn, [step])
    return outcomes


def _refusal(error: NoPolicy | PoliciesOverlap | CalendarUnknown | sa.exc.IntegrityError) -> Refused:
    """Return an error of one case of a batch as the refusal that the JSON API gives for it."""
    match error:
        case sa.exc.IntegrityError():
            return refusal_of(error)
        case CalendarUnknown():
            return Refused(Reason.of("calendar_unknown", year=error.year))
        case PoliciesOverlap():
            return Refused(Reason.of("policies_overlap", policies=list(error.keys)))
    return Refused(Reason.of("no_policy"))


def available_actions(conn: sa.Connection, case_id: UUID, context: ActionContext) -> tuple[AvailableAction, ...]:
    """Return what the caller may do with a case now, and every reason against the rest. Raises NotFound."""
    loaded = _look_at(conn, case_id, context)
    award = _award_step(loaded)
    in_force = _policy(conn, loaded, award, context)[1] if award else None
    programme = PROGRAMMES[loaded.row.programme]
    return state_machine.available_actions(programme, unfilled_input(conn, loaded, context), in_force)


def assess_today(
    conn: sa.Connection, case_id: UUID, context: ActionContext
) -> tuple[dict[str, Plain] | None, dict[str, Any]]:
    """Return a case's assessment as it would be today, and the limits of its award. Raises NotFound.

    The assessment is None without finances on file or a 低保 line. A case that waits for its award is assessed under
    the policy set in force, another one under the set that it cites.
    """
    loaded = _look_at(conn, case_id, context)
    policy = _policy(conn, loaded, _award_step(loaded), context)[1]
    rule_input = _rule_input(loaded, loaded.facts, policy, _calendar(conn, loaded), {}, context)
    need = assessed(rule_input)
    return (as_record(need) if need else None), asdict(award_limits(rule_input))


def _look_at(conn: sa.Connection, case_id: UUID, context: ActionContext) -> LoadedCase:
    loaded = load.load_case(conn, case_id, context.caller, context.today)
    if loaded is None:
        raise NotFound
    return loaded


def _award_step(loaded: LoadedCase) -> Step | None:
    """Return the step from the case's state that sets the award and names its fund line, if there is one."""
    steps = PROGRAMMES[loaded.row.programme].steps_from(loaded.row.state)
    return next((step for step in steps if step.kind.names_fund), None)


def unfilled_input(conn: sa.Connection, loaded: LoadedCase, context: ActionContext) -> RuleInput:
    """Return what the rules read of a case loaded with every fact, before a form is filled in."""
    row, facts = loaded.row, loaded.facts
    if row.fund is not None and row.fund_id is not None:
        facts = facts.replace(fund=FundBalances(conn, context, {row.fund_id: row.fund}).own(loaded))
    policy = _policy(conn, loaded, None, context)[1]
    return _rule_input(loaded, facts, policy, _calendar(conn, loaded), {}, context)


def _decide(
    conn: sa.Connection, loaded: LoadedCase, action: str, form: Form, context: ActionContext, balances: FundBalances
) -> DecidedStep:
    """Decide one step of a loaded case. Raises what take_action() raises."""
    row = loaded.row
    programme = PROGRAMMES[row.programme]
    step = programme.step(action, row.state)
    policy_set_id, policy = _policy(conn, loaded, step, context)
    calendar = _calendar(conn, loaded)
    awards = step is not None and step.kind.names_fund
    decided_on = (first_decision(context.today, policy, calendar) if awards else None) or context.today
    facts, fund_id = _with_fund(loaded, step, form, balances, decided_on)
    rule_input = _rule_input(loaded, facts, policy, calendar, form, context)
    transition = state_machine.decide(programme, action, rule_input)
    assessment = assessed(rule_input) if transition.step.kind.stores_assessment else None
    before = next_version(row, policy_set_id=policy_set_id, fund_id=fund_id)
    update = step_record(transition.step.record).update(before, transition, context.today, assessment)
    return DecidedStep(loaded, transition, rule_input, context, update, assessment, update.digest(loaded))


def _policy(
    conn: sa.Connection, loaded: LoadedCase, step: Step | None, context: ActionContext
) -> tuple[UUID, PolicySet]:
    """Return the set the case cites once it has an award; before that, and for the award itself, the one in force.

    The set in force is that of the day of the step: the opening and the fieldwork go by the rules of their days, the
    award by those of the review, which the notice shows and the decision cites.
    """
    if loaded.row.award_fen is None or (step is not None and step.kind.names_fund):
        sets = [UUID(each) for each in loaded.row.policies or ()]
        return policies.governing_set(conn, sets, loaded.row.division, context.today)
    return loaded.row.policy_set_id, policies.policy_by_id(conn, loaded.row.policy_set_id)


def _with_fund(
    loaded: LoadedCase, step: Step | None, form: Form, balances: FundBalances, decided_on: date
) -> tuple[Facts, UUID | None]:
    """Return the facts with the fund line the step uses, and the line the case names after the step.

    A line that is named at review is one that the unit may use on the first day of the decision.
    """
    if step is not None and step.kind.names_fund:
        named = balances.named(loaded, decided_on)
        return loaded.facts.replace(fund=named), _named_fund(form) if named else None
    if step is not None and step.money is not None:
        return loaded.facts.replace(fund=balances.own(loaded)), loaded.row.fund_id
    return loaded.facts, loaded.row.fund_id


def _named_fund(form: Form) -> UUID | None:
    try:
        return UUID(str(form.get("fund")))
    except ValueError:
        return None


def _visited_on(form: Form) -> date | None:
    """Return the day of the visit that the form records, if it can be read."""
    try:
        return date.fromisoformat(str(form.get("on")))
    except ValueError:
        return None


def _calendar(conn: sa.Connection, loaded: LoadedCase) -> Calendar:
    return policies.calendar_of(conn, tuple((year, digest) for year, digest in loaded.row.calendar or ()))


def _rule_input(
    loaded: LoadedCase, facts: Facts, policy: PolicySet, calendar: Calendar, form: Form, context: ActionContext
) -> RuleInput:
    row, visitors = loaded.row, form.get("visitors")
    return RuleInput(
        actor=context.caller.actor_over(row.unit_path),
        facts=facts,
        policy=policy,
        calendar=calendar,
        today=context.today,
        answers=form,
        eligible_visitors=loaded.eligible_visitors(frozenset(_ids(visitors) if isinstance(visitors, list) else ())),
    )


def _ids(texts: list[object]) -> list[UUID]:
    try:
        return [UUID(str(each)) for each in texts]
    except ValueError:
        return []
