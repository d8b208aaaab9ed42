"""Suspending a case, and letting it go on."""

from datetime import date, timedelta

from workflows.facts import RuleInput
from workflows.vocabulary import Reason


def hold_has_an_end(case: RuleInput) -> Reason | None:
    """A case is held until a day ahead, at most `suspend_days` away, so that it cannot be forgotten."""
    given = case.text("until")
    if given is None:
        return None
    until, most = date.fromisoformat(given), case.policy.days("suspend_days")
    if until <= case.today:
        return Reason.of("hold_not_ahead", given=given, today=case.today.isoformat())
    if until > case.today + timedelta(days=most):
        return Reason.of("hold_too_long", given=given, param="suspend_days", value=most)
    return None


def held(case: RuleInput) -> Reason | None:
    """There is something to lift."""
    return None if case.facts.held else Reason.of("not_suspended")
