"""Able people are those with a role over a unit who could take a step of a case now."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from workflows.facts import RuleInput
from workflows.policy import PolicySet
from workflows.programme import Programme
from workflows.state_machine import refusals
from workflows.step_input import preview_of, without_form
from workflows.vocabulary import Actor


def able_people(
    programme: Programme, action: str, case: RuleInput, holders: Iterable[Actor], in_force: PolicySet | None = None
) -> tuple[UUID, ...]:
    """Return which of `holders` could take the action now, by the rules that available_actions() asks of the caller.

    `holders` are the people with a role over the case's unit; a new award is checked under `in_force`. Nobody can take
    an action that does not lead from the state of the case.
    """
    step = programme.step(action, case.facts.state)
    if step is None:
        return ()
    look = preview_of(step, without_form(case), in_force or case.policy)
    with_role = (holder for holder in holders if holder.grants_as(step.roles))
    return tuple(holder.account for holder in with_role if not refusals(step, replace(look, actor=holder))[1])
