"""An assessment applies the policy's formulae to a household's sums.

Its record has every intermediate value, so that it can be checked again from the record alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from workflows.money_format import in_yuan
from workflows.plain_form import row_of
from workflows.policy import CategoryRule
from workflows.policy_codes import Comparator, Term
from workflows.vocabulary import Fen, Plain

ByKind = tuple[tuple[str, Fen], ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """A household's sums of twelve months in fen, named as in docs/domain/eligibility.md §2.2, each with its parts."""

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
        """Return I: the income that counts, with imputed wages and earlier aid."""
        return Fen(_total(self.income_by_kind) + self.imputed + self.prior_aid)

    @property
    def rigid(self) -> Fen:
        """Return R: rigid spending, net of reimbursements."""
        return _total(self.rigid_by_kind)

    @property
    def misfortune(self) -> Fen:
        """Return X: spending caused by the misfortune, net of reimbursements."""
        return _total(self.misfortune_by_kind)

    def term(self, term: Term) -> Fen:
        """Return the sum of one term of a formula."""
        sums = {Term.INCOME: self.income, Term.ASSETS: self.assets}
        return (sums | {Term.RIGID: self.rigid, Term.MISFORTUNE: self.misfortune})[term]

    def year_line(self, multiplier: Fraction) -> Fraction:
        """Return `multiplier` × L × 12 × n: the monthly line per head, for the whole household and year."""
        return multiplier * self.line * 12 * self.members

    def per_head(self, year: int) -> Fraction:
        """Return a year's sum per head and month, as an exact fraction of fen."""
        return Fraction(year, 12 * self.members)


@dataclass(frozen=True, slots=True)
class AssessmentInput:
    """The input of an assessment: the sums, the formulae in their order, and the observations."""

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
    """The result of one formula; `failed` has the code of every condition that did not hold."""

    rule: CategoryRule
    sum: Fen
    """Plus terms less minus terms, fen in twelve months; negative when a family spends more than it has."""
    line: Fraction
    per_head: Fraction
    failed: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Return whether the household is in the category by this formula."""
        return not self.failed

    @property
    def distance_fen(self) -> int:
        """Return how many fen in twelve months the sum may still grow to reach the line; negative: it is over."""
        return (self.line - self.sum) // 1


@dataclass(frozen=True, slots=True)
class Assessment:
    """The input, the outcome of every formula, the first category that holds, and the exclusions observed.

    `category` follows from the formulae alone; a household with `exclusions` is refused whatever its category.
    """

    inputs: AssessmentInput
    outcomes: tuple[Outcome, ...]
    category: str | None
    exclusions: tuple[str, ...]

    @property
    def sums(self) -> Sums:
        """Return the sums of the input."""
        return self.inputs.sums


def conclude(inputs: AssessmentInput) -> Assessment:
    """Apply every formula in order; the first that holds gives the category."""
    outcomes = tuple(_apply(rule, inputs) for rule in inputs.rules)
    category = next((outcome.rule.category for outcome in outcomes if outcome.held), None)
    exclusions = tuple(code for code in inputs.exclusions_binding if code in inputs.observed)
    return Assessment(inputs, outcomes, category, exclusions)


def _apply(rule: CategoryRule, inputs: AssessmentInput) -> Outcome:
    sums = inputs.sums
    total = sum(sums.term(term) for term in rule.plus) - sum(sums.term(term) for term in rule.minus)
    line = sums.year_line(rule.multiplier)
    failures = {
        "over_line": not rule.comparator.holds(total, line),
        "income_not_above": rule.income_above is not None
        and not rule.income_above_comparator.holds(sums.income, sums.year_line(rule.income_above)),
        "income_above_limit": rule.income_upto is not None
        and not rule.income_upto_comparator.holds(sums.income, sums.year_line(rule.income_upto)),
        "no_listed_event": rule.needs_event and not inputs.event_listed,
        "misfortune_too_small": rule.misfortune_over_income is not None
        and not rule.misfortune_comparator.holds(sums.misfortune, rule.misfortune_over_income * sums.income),
        "category_barred": any(code in inputs.observed for code in rule.barred_by),
    }
    failed = tuple(code for code, fails in failures.items() if fails)
    return Outcome(rule, Fen(total), line, sums.per_head(total), failed)


def as_record(assessment: Assessment) -> dict[str, Plain]:
    """Return an assessment as an event stores it: whole fen, text, lists, fractions as `"a/b"`, no personal names."""
    sums = assessment.sums
    return row_of(assessment.inputs) | {
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
    """Return whether a record follows from its own input: assess that again and compare every value."""
    try:
        return as_record(conclude(_read_inputs(record))) == record
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError):
        return False


def _read_inputs(record: Mapping[str, Any]) -> AssessmentInput:
    values: dict[str, Any] = {name: record[name] for name in AssessmentInput.__dataclass_fields__}
    return AssessmentInput(
        **values
        | {
            "on": date.fromisoformat(values["on"]),
            "sums": Sums(**{name: _read_sum(value) for name, value in values["sums"].items()}),
            "rules": tuple(_read_rule(row) for row in values["rules"]),
            "exclusions_binding": tuple(values["exclusions_binding"]),
            "observed": tuple(values["observed"]),
        }
    )


def _read_sum(value: Any) -> Any:
    return tuple((kind, fen) for kind, fen in value) if isinstance(value, list) else value


def _read_rule(row: Mapping[str, Any]) -> CategoryRule:
    names = CategoryRule.__dataclass_fields__
    values = {name: row[name] for name, each in names.items() if name in row or not each.metadata.get("later")}
    ratios = ("multiplier", "income_above", "income_upto", "misfortune_over_income")
    comparators = [name for name in values if name.endswith("comparator")]
    return CategoryRule(
        **values
        | {name: None if values[name] is None else Fraction(values[name]) for name in ratios}
        | {name: Comparator(values[name]) for name in comparators}
        | {
            "plus": tuple(Term(term) for term in values["plus"]),
            "minus": tuple(Term(term) for term in values["minus"]),
            "barred_by": tuple(values["barred_by"]),
        }
    )


def yuan(fen: Fraction) -> str:
    """Return an exact sum of fen as yuan, half a fen rounded away from zero: 250000/3 → "833.33"."""
    rounded = (2 * abs(fen) + 1) // 2
    return in_yuan(-rounded if fen < 0 else rounded)


def _total(parts: ByKind) -> Fen:
    return Fen(sum(fen for _, fen in parts))
