"""Floors of policy sets: what no set may go below, and from when it may take effect."""

from collections.abc import Iterator
from datetime import date

from workflows.policy import PolicySet
from workflows.vocabulary import Reason

LEAST_NOTICE_DAYS = 5
"""Working days of a public notice (docs/domain/procedure.md §1.5)."""

LEAST_TOGETHER_DAYS = 30
"""Days whose awards to one household count together for tiers and minutes (docs/decisions/0033)."""

LEAST_VISITORS = 2
"""People of a home visit (docs/domain/procedure.md §1.3, step 5)."""


def floor_refusals(policy: PolicySet) -> Iterator[Reason]:
    """Yield each parameter below its floor, unless the set cites the document that allows it (`below_floor_document`)."""
    if policy.below_floor_document is not None:
        return
    for name, value, least in (
        ("procedure.notice_days", policy.notice_days, LEAST_NOTICE_DAYS),
        ("procedure.min_visitors", policy.min_visitors, LEAST_VISITORS),
        ("approval.together_days", policy.together_days, LEAST_TOGETHER_DAYS),
    ):
        if value < least:
            yield Reason.of("policy_below_floor", field=name, value=value, least=least)


def date_refusals(policy: PolicySet, today: date, urgent: str) -> Iterator[Reason]:
    """Yield the reason against a set that takes effect before tomorrow, unless somebody says why it must."""
    if policy.effective_from <= today and not urgent.strip():
        yield Reason.of(
            "policy_takes_effect_too_soon", effective_from=policy.effective_from.isoformat(), today=today.isoformat()
        )
