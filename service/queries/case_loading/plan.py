"""A load plan says which facts and role holders an action needs, read off the programmes' tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from service.queries.case_loading.fact_table import ALWAYS, EVERY_FACT, FACTS
from workflows.notifications import NOTIFICATIONS, Audience
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES
from workflows.required_facts import required_facts
from workflows.vocabulary import Role

HOLDERS: Mapping[Audience, Role] = {
    Audience.REVIEWERS: Role.REVIEWER,
    Audience.NEXT_APPROVERS: Role.APPROVER,
    Audience.CASHIERS: Role.CASHIER,
}
"""The role whose holders an audience is."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What is loaded for an action, in whichever programme it is taken: the case's programme is known only then."""

    facts: frozenset[str] = ALWAYS
    roles: frozenset[Role] = frozenset()
    """Roles whose holders the action may need: those who are notified, and those its form may name."""

    money: bool = False
    """Whether every step of this name moves money, so that the fund line is locked with the case."""


EVERYTHING = LoadPlan(EVERY_FACT)
"""What an unlocked look at a case loads."""


def plan_for(action: str) -> LoadPlan:
    """Return what the action needs. An unknown action needs no more than a case always needs."""
    # Keyed by the programmes, not by `action`: a cache keyed by a name from outside would grow without end.
    return _plans(tuple(PROGRAMMES.values())).get(action, _UNKNOWN_ACTION)


_UNKNOWN_ACTION = LoadPlan()


@cache
def _plans(programmes: tuple[Programme, ...]) -> Mapping[str, LoadPlan]:
    steps_by_action: dict[str, list[Step]] = {}
    for programme in programmes:
        for step in programme.steps:
            steps_by_action.setdefault(step.action, []).append(step)
    return {action: _plan(steps) for action, steps in steps_by_action.items()}


def _plan(steps: list[Step]) -> LoadPlan:
    notified = [HOLDERS[each] for step in steps for each in _audiences(step) if each in HOLDERS]
    named = [Role.VISITOR for step in steps for field in step.form if field.key == "visitors"]
    facts = ALWAYS.union(*(_facts(step) for step in steps))
    return LoadPlan(facts, frozenset((*notified, *named)), all(step.money is not None for step in steps))


def _facts(step: Step) -> frozenset[str]:
    required = required_facts(step)
    # The line of a step that moves money is locked, and that of an award is named in the form: both are loaded otherwise.
    fields = required - {"fund"} if step.money is not None or step.kind.names_fund else required
    needs = {*_audiences(step), *([step.record] if step.record else [])}
    return frozenset(each.name for each in FACTS if each.field in fields or each.needed_by & needs)


def _audiences(step: Step) -> tuple[Audience, ...]:
    return NOTIFICATIONS[step.notification].to if step.notification else ()
