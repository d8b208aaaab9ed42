"""A policy set has the rules' parameters as dated data with a source.

Source: docs/domain/procedure.md §1.1, §1.11.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from workflows.vocabulary import Fen, Plain

DEADLINES = (
    "draft_days",
    "survey_days",
    "verification_days",
    "review_days",
    "notice_answer_days",
    "approval_days",
    "payment_days",
    "receipt_days",
    "follow_up_days",
    "suspend_days",
    "recall_days",
)
"""The deadlines every policy set must name; a programme's table says which are counted in working days."""


class NoPolicy(LookupError):
    """Raised when no policy set is in force for the region on the day."""


class PoliciesOverlap(Exception):
    """Two policy sets in force on the same days; `keys` names both as key@version."""

    def __init__(self, one: "PolicySet", other: "PolicySet") -> None:
        self.keys = (one.name, other.name)
        super().__init__(f"{one.name} and {other.name} are in force on the same days")


class NoLine(LookupError):
    """Raised when the policy set has no 低保 line for the division on the day."""


class Term(StrEnum):
    """A household's sum of twelve months in the formulae of docs/domain/eligibility.md §2.2: I, A, R and X."""

    INCOME = "income"
    ASSETS = "assets"
    RIGID = "rigid"
    MISFORTUNE = "misfortune"


class Comparator(StrEnum):
    """The comparison with a line: 以内 includes the line itself, 低于 does not (民法典 1259)."""

    BELOW = "<"
    UP_TO = "<="

    def holds(self, sum_: int, line: Fraction) -> bool:
        """Return whether the sum meets the line, compared exactly."""
        return sum_ < line if self is Comparator.BELOW else sum_ <= line


class Per(StrEnum):
    """The unit and period over which a cap is counted."""

    HOUSEHOLD_YEAR = "household_year"
    PERSON_YEAR = "person_year"
    STUDENT_SCHOOL_YEAR = "student_school_year"


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """One formula: (plus − minus) / 12 / n against `multiplier` × L, under preconditions.

    `income_above` and `income_upto` are multiples of L that income per head-month must exceed, or may not exceed.
    `misfortune_over_income` is the share of the year's income that X must exceed. `barred_by` are observations that
    exclude this category only (a refusal of work excludes `deep`, docs/domain/eligibility.md §2.3).
    """

    category: str
    comparator: Comparator
    multiplier: Fraction = Fraction(1)
    plus: tuple[Term, ...] = (Term.INCOME,)
    minus: tuple[Term, ...] = (Term.RIGID,)
    income_above: Fraction | None = None
    income_upto: Fraction | None = None
    needs_event: bool = False
    misfortune_over_income: Fraction | None = None
    barred_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """The maximum of one item. A stage or category of None means any; the lowest of all limits that fit applies."""

    item: str
    per: Per
    stage: str | None = None
    category: str | None = None
    months_of_line: int | None = None
    fixed_fen: Fen | None = None
    share: Fraction | None = None
    """Share of what the family paid itself, after insurance and other aid."""


@dataclass(frozen=True, slots=True)
class DibaoLine:
    """A 低保 line in fen per person-month, from `since` on, for the divisions (GB/T 2260) that begin with `division`."""

    since: date
    division: str
    fen: Fen


@dataclass(frozen=True, slots=True)
class GiftRule:
    """What the union may give as a gift (慰问) under one item: limits in fen, None for no limit.

    Relief to a worker's household is never a gift (workflows/rules/gifts.py), whatever a policy set says.
    """

    item: str
    households: str
    """The kind of household it may go to (HouseholdKind)."""

    accounts: tuple[str, ...]
    """The accounts it is booked on: a code begins with one of them."""

    each_fen: Fen | None = None
    person_year_fen: Fen | None = None
    household_year_fen: Fen | None = None
    counts_as_aid: bool = False
    """Whether the report counts it among the aid, or apart."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """One issuer's parameters for one region and period; both ends of the period are days in force."""

    key: str
    version: int
    issuer: str
    document: str
    title: str
    region: str
    effective_from: date
    effective_to: date | None
    sample: bool
    fund_sources: tuple[str, ...]

    notice_days: int
    min_visitors: int
    verification_required: bool
    verification_valid_days: int
    tiers: tuple[Fen | None, ...]
    """The highest amount each approval tier decides, from tier 1; the last tier has no limit (None)."""
    collective_from_fen: Fen | None

    dibao_lines: tuple[DibaoLine, ...]
    minimum_wage_fen_month: Fen
    categories: tuple[CategoryRule, ...]
    events: tuple[str, ...]
    counted_income: tuple[str, ...]
    uncounted_income: tuple[str, ...]
    rigid_kinds: tuple[str, ...]
    misfortune_kinds: tuple[str, ...]
    prior_aid_counts: bool
    gift_items: tuple[str, ...]
    small_gift_threshold_fen: Fen
    impute_idle: bool
    exclusions: tuple[str, ...]

    caps: tuple[Cap, ...]
    excluded_institutions: tuple[str, ...]
    items_per_year: Mapping[str, int]
    same_item_per_year: int
    deadlines: Mapping[str, int]
    papers: Mapping[str, tuple[str, ...]]
    gifts: tuple[GiftRule, ...] = ()
    digest: str = field(init=False, repr=False, compare=False)
    """The result of `digest`, computed once, because every assessment cites it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest(self))

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def name(self) -> str:
        """Return the name that a decision cites, e.g. `sample-weihai@1`."""
        return f"{self.key}@{self.version}"

    def days(self, deadline: str) -> int:
        """Return a deadline's number of days. Raises KeyError for a name that the set does not have."""
        return self.deadlines[deadline]

    def tier_for(self, award: Fen) -> int:
        """Return the tier that decides on `award`, counted from 1; an amount equal to a limit is within it (以内)."""
        return next(tier for tier, up_to in enumerate(self.tiers, start=1) if up_to is None or award <= up_to)

    def papers_for(self, cause: str) -> tuple[str, ...]:
        """Return the papers every case needs, then those of this cause, each once."""
        return tuple(dict.fromkeys((*self.papers.get("all", ()), *self.papers.get(cause, ()))))

    def in_force_on(self, day: date) -> bool:
        """Return whether `day` is in the set's period."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def in_force(policies: Iterable[PolicySet], region: str, day: date) -> PolicySet:
    """Return the set in force in `region` (a division code) on `day`.

    The set with the longest matching region comes first, then the one in force since the latest day. Raises NoPolicy,
    and PoliciesOverlap when two versions of one key share a day or two sets rank equally.
    """
    candidates = tuple(policies)
    refuse_overlaps(candidates)
    ranked = sorted(
        (policy for policy in candidates if region.startswith(policy.region) and policy.in_force_on(day)),
        key=lambda policy: (len(policy.region), policy.effective_from),
    )
    if not ranked:
        raise NoPolicy(f"no policy set for region {region!r} on {day}")
    if len(ranked) > 1 and _rank(ranked[-1]) == _rank(ranked[-2]):
        raise PoliciesOverlap(ranked[-2], ranked[-1])
    return ranked[-1]


def refuse_overlaps(policies: Iterable[PolicySet]) -> None:
    """Raise PoliciesOverlap when two versions of one key are in force on the same day."""
    by_key: dict[str, list[PolicySet]] = {}
    for policy in policies:
        by_key.setdefault(policy.key, []).append(policy)
    for versions in by_key.values():
        versions.sort(key=lambda policy: policy.effective_from)
        for earlier, later in pairwise(versions):
            if earlier.in_force_on(later.effective_from):
                raise PoliciesOverlap(earlier, later)


def _rank(policy: PolicySet) -> tuple[int, date]:
    return len(policy.region), policy.effective_from


def dibao_line(policy: PolicySet, division: str, day: date) -> Fen:
    """Return L in fen per person-month: the longest matching division, then the latest `since`. Raises NoLine."""
    lines = [line for line in policy.dibao_lines if division.startswith(line.division) and line.since <= day]
    if not lines:
        raise NoLine(f"{policy.name} has no line for division {division!r} on {day}")
    return max(lines, key=lambda line: (len(line.division), line.since)).fen


ABSENT = object()
ADDED_LATER: Mapping[str, object] = {"gifts": []}
"""Parameters younger than some policy sets, with their plain default: at it they are left out of the digest."""


def digest(policy: PolicySet) -> str:
    """Return the SHA-256 of the set's parameters in hex; the layout of the TOML file does not change it."""
    values = {name: value for name, value in row_of(policy).items() if value != ADDED_LATER.get(name, ABSENT)}
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_plain(value: object) -> Plain:
    """Return a policy set, or a part of one, as an event stores it: fractions and dates as text. Raises TypeError."""
    if value is None or isinstance(value, str | int):
        return value.value if isinstance(value, StrEnum) else value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple | list):
        return [as_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): as_plain(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return row_of(value)
    raise TypeError(f"no plain form for {type(value).__name__}")


def row_of(row: Any) -> dict[str, Plain]:
    """Return one dataclass as an object by field name, each value as `as_plain` returns it."""
    return {each.name: as_plain(getattr(row, each.name)) for each in fields(row) if each.init}
