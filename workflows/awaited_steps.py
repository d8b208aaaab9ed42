"""Awaited steps are the steps that a case waits for, and that fill inboxes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from workflows.facts import Rule, RuleInput
from workflows.policy import PolicySet
from workflows.programme import Awaited, Programme, Step
from workflows.rules.bank_advice import second_payment_by_other_people
from workflows.rules.objections import another_reviewer_passes, answered_by_another
from workflows.rules.payment import followed_up
from workflows.state_machine import refusals
from workflows.step_input import preview_of, without_form
from workflows.vocabulary import APPROVERS, INCOMPATIBLE_DUTIES, Duty, Reason, Role

ABOUT_THE_PERSON = frozenset(
    {
        "role_missing",
        "tier_too_low",
        "incompatible_duty",
        "own_family",
        "objection_own_award",
        "objected_award_own",
        "second_payment_same_people",
    }
)
"""Reasons that another person would not meet. A step with one of them is not in the actor's inbox.

Every other reason leaves it there: what is missing can be supplied, or the case returned."""

ASKED_OF_THE_PERSON: Mapping[Rule, str] = {
    answered_by_another: "answers_own_award",
    another_reviewer_passes: "passes_own_award",
    second_payment_by_other_people: "same_people_again",
}
"""The rules that give such a reason, and the name under which service/queries/awaited_steps.py asks the same in SQL."""

_IS_AWAITED: Mapping[Awaited, Callable[[RuleInput, bool], bool]] = {
    Awaited.ALWAYS: lambda _case, _hold_over: True,
    Awaited.NEVER: lambda _case, _hold_over: False,
    Awaited.HOLD_OVER: lambda _case, hold_over: hold_over,
    Awaited.VISITED: lambda case, _hold_over: bool(case.facts.surveys),
    Awaited.OBJECTION_OPEN: lambda case, _hold_over: bool(case.facts.notice and case.facts.notice.open_objections),
    Awaited.OBJECTION_UPHELD: lambda case, _hold_over: bool(case.facts.notice and case.facts.notice.upheld_objections),
    Awaited.FOLLOWED_UP: lambda case, _hold_over: followed_up(case) is None,
    Awaited.NOT_FOLLOWED_UP: lambda case, _hold_over: followed_up(case) is not None,
}


def is_awaited(step: Step, case: RuleInput, *, hold_over: bool = False) -> bool:
    """Return whether the case waits for people to take the step; `hold_over` says that its hold has run out."""
    if step.roles == (Role.CLOCK,) or (case.facts.held and not step.while_held):
        return False
    return _IS_AWAITED[step.awaited](case, hold_over)


def about_the_person(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return the reasons that another person would not meet."""
    return tuple(reason for reason in reasons if reason.code in ABOUT_THE_PERSON)


def waits_for_actor(
    programme: Programme, case: RuleInput, in_force: PolicySet | None = None, *, hold_over: bool = False
) -> bool:
    """Return whether the case is in the actor's inbox: it waits for a step against which nothing is about the actor.

    The pure form of the list 待办; service/queries/inbox.py finds the same cases by one SELECT.
    """
    steps = (each for each in programme.steps_from(case.facts.state) if is_awaited(each, case, hold_over=hold_over))
    preview = without_form(case)
    looks = ((step, preview_of(step, preview, in_force or case.policy)) for step in steps)
    return any(not about_the_person(tuple(refusals(step, look)[1])) for step, look in looks)


@dataclass(frozen=True, slots=True)
class AwaitedStep:
    """One step that cases of a state wait for, as the person is asked: a row for each of its roles and states."""

    programme: str
    state: str
    role: Role
    awaited: Awaited
    while_held: bool
    barred_by: tuple[Duty, ...]
    """The duties on the case that the duty of the step may not meet in one person."""

    asks: tuple[str, ...]
    """What else is asked of the person: values of ASKED_OF_THE_PERSON."""

    signatures: int | None = None
    """How many valid signatures the case has, where the step is the next one; the actor's tier must be higher."""


@cache
def awaited_steps(programmes: tuple[Programme, ...]) -> tuple[AwaitedStep, ...]:
    """Return the steps that people take and cases wait for; a signature once for each tier."""
    return tuple(
        dict.fromkeys(
            AwaitedStep(programme.key, state, role, step.awaited, step.while_held, _barring(duty), _asks(step), signed)
            for programme in programmes
            for step in programme.steps
            if step.awaited is not Awaited.NEVER
            for state in step.sources
            for role in step.roles
            if role is not Role.CLOCK
            for duty, signed in _duties(step)
        )
    )


def _duties(step: Step) -> tuple[tuple[Duty | None, int | None], ...]:
    if step.duty is Duty.APPROVER:
        return tuple((duty, signed) for signed, duty in enumerate(APPROVERS))
    return ((step.duty, None),)


def _barring(duty: Duty | None) -> tuple[Duty, ...]:
    return tuple(done for done in Duty if duty is not None and frozenset((duty, done)) in INCOMPATIBLE_DUTIES)


def _asks(step: Step) -> tuple[str, ...]:
    return tuple(name for rule, name in ASKED_OF_THE_PERSON.items() if rule in step.must_hold)
