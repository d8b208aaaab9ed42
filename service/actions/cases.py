"""Takes actions on cases: loads, decides and writes, for one case or many. Nothing else changes a case."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from service.actions import case_writer, proofs
from service.actions.case_input import (
    Form,
    calendar_for,
    named_fund,
    policy_for,
    rule_input_of,
    unfilled_input,
    visited_on,
    with_fund,
)
from service.actions.case_update import next_version
from service.actions.context import ActionContext
from service.actions.decided_step import DecidedStep
from service.actions.errors import NotFound, VersionConflict, refusal_of
from service.actions.fund_balances import FundBalances
from service.actions.named_reasons import named_actions, named_reasons
from service.actions.step_records import step_record
from service.actions.step_result import StepResult
from service.queries import accounts
from service.queries.accounts import StaffMember
from service.queries.case_loading import load
from service.queries.case_loading.loaded_case import LoadedCase
from service.queries.case_loading.plan import plan_for
from workflows import state_machine
from workflows.able_people import able_people
from workflows.assessment import as_record
from workflows.awaited_steps import is_awaited
from workflows.facts import RuleInput
from workflows.policy import NoPolicy, PoliciesOverlap, PolicySet
from workflows.programme import Step
from workflows.programmes import PROGRAMMES
from workflows.rules.means_test import assessed, award_limits
from workflows.state_machine import AvailableAction
from workflows.step_input import first_decision
from workflows.vocabulary import InvalidForm, Plain, Reason, Refused
from workflows.workdays import CalendarUnknown

Outcome: TypeAlias = StepResult | Refused | InvalidForm | NotFound
"""What became of one case of a batch."""


def take_action(conn: sa.Connection, case_id: UUID, action: str, form: Form, context: ActionContext) -> StepResult:
    """Take one action on one case. Never commits.

    Raises Refused with every reason, InvalidForm with every wrong field, NotFound when the caller may not see the
    case, VersionConflict when `context.version` is behind.
    """
    plan = plan_for(action)
    named = named_fund(form) if "named_fund" in plan.facts else None
    loaded = load.load_locked(conn, case_id, context.caller, context.today, plan, named, visited_on(form))
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
    named = named_fund(form) if "named_fund" in plan.facts else None
    cases = load.load_many(conn, case_ids, context.caller, context.today, plan, named, visited_on(form))
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


@dataclass(frozen=True, slots=True)
class ActionPreview:
    """One action of a case for a caller who holds a role for it: open, or the reasons against it and who can take it."""

    step: Step
    available: AvailableAction
    is_awaited: bool
    """Whether the case waits for this step; another one is possible too, as a return or a hold."""

    able: tuple[StaffMember, ...] = ()
    """Who could take it now, in the order of names, where the caller cannot."""


@dataclass(frozen=True, slots=True)
class CasePreview:
    """A case as it was read once, what the rules read of it, and the caller's actions."""

    loaded: LoadedCase
    rule_input: RuleInput
    in_force: PolicySet | None
    """The policy set of a new award, where the case may get one now."""

    actions: tuple[ActionPreview, ...]


def available_actions(conn: sa.Connection, case_id: UUID, context: ActionContext) -> tuple[AvailableAction, ...]:
    """Return what the caller may do with a case now, and every reason against the rest. Raises NotFound."""
    loaded, rule_input, in_force = _look_at(conn, case_id, context)
    actions = state_machine.available_actions(PROGRAMMES[loaded.row.programme], rule_input, in_force)
    return named_actions(conn, actions)


def preview_actions(conn: sa.Connection, case_id: UUID, context: ActionContext) -> CasePreview:
    """Return a case with the actions for which the caller holds a role, by one read of the case. Raises NotFound.

    An action that is refused says who could take it: the same rules are run for everybody with a role over the unit.
    """
    loaded, rule_input, in_force = _look_at(conn, case_id, context)
    programme = PROGRAMMES[loaded.row.programme]
    staff = accounts.staff_over(conn, loaded.row.unit_path, context.today)
    names = {each.actor.account: each for each in staff}
    hold_over = loaded.row.held_until is not None and loaded.row.held_until < context.today

    def preview(step: Step, available: AvailableAction) -> ActionPreview:
        actors = [each.actor for each in staff] if available.reasons else []
        able = able_people(programme, step.action, rule_input, actors, in_force)
        awaited = is_awaited(step, rule_input, hold_over=hold_over)
        return ActionPreview(step, available, awaited, tuple(names[each] for each in able))

    actions = zip(
        programme.steps_from(loaded.row.state),
        named_actions(conn, state_machine.available_actions(programme, rule_input, in_force)),
        strict=True,
    )
    mine = tuple(preview(step, each) for step, each in actions if rule_input.actor.grants_as(step.roles))
    return CasePreview(loaded, rule_input, in_force, mine)


def assess_today(
    conn: sa.Connection, case_id: UUID, context: ActionContext
) -> tuple[dict[str, Plain] | None, dict[str, Any]]:
    """Return a case's assessment as it would be today, and the limits of its award. Raises NotFound.

    The assessment is None without finances on file or a 低保 line. A case that waits for its award is assessed under
    the policy set in force, another one under the set that it cites.
    """
    _, rule_input, in_force = _look_at(conn, case_id, context)
    return assess(rule_input, in_force)


def assess(rule_input: RuleInput, in_force: PolicySet | None) -> tuple[dict[str, Plain] | None, dict[str, Any]]:
    """Return what assess_today() returns, of a case that was read already: by preview_actions()."""
    under_its_set = replace(rule_input, policy=in_force or rule_input.policy)
    need = assessed(under_its_set)
    return (as_record(need) if need else None), asdict(award_limits(under_its_set))


def _look_at(
    conn: sa.Connection, case_id: UUID, context: ActionContext
) -> tuple[LoadedCase, RuleInput, PolicySet | None]:
    """Return a case unlocked, what the rules read of it, and the policy set of its new award, if it may get one."""
    loaded = load.load_case(conn, case_id, context.caller, context.today)
    if loaded is None:
        raise NotFound
    award = _award_step(loaded)
    in_force = policy_for(conn, loaded, award, context)[1] if award else None
    return loaded, unfilled_input(conn, loaded, context), in_force


def _award_step(loaded: LoadedCase) -> Step | None:
    """Return the step from the case's state that sets the award and names its fund line, if there is one."""
    steps = PROGRAMMES[loaded.row.programme].steps_from(loaded.row.state)
    return next((step for step in steps if step.kind.names_fund), None)


def _decide(
    conn: sa.Connection, loaded: LoadedCase, action: str, form: Form, context: ActionContext, balances: FundBalances
) -> DecidedStep:
    """Decide one step of a loaded case. Raises what take_action() raises."""
    row = loaded.row
    programme = PROGRAMMES[row.programme]
    step = programme.step(action, row.state)
    if step is not None and step.proof is not None:
        proofs.refuse_unproved(context)
    policy_set_id, policy = policy_for(conn, loaded, step, context)
    calendar = calendar_for(conn, loaded)
    awards = step is not None and step.kind.names_fund
    decided_on = (first_decision(context.today, policy, calendar) if awards else None) or context.today
    facts, fund_id = with_fund(loaded, step, form, balances, decided_on)
    rule_input = rule_input_of(loaded, facts, policy, calendar, form, context)
    try:
        transition = state_machine.decide(programme, action, rule_input)
    except Refused as refused:
        raise Refused(*named_reasons(conn, refused.reasons)) from None
    assessment = assessed(rule_input) if transition.step.kind.stores_assessment else None
    before = next_version(row, policy_set_id=policy_set_id, fund_id=fund_id)
    update = step_record(transition.step.record).update(before, transition, context.today, assessment)
    return DecidedStep(loaded, transition, rule_input, context, update, assessment, update.digest(loaded))
