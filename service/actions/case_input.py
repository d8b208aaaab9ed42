"""Makes the input of the rules from a loaded case: facts, policy set, calendar and fund line."""

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.fund_balances import FundBalances
from service.queries import policies
from service.queries.case_loading.loaded_case import LoadedCase
from workflows.facts import Facts, RuleInput
from workflows.policy import PolicySet
from workflows.programme import Step
from workflows.workdays import Calendar

Form: TypeAlias = Mapping[str, object]
"""The answers of an action's form, as they were given."""


def unfilled_input(conn: sa.Connection, loaded: LoadedCase, context: ActionContext) -> RuleInput:
    """Return what the rules read of a case loaded with every fact, before a form is filled in."""
    row, facts = loaded.row, loaded.facts
    if row.fund is not None and row.fund_id is not None:
        facts = facts.replace(fund=FundBalances(conn, context, {row.fund_id: row.fund}).own(loaded))
    policy = policy_for(conn, loaded, None, context)[1]
    return rule_input_of(loaded, facts, policy, calendar_for(conn, loaded), {}, context)


def policy_for(
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


def with_fund(
    loaded: LoadedCase, step: Step | None, form: Form, balances: FundBalances, decided_on: date
) -> tuple[Facts, UUID | None]:
    """Return the facts with the fund line the step uses, and the line the case names after the step.

    A line that is named at review is one that the unit may use on the first day of the decision.
    """
    if step is not None and step.kind.names_fund:
        named = balances.named(loaded, decided_on)
        return loaded.facts.replace(fund=named), named_fund(form) if named else None
    if step is not None and step.money is not None:
        return loaded.facts.replace(fund=balances.own(loaded)), loaded.row.fund_id
    return loaded.facts, loaded.row.fund_id


def named_fund(form: Form) -> UUID | None:
    """Return the fund line that the form names, if it can be read."""
    try:
        return UUID(str(form.get("fund")))
    except ValueError:
        return None


def visited_on(form: Form) -> date | None:
    """Return the day of the visit that the form records, if it can be read."""
    try:
        return date.fromisoformat(str(form.get("on")))
    except ValueError:
        return None


def calendar_for(conn: sa.Connection, loaded: LoadedCase) -> Calendar:
    """Return the calendar of the years whose working days the case was loaded with."""
    return policies.calendar_of(conn, tuple((year, digest) for year, digest in loaded.row.calendar or ()))


def rule_input_of(
    loaded: LoadedCase, facts: Facts, policy: PolicySet, calendar: Calendar, form: Form, context: ActionContext
) -> RuleInput:
    """Return what the rules read, with the caller as the actor and `form` as the answers."""
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
