"""Suspension rules: a hold on a case, and its end."""

from datetime import date, timedelta

from workflows.facts import RuleInput
from workflows.vocabulary import Reason


def hold_has_an_end(case: RuleInput) -> Reason | None:
    """A hold ends on a later day, at most `suspend_days` away, so that no case is forgotten."""
    answer = case.text("until")
    if answer is None:
        return None
    until, most = date.fromisoformat(answer), case.policy.days("suspend_days")
    if until <= case.today:
        return Reason.of("hold_not_ahead", given=answer, today=case.today.isoformat())
    if until > case.today + timedelta(days=most):
        return Reason.of("hold_too_long", given=answer, param="suspend_days", value=most)
    return None


def held(case: RuleInput) -> Reason | None:
    """The case is on hold."""
    return None if case.facts.held else Reason.of("not_suspended")
