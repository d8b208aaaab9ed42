"""What must hold of a student before 金秋助学 may be granted."""

from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


def school_year_of(case: RuleInput) -> str:
    """The school year that runs or starts next on this day; it begins on 1 September and is applied for from July."""
    first = case.today.year if case.today.month >= 7 else case.today.year - 1
    return f"{first}-{first + 1}"


def enrolled_this_school_year(case: RuleInput) -> Reason | None:
    """The grant is for the school year at hand (domain/0, fact 5)."""
    given = case.facts.answers.get("school_year")
    if given != school_year_of(case):
        return Reason.of("school_year_wrong", given=given, expected=school_year_of(case))
    return None


def institution_eligible(case: RuleInput) -> Reason | None:
    """Fee-free, military, high-fee and foreign institutions are excluded (domain/2 §2.5)."""
    kind = case.facts.answers.get("institution_kind")
    if kind in case.policy.excluded_institutions:
        return Reason.of("institution_excluded", kind=kind, param="excluded_institutions")
    return None


@reads("others")
def student_not_repeated(case: RuleInput) -> Reason | None:
    """One tuition grant per student and school year, across units and fund sources (domain/2 §2.7)."""
    year = case.facts.answers.get("school_year")
    if any(other.same_student and other.school_year == year and other.item == "EDU" for other in case.facts.others):
        return Reason.of("student_repeated", school_year=year)
    return None
