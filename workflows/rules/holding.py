"""Suspending a case, and letting it go on."""

from datetime import date, timedelta

from workflows.facts import Ask
from workflows.terms import Reason


def hold_has_an_end(ask: Ask) -> Reason | None:
    """A case is held until a day ahead, at most `suspend_days` away, so that it cannot be forgotten."""
    given = ask.text("until")
    if given is None:
        return None
    until, most = date.fromisoformat(given), ask.policy.days("suspend_days")
    if until <= ask.today:
        return Reason.of("hold_not_ahead", given=given, today=ask.today.isoformat())
    if until > ask.today + timedelta(days=most):
        return Reason.of("hold_too_long", given=given, param="suspend_days", value=most)
    return None


def held(ask: Ask) -> Reason | None:
    """There is something to lift."""
    return None if ask.facts.held else Reason.of("not_suspended")
