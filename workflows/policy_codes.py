"""Codes of a policy set: terms, comparators, requirements, and periods of caps."""

from enum import StrEnum
from fractions import Fraction


class Term(StrEnum):
    """A household's sum of twelve months in the formulae of docs/domain/eligibility.md §2.2: I, A, R and X."""

    INCOME = "income"
    ASSETS = "assets"
    RIGID = "rigid"
    MISFORTUNE = "misfortune"


class Comparator(StrEnum):
    """A comparison with a line: 以内 and 达到或超过 include the line itself, 低于 and 超过 do not (民法典 1259)."""

    BELOW = "<"
    UP_TO = "<="
    OVER = ">"
    FROM = ">="

    def holds(self, sum_: int, line: Fraction) -> bool:
        """Return whether the sum meets the line, compared exactly."""
        answers = {Comparator.BELOW: sum_ < line, Comparator.UP_TO: sum_ <= line}
        return (answers | {Comparator.OVER: sum_ > line, Comparator.FROM: sum_ >= line})[self]


class Requirement(StrEnum):
    """A condition of eligibility that a policy set may waive for one item (docs/domain/eligibility.md §2.1, TMP)."""

    FILED = "filed"
    FINANCES = "finances"
    INCOME_TEST = "income_test"
    EXCLUSIONS = "exclusions"
    VERIFICATION = "verification"
    ITEMS_PER_YEAR = "items_per_year"
    SAME_ITEM_PER_YEAR = "same_item_per_year"


class Per(StrEnum):
    """The unit and period over which a cap is counted."""

    HOUSEHOLD_YEAR = "household_year"
    PERSON_YEAR = "person_year"
    STUDENT_SCHOOL_YEAR = "student_school_year"
