"""The means test assesses a household's last twelve months under a policy set.

Source: docs/domain/eligibility.md §2.2–2.5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from workflows.assessment import Assessment, AssessmentInput, ByKind, Sums, as_record, conclude, recheck
from workflows.code_lists import Item
from workflows.policy import Cap, PolicySet, dibao_line
from workflows.vocabulary import Fen

__all__ = [
    "Assessment",
    "Finances",
    "IncomeLine",
    "SpendingLine",
    "as_record",
    "assess_need",
    "cap_for",
    "recheck",
    "self_paid_surveyed",
]


@dataclass(frozen=True, slots=True)
class IncomeLine:
    """Income of one kind in the last twelve months, of one member or, with an empty key, of the household."""

    kind: str
    member_key: str
    fen: Fen


@dataclass(frozen=True, slots=True)
class SpendingLine:
    """Spending of one kind in the same twelve months, and how much of it insurance and others reimbursed.

    Union aid in `Finances.prior_aid` must not be in `reimbursed` too: it would count against the family twice.
    """

    kind: str
    member_key: str
    fen: Fen
    reimbursed: Fen = Fen(0)


@dataclass(frozen=True, slots=True)
class Finances:
    """The finances that the survey and the economic check found: totals of twelve months, in fen.

    `idle_able_members` of the `members` are able-bodied, of working age, neither studying nor working. `prior_aid` is
    (item, fen, day) of every union grant. `observed` has every exclusion code observed, also those the policy does not
    use. Raises ValueError for a negative amount, no members, or more idle members than members.
    """

    members: int
    income: tuple[IncomeLine, ...] = ()
    spending: tuple[SpendingLine, ...] = ()
    assets: Fen = Fen(0)
    idle_able_members: int = 0
    prior_aid: tuple[tuple[str, Fen, date], ...] = ()
    event: str | None = None
    observed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not 0 <= self.idle_able_members <= self.members or self.members < 1:
            raise ValueError("a household has at least one member, and no more idle ones than members")
        amounts = [self.assets, *(line.fen for line in self.income), *(fen for _, fen, _ in self.prior_aid)]
        if min(*amounts, *(amount for line in self.spending for amount in (line.fen, line.reimbursed)), 0) < 0:
            raise ValueError("amounts are not below zero")


@lru_cache(maxsize=256)
def assess_need(policy: PolicySet, finances: Finances, division: str, on: date) -> Assessment:
    """Assess a household under a policy set on a day, keeping every intermediate value.

    Raises NoLine when the policy has no 低保 line for the division on that day.
    """
    return conclude(
        AssessmentInput(
            policy=policy.name,
            policy_digest=policy.digest,
            division=division,
            on=on,
            sums=add_up(policy, finances, division, on),
            rules=policy.categories,
            event=finances.event,
            event_listed=finances.event in policy.events,
            exclusions_binding=policy.exclusions,
            observed=tuple(sorted(finances.observed)),
        )
    )


def add_up(policy: PolicySet, finances: Finances, division: str, on: date) -> Sums:
    """Return the sums I, R, A and X, the members n and the 低保 line L.

    A kind of income in neither list of the policy counts as income. Each spending row counts with what is left after
    reimbursement, never below zero. Raises NoLine as `assess_need` does.
    """
    received = [(line.kind, line.fen) for line in finances.income]
    spent = [(line.kind, Fen(max(0, line.fen - line.reimbursed))) for line in finances.spending]
    aid = [grant for grant in finances.prior_aid if _year_before(on) < grant[2] <= on]
    counted_aid = sum(fen for item, fen, _ in aid if _aid_counts(policy, item, fen))
    idle = finances.idle_able_members if policy.impute_idle else 0
    return Sums(
        income_by_kind=_by_kind(line for line in received if line[0] not in policy.uncounted_income),
        income_not_counted=_by_kind(line for line in received if line[0] in policy.uncounted_income),
        imputed=Fen(idle * 12 * policy.minimum_wage_fen_month),
        prior_aid=Fen(counted_aid),
        prior_aid_not_counted=Fen(sum(fen for _, fen, _ in aid) - counted_aid),
        rigid_by_kind=_by_kind(line for line in spent if line[0] in policy.rigid_kinds),
        misfortune_by_kind=_by_kind(line for line in spent if line[0] in policy.misfortune_kinds),
        assets=finances.assets,
        members=finances.members,
        line=dibao_line(policy, division, on),
    )


def _aid_counts(policy: PolicySet, item: str, fen: Fen) -> bool:
    """Return whether an earlier grant is income; a small holiday gift is not (docs/domain/eligibility.md §2.3)."""
    small_gift = item in policy.gift_items and fen <= policy.small_gift_threshold_fen
    return policy.prior_aid_counts and not small_gift


def _year_before(day: date) -> date:
    """Return the day a year earlier; 29 February goes back to 28 February."""
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap_day else day.day)


def _by_kind(lines: Iterable[tuple[str, Fen]]) -> ByKind:
    sums: dict[str, int] = {}
    for kind, fen in lines:
        sums[kind] = sums.get(kind, 0) + fen
    return tuple((kind, Fen(sums[kind])) for kind in sorted(sums))


def cap_for(
    policy: PolicySet,
    item: str,
    *,
    category: str | None,
    stage: str | None = None,
    line: Fen,
    self_paid: Fen | None = None,
    n_months: int | None = None,
) -> Fen | None:
    """Return the maximum for an item in its year, in fen: the lowest limit of all caps that fit.

    Source: docs/domain/eligibility.md §2.1. `line` is L, in fen. A share is one of `self_paid`, cut to whole fen;
    without proof of payment it is 0. `n_months` lowers the months of L when the aid is for fewer. Returns None when no
    cap of the policy fits.
    """
    limits = [
        limit
        for cap in caps_that_fit(policy, item, category=category, stage=stage)
        for limit in (
            cap.fixed_fen,
            _cap_months(cap.months_of_line, n_months) * line if cap.months_of_line is not None else None,
            cap.share * (self_paid or 0) // 1 if cap.share is not None else None,
        )
        if limit is not None
    ]
    return Fen(min(limits)) if limits else None


def caps_that_fit(policy: PolicySet, item: str, *, category: str | None, stage: str | None) -> tuple[Cap, ...]:
    """Return the policy's caps on an item for a category and a stage; `per` says over what each cap is counted."""
    return tuple(
        cap
        for cap in policy.caps
        if cap.item == item and cap.category in (None, category) and cap.stage in (None, stage)
    )


def self_paid_surveyed(policy: PolicySet, item: str, finances: Finances) -> Fen:
    """Return what the survey found that the family paid itself for the trouble the item is for, after reimbursement.

    For medical aid that is illness; for aid after an accident or disaster, the spending the policy counts as caused by
    the misfortune. Source: docs/domain/eligibility.md §2.1, §2.4.
    """
    kinds = ("illness",) if item == Item.MEDICAL else policy.misfortune_kinds
    return Fen(sum(max(0, line.fen - line.reimbursed) for line in finances.spending if line.kind in kinds))


def _cap_months(months: int, n_months: int | None) -> int:
    return months if n_months is None else min(months, n_months)
