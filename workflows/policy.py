"""A policy set has the rules' parameters as dated data with a source.

Source: docs/domain/procedure.md §1.1, §1.11.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from workflows.condolence_codes import Deceased
from workflows.plain_form import LATER, as_plain
from workflows.policy_codes import Comparator, Per, Requirement, Term
from workflows.vocabulary import Fen

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

LATER_DEADLINES: Mapping[str, int] = {"transit_days": 3}
"""Deadlines that a policy set may name, each with the days where it does not (docs/decisions/0024)."""

_WIDER_KIN = (Deceased.GRANDPARENT, Deceased.SIBLING, Deceased.GRANDCHILD, Deceased.CHILD_IN_LAW)
CLOSE_KIN = tuple(kin for kin in Deceased if kin not in _WIDER_KIN)
"""The kin of a policy set that does not list them."""


class NoPolicy(LookupError):
    """Raised when no policy set is in force for the region on the day."""


class PoliciesOverlap(Exception):
    """Two policy sets in force on the same days; `keys` names both as key@version."""

    def __init__(self, one: "PolicySet", other: "PolicySet") -> None:
        self.keys = (one.name, other.name)
        super().__init__(f"{one.name} and {other.name} are in force on the same days")


class NoLine(LookupError):
    """Raised when the policy set has no 低保 line for the division on the day."""


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """One formula: (plus − minus) / 12 / n against `multiplier` × L, under preconditions.

    `income_above` and `income_upto` are multiples of L that income per head-month must exceed, or may not exceed.
    `misfortune_over_income` is the share of the year's income that X must exceed. Each has a comparator of its own for
    a policy that says 达到 or 不满 instead. `barred_by` are observations that exclude this category only (a refusal of
    work excludes `deep`, docs/domain/eligibility.md §2.3).
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
    income_above_comparator: Comparator = field(default=Comparator.OVER, metadata=LATER)
    income_upto_comparator: Comparator = field(default=Comparator.UP_TO, metadata=LATER)
    misfortune_comparator: Comparator = field(default=Comparator.OVER, metadata=LATER)


@dataclass(frozen=True, slots=True)
class ItemRule:
    """What differs for one item: the requirements that do not bind it, its own papers, its own approval tiers."""

    item: str
    waived: tuple[Requirement, ...] = ()
    papers: tuple[str, ...] | None = None
    tiers: tuple[Fen | None, ...] | None = None


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
    """The highest amount each approval tier decides, from tier 1; the last tier has no limit (None). A limit that the
    file states as 不满 (`below`) is one fen less."""
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
    gifts: tuple[GiftRule, ...] = field(default=(), metadata=LATER)
    item_rules: tuple[ItemRule, ...] = field(default=(), metadata=LATER)
    condolence_kin: tuple[str, ...] = field(default=CLOSE_KIN, metadata=LATER)
    """On whose death the union gives condolence money."""

    finances_valid_months: int = field(default=12, metadata=LATER)
    """How old the finances on file may be when a case is reviewed and decided (docs/domain/audit-rules.md rule 17)."""

    together_days: int = field(default=30, metadata=LATER)
    """The days up to a decision whose awards to one household count together for tiers and minutes."""

    below_floor_document: str | None = field(default=None, metadata=LATER)
    """The document that allows a value below its floor (workflows/rules/policy_floors.py)."""
    digest: str = field(init=False)
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
        return self.deadlines[deadline] if deadline in self.deadlines else LATER_DEADLINES[deadline]

    def rule_for(self, item: str) -> ItemRule:
        """Return what differs for an item; nothing for one without a rule of its own."""
        return next((rule for rule in self.item_rules if rule.item == item), ItemRule(item))

    def binds(self, requirement: Requirement, item: str) -> bool:
        """Return whether a requirement binds an item."""
        return requirement not in self.rule_for(item).waived

    def tier_for(self, award: Fen, item: str = "") -> int:
        """Return the tier that decides on `award`, counted from 1; an amount equal to a limit is within it (以内)."""
        tiers = self.rule_for(item).tiers or self.tiers
        return next(tier for tier, up_to in enumerate(tiers, start=1) if up_to is None or award <= up_to)

    def items_most(self, category: str | None) -> int | None:
        """Return how many items a year a category may have; without one, the lowest number of any category."""
        if category is None:
            return min(self.items_per_year.values(), default=None)
        return self.items_per_year.get(category)

    def papers_for(self, cause: str, item: str = "") -> tuple[str, ...]:
        """Return the item's own papers; else the papers every case needs, then those of this cause, each once."""
        own = self.rule_for(item).papers
        required = (*self.papers.get("all", ()), *self.papers.get(cause, ())) if own is None else own
        return tuple(dict.fromkeys(required))

    def in_force_on(self, day: date) -> bool:
        """Return whether `day` is in the set's period."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def dibao_line(policy: PolicySet, division: str, day: date) -> Fen:
    """Return L in fen per person-month: the longest matching division, then the latest `since`. Raises NoLine."""
    lines = [line for line in policy.dibao_lines if division.startswith(line.division) and line.since <= day]
    if not lines:
        raise NoLine(f"{policy.name} has no line for division {division!r} on {day}")
    return max(lines, key=lambda line: (len(line.division), line.since)).fen


def digest(policy: PolicySet) -> str:
    """Return the SHA-256 of the set's parameters in hex; the layout of the TOML file does not change it."""
    text = json.dumps(as_plain(policy), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
