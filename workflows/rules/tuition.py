"""Tuition aid (金秋助学) rules: the school year, the institution, and repeated grants."""

from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


def school_year_of(case: RuleInput) -> str:
    """Return the school year for which families apply today: from July on, the one that begins on 1 September."""
    first = case.today.year if case.today.month >= 7 else case.today.year - 1
    return f"{first}-{first + 1}"


def enrolled_this_school_year(case: RuleInput) -> Reason | None:
    """The grant is for the current school year (docs/domain/glossary.md fact 5)."""
    school_year = case.facts.answers.get("school_year")
    if school_year != school_year_of(case):
        return Reason.of("school_year_wrong", given=school_year, expected=school_year_of(case))
    return None


def institution_eligible(case: RuleInput) -> Reason | None:
    """Fee-free, military, high-fee and foreign institutions are excluded (docs/domain/eligibility.md §2.5)."""
    kind = case.facts.answers.get("institution_kind")
    if kind in case.policy.excluded_institutions:
        return Reason.of("institution_excluded", kind=kind, param="excluded_institutions")
    return None


@reads("others")
def student_not_repeated(case: RuleInput) -> Reason | None:
    """A student gets one grant per school year, across units and fund sources (docs/domain/eligibility.md §2.7)."""
    year = case.facts.answers.get("school_year")
    if any(other.same_student and other.school_year == year and other.item == "EDU" for other in case.facts.others):
        return Reason.of("student_repeated", school_year=year)
    return None
