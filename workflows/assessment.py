"""A assessment of need: sums, formulae and outcomes, kept so that anybody can check them again from the record alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from workflows.money_format import in_yuan
from workflows.policy import CategoryRule, Comparator, Term, row_of
from workflows.vocabulary import Fen, Plain

ByKind = tuple[tuple[str, Fen], ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """The household's twelve months in fen, as the notifications of domain/2 §2.2, each with the parts it is made of."""

    income_by_kind: ByKind
    income_not_counted: ByKind
    imputed: Fen
    prior_aid: Fen
    prior_aid_not_counted: Fen
    rigid_by_kind: ByKind
    misfortune_by_kind: ByKind
    assets: Fen
    members: int
    line: Fen
    """L, fen per person-month."""

    @property
    def income(self) -> Fen:
        """I: what counts as income, with imputed wages and earlier aid."""
        return Fen(_total(self.income_by_kind) + self.imputed + self.prior_aid)

    @property
    def rigid(self) -> Fen:
        """R: rigid spending, net of what others paid back."""
        return _total(self.rigid_by_kind)

    @property
    def misfortune(self) -> Fen:
        """X: spending caused by the misfortune, net of what others paid back."""
        return _total(self.misfortune_by_kind)

    def term(self, term: Term) -> Fen:
        """Return the sum a formula names."""
        sums = {Term.INCOME: self.income, Term.ASSETS: self.assets}
        return (sums | {Term.RIGID: self.rigid, Term.MISFORTUNE: self.misfortune})[term]

    def year_line(self, multiplier: Fraction) -> Fraction:
        """Return `multiplier` × L × 12 × n: a per-head monthly line, written for the household's year."""
        return multiplier * self.line * 12 * self.members

    def per_head(self, year: int) -> Fraction:
        """Return a year's sum per head and month, exactly."""
        return Fraction(year, 12 * self.members)


@dataclass(frozen=True, slots=True)
class AssessmentInput:
    """All a assessment rests on: the sums, the formulae in their order, and what was observed."""

    policy: str
    policy_digest: str
    division: str
    on: date
    sums: Sums
    rules: tuple[CategoryRule, ...]
    event: str | None
    event_listed: bool
    exclusions_binding: tuple[str, ...]
    observed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one formula came to; `failed` lists every condition that did not hold, as codes."""

    rule: CategoryRule
    sum: Fen
    """Plus terms minus minus terms, fen in twelve months; below zero when a family spends more than it has."""
    line: Fraction
    per_head: Fraction
    failed: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether the household falls in the category by this formula."""
        return not self.failed

    @property
    def distance_fen(self) -> int:
        """How many more fen in twelve months would still reach no further than the line; below zero: how far over."""
        return (self.line - self.sum) // 1


@dataclass(frozen=True, slots=True)
class Assessment:
    """The grounds, what every formula came to, the first category that holds, and the exclusions that were met.

    `category` is what the sums alone say; a household with `exclusions` is refused whatever its category.
    """

    grounds: AssessmentInput
    outcomes: tuple[Outcome, ...]
    category: str | None
    exclusions: tuple[str, ...]

    @property
    def sums(self) -> Sums:
        """The sums the assessment rests on."""
        return self.grounds.sums


def conclude(grounds: AssessmentInput) -> Assessment:
    """Apply every formula in its order; the first that holds gives the category."""
    outcomes = tuple(_apply(rule, grounds) for rule in grounds.rules)
    category = next((outcome.rule.category for outcome in outcomes if outcome.held), None)
    exclusions = tuple(code for code in grounds.exclusions_binding if code in grounds.observed)
    return Assessment(grounds, outcomes, category, exclusions)


def _apply(rule: CategoryRule, grounds: AssessmentInput) -> Outcome:
    sums = grounds.sums
    total = sum(sums.term(term) for term in rule.plus) - sum(sums.term(term) for term in rule.minus)
    line = sums.year_line(rule.multiplier)
    failures = {
        "over_line": not rule.comparator.holds(total, line),
        "income_not_above": rule.income_above is not None and sums.income <= sums.year_line(rule.income_above),
        "income_above_limit": rule.income_upto is not None and sums.income > sums.year_line(rule.income_upto),
        "no_listed_event": rule.needs_event and not grounds.event_listed,
        "misfortune_too_small": rule.misfortune_over_income is not None
        and sums.misfortune <= rule.misfortune_over_income * sums.income,
        "category_barred": any(code in grounds.observed for code in rule.barred_by),
    }
    failed = tuple(code for code, fails in failures.items() if fails)
    return Outcome(rule, Fen(total), line, sums.per_head(total), failed)


def as_record(assessment: Assessment) -> dict[str, Plain]:
    """Write a assessment for an event: whole fen, text and lists; fractions as `"a/b"`; no names and no float."""
    sums = assessment.sums
    return row_of(assessment.grounds) | {
        "income": sums.income,
        "rigid": sums.rigid,
        "misfortune": sums.misfortune,
        "assets": sums.assets,
        "members": sums.members,
        "line": sums.line,
        "per_head": yuan(sums.per_head(sums.income - sums.rigid)),
        "rules": [_outcome_record(outcome) for outcome in assessment.outcomes],
        "category": assessment.category,
        "exclusions": list(assessment.exclusions),
    }


def _outcome_record(outcome: Outcome) -> Plain:
    return row_of(outcome.rule) | {
        "sum": outcome.sum,
        "line": str(outcome.line),
        "per_head_exact": str(outcome.per_head),
        "per_head": yuan(outcome.per_head),
        "distance_fen": outcome.distance_fen,
        "held": outcome.held,
        "failed": list(outcome.failed),
    }


def recheck(record: Mapping[str, Any]) -> bool:
    """Say whether a record's conclusions follow from its own grounds: judge again, and compare every value."""
    try:
        return as_record(conclude(_grounds(record))) == record
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError):
        return False


def _grounds(record: Mapping[str, Any]) -> AssessmentInput:
    kept: dict[str, Any] = {name: record[name] for name in AssessmentInput.__dataclass_fields__}
    return AssessmentInput(
        **kept
        | {
            "on": date.fromisoformat(kept["on"]),
            "sums": Sums(**{name: _sum(value) for name, value in kept["sums"].items()}),
            "rules": tuple(_rule(row) for row in kept["rules"]),
            "exclusions_binding": tuple(kept["exclusions_binding"]),
            "observed": tuple(kept["observed"]),
        }
    )


def _sum(value: Any) -> Any:
    return tuple((kind, fen) for kind, fen in value) if isinstance(value, list) else value


def _rule(row: Mapping[str, Any]) -> CategoryRule:
    kept = {name: row[name] for name in CategoryRule.__dataclass_fields__}
    ratios = ("multiplier", "income_above", "income_upto", "misfortune_over_income")
    return CategoryRule(
        **kept
        | {name: None if kept[name] is None else Fraction(kept[name]) for name in ratios}
        | {
            "comparator": Comparator(kept["comparator"]),
            "plus": tuple(Term(term) for term in kept["plus"]),
            "minus": tuple(Term(term) for term in kept["minus"]),
            "barred_by": tuple(kept["barred_by"]),
        }
    )


def yuan(fen: Fraction) -> str:
    """Show an exact sum of fen as yuan, the half fen rounded away from zero: 250000/3 is "833.33"."""
    rounded = (2 * abs(fen) + 1) // 2
    return in_yuan(-rounded if fen < 0 else rounded)


def _total(parts: ByKind) -> Fen:
    return Fen(sum(fen for _, fen in parts))
