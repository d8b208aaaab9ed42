"""Which policy set is in force in a region on a day, and which sets may stand beside each other."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

from workflows.policy import NoPolicy, PoliciesOverlap, PolicySet


def in_force(policies: Iterable[PolicySet], region: str, day: date) -> PolicySet:
    """Return the set in force in `region` (a division code) on `day`.

    The set with the longest matching region comes first, then the one in force since the latest day. A set without a
    last day is in force until another of its region begins (docs/decisions/0042). Raises NoPolicy, and PoliciesOverlap
    when two versions of one key share a day or two sets rank equally.
    """
    candidates = tuple(policies)
    refuse_overlaps(candidates)
    ranked = sorted(
        (policy for policy in candidates if region.startswith(policy.region) and policy.in_force_on(day)),
        key=_rank,
    )
    ranked = [policy for policy in ranked if not is_followed(policy, candidates, day)]
    if not ranked:
        raise NoPolicy(f"no policy set for region {region!r} on {day}")
    if len(ranked) > 1 and _rank(ranked[-1]) == _rank(ranked[-2]):
        raise PoliciesOverlap(ranked[-2], ranked[-1])
    return ranked[-1]


def last_day(policy: PolicySet, policies: Iterable[PolicySet]) -> date | None:
    """Return the last day of a set: its own, or the day before another of its region begins; None when there is none yet."""
    if policy.effective_to is not None:
        return policy.effective_to
    following = [each.effective_from for each in policies if _may_follow(policy, each)]
    return min(following) - timedelta(days=1) if following else None


def is_followed(policy: PolicySet, policies: Iterable[PolicySet], day: date) -> bool:
    """Return whether another set has taken the place of this one by `day`."""
    last = last_day(policy, policies)
    return last is not None and last < day


def refuse_same_claim(new: PolicySet, policies: Iterable[PolicySet]) -> None:
    """Raise PoliciesOverlap when another set claims the same region on a day of the new one, and neither follows the other."""
    for other in policies:
        ends = (new.effective_to or date.max, other.effective_to or date.max)
        shared = max(new.effective_from, other.effective_from) <= min(ends)
        if new.region == other.region and shared and not (_may_follow(new, other) or _may_follow(other, new)):
            raise PoliciesOverlap(other, new)


def refuse_overlaps(policies: Iterable[PolicySet]) -> None:
    """Raise PoliciesOverlap when two versions of one key are in force on the same day, and the later follows no earlier one."""
    by_key: dict[str, list[PolicySet]] = {}
    for policy in policies:
        by_key.setdefault(policy.key, []).append(policy)
    for versions in by_key.values():
        versions.sort(key=lambda policy: policy.effective_from)
        for earlier, later in pairwise(versions):
            if earlier.in_force_on(later.effective_from) and not _may_follow(earlier, later):
                raise PoliciesOverlap(earlier, later)


def _may_follow(earlier: PolicySet, later: PolicySet) -> bool:
    """Return whether a set takes the place of one without a last day."""
    open_ended = earlier.effective_to is None and earlier.region == later.region
    return open_ended and earlier.effective_from < later.effective_from


def _rank(policy: PolicySet) -> tuple[int, date]:
    return len(policy.region), policy.effective_from
