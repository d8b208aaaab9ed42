"""Steps ahead are the steps a case may still take; their rules show what a change stops."""

from dataclasses import replace
from functools import cache

from workflows.facts import RuleInput
from workflows.programme import Programme, Step
from workflows.vocabulary import Reason


def reasons_ahead(programme: Programme, case: RuleInput) -> tuple[Reason, ...]:
    """Return what the rules of every step ahead of the case would refuse now.

    Nobody's role or duty is asked and no form is filled in, so that a case can be compared before and after a change
    of its family.
    """
    unfilled = replace(case, answers={}, is_preview=False)
    rules = dict.fromkeys(rule for step in steps_ahead(programme, case.facts.state) for rule in step.must_hold)
    return tuple(reason for rule in rules if (reason := rule(unfilled)) is not None)


@cache
def steps_ahead(programme: Programme, state: str) -> tuple[Step, ...]:
    """Return every step from `state` and from the states it leads on to; steps back are not followed."""
    order = {each.key: number for number, each in enumerate(programme.states)}
    states, waiting = {state}, [state]
    while waiting:
        source = waiting.pop()
        for target in (step.goes_to(source) for step in programme.steps_from(source)):
            if order[target] > order[source] and target not in states:
                states.add(target)
                waiting.append(target)
    return tuple(step for step in programme.steps if states & set(step.sources))
