"""Floors of policy sets: what no set may go below, and from when it may take effect."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from workflows.policy import PolicySet
from workflows.vocabulary import Reason

LEAST_NOTICE_DAYS = 5
"""Working days of a public notice (docs/domain/procedure.md §1.5)."""

LEAST_TOGETHER_DAYS = 30
"""Days whose awards to one household count together for tiers and minutes (docs/decisions/0033)."""

LEAST_VISITORS = 2
"""People of a home visit (docs/domain/procedure.md §1.3, step 5)."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A parameter with a floor: its path in the file, its value in a set, and the least that it may be."""

    path: str
    value: int
    least: int

    @property
    def is_kept(self) -> bool:
        """Return whether the value is not below the floor."""
        return self.value >= self.least


def floors(policy: PolicySet) -> tuple[Floor, ...]:
    """Return every floor with the value that a set has."""
    return (
        Floor("procedure.notice_days", policy.notice_days, LEAST_NOTICE_DAYS),
        Floor("procedure.min_visitors", policy.min_visitors, LEAST_VISITORS),
        Floor("approval.together_days", policy.together_days, LEAST_TOGETHER_DAYS),
    )


def floor_refusals(policy: PolicySet) -> Iterator[Reason]:
    """Yield each parameter below its floor, unless the set cites the document that allows it (`below_floor_document`)."""
    if policy.below_floor_document is not None:
        return
    for floor in floors(policy):
        if not floor.is_kept:
            yield Reason.of("policy_below_floor", field=floor.path, value=floor.value, least=floor.least)


def date_refusals(policy: PolicySet, today: date, urgent: str) -> Iterator[Reason]:
    """Yield the reason against a set that takes effect before tomorrow, unless somebody says why it must."""
    if policy.effective_from <= today and not urgent.strip():
        yield Reason.of(
            "policy_takes_effect_too_soon", effective_from=policy.effective_from.isoformat(), today=today.isoformat()
        )
