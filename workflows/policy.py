"""A policy set: the parameters of the rules as data with dates and a source, never constants (domain/1 §1.1, §1.11)."""

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
    """No policy set is in force for the region on the day."""


class PoliciesOverlap(Exception):
    """Two policy sets claim the same days: `keys` names both as key@version."""

    def __init__(self, one: "PolicySet", other: "PolicySet") -> None:
        self.keys = (one.name, other.name)
        super().__init__(f"{one.name} and {other.name} are in force on the same days")


class NoLine(LookupError):
    """The policy set has no 低保 line for the division on the day."""


class Term(StrEnum):
    """A twelve-month sum of the household, as the formulae of domain/2 §2.2 name it: I, A, R and X."""

    INCOME = "income"
    ASSETS = "assets"
    RIGID = "rigid"
    MISFORTUNE = "misfortune"


class Comparator(StrEnum):
    """以内 includes the line itself, 低于 does not (民法典 1259)."""

    BELOW = "<"
    UP_TO = "<="

    def holds(self, sum_: int, line: Fraction) -> bool:
        """Compare exactly, without rounding."""
        return sum_ < line if self is Comparator.BELOW else sum_ <= line


class Per(StrEnum):
    """What a cap is counted over."""

    HOUSEHOLD_YEAR = "household_year"
    PERSON_YEAR = "person_year"
    STUDENT_SCHOOL_YEAR = "student_school_year"


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """One formula: (plus − minus) / 12 / n against `multiplier` × L, under preconditions.

    `income_above` and `income_upto` are multiples of L that income per head-month must exceed, or may not exceed.
    `misfortune_over_income` is the share of the year's income that X must exceed. `barred_by` are observations which
    close this category only (refusing work closes deep, domain/2 §2.3).
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
    """The most one item may reach. None as stage or category means any; of all limits that fit, the lowest binds."""

    item: str
    per: Per
    stage: str | None = None
    category: str | None = None
    months_of_line: int | None = None
    fixed_fen: Fen | None = None
    share: Fraction | None = None
    """Of what the family paid itself, after insurance and other aid."""


@dataclass(frozen=True, slots=True)
class DibaoLine:
    """低保 line per person-month, from a day on, in the divisions (GB/T 2260) that begin with `division`."""

    since: date
    division: str
    fen: Fen


@dataclass(frozen=True, slots=True)
class PolicySet:
    """One issuer's rules for one region from one day on; both ends of the period are days in force."""

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
    """Up to which amount each approval tier decides, from tier 1; the last decides without limit (None)."""
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
    digest: str = field(init=False, repr=False, compare=False)
    """What `digest` returns, worked out once: every assessment cites it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest(self))

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def name(self) -> str:
        """What a decision cites, e.g. `sample-weihai@1`."""
        return f"{self.key}@{self.version}"

    def days(self, deadline: str) -> int:
        """Return a deadline's number of days. Raises KeyError for a name the set does not hold."""
        return self.deadlines[deadline]

    def tier_for(self, award: Fen) -> int:
        """Return the tier that decides on `award`, counted from 1; an amount equal to a limit is within it (以内)."""
        return next(tier for tier, up_to in enumerate(self.tiers, start=1) if up_to is None or award <= up_to)

    def papers_for(self, cause: str) -> tuple[str, ...]:
        """Return the papers asked of everybody, then those of this cause, each once."""
        return tuple(dict.fromkeys((*self.papers.get("all", ()), *self.papers.get(cause, ()))))

    def in_force_on(self, day: date) -> bool:
        """Say whether `day` lies in the set's period."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def in_force(policies: Iterable[PolicySet], region: str, day: date) -> PolicySet:
    """Return the set that binds in `region` (division code) on `day`.

    The longest region that covers it wins, then the one that came into force last. Raises NoPolicy, and PoliciesOverlap
    when two versions of one key share a day or two sets have an equal claim.
    """
    known = tuple(policies)
    refuse_overlaps(known)
    ranked = sorted(
        (policy for policy in known if region.startswith(policy.region) and policy.in_force_on(day)),
        key=lambda policy: (len(policy.region), policy.effective_from),
    )
    if not ranked:
        raise NoPolicy(f"no policy set for region {region!r} on {day}")
    if len(ranked) > 1 and _claim(ranked[-1]) == _claim(ranked[-2]):
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


def _claim(policy: PolicySet) -> tuple[int, date]:
    return len(policy.region), policy.effective_from


def dibao_line(policy: PolicySet, division: str, day: date) -> Fen:
    """Return L, fen per person-month, for a division on a day: the longest prefix, then the latest. Raises NoLine."""
    lines = [line for line in policy.dibao_lines if division.startswith(line.division) and line.since <= day]
    if not lines:
        raise NoLine(f"{policy.name} has no line for division {division!r} on {day}")
    return max(lines, key=lambda line: (len(line.division), line.since)).fen


def digest(policy: PolicySet) -> str:
    """Return the sha256 of the set's content: the same parameters give the same digest, however they were written."""
    written = json.dumps(as_plain(policy), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def as_plain(value: object) -> Plain:
    """Write a policy set, or any part of one, with what may stand in an event: fractions and dates as text."""
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
    """Write one row of rules, field by field, as `as_plain` does."""
    return {each.name: as_plain(getattr(row, each.name)) for each in fields(row) if each.init}
