"""Tuition aid (金秋助学) rules: the school year, the institution, and repeated grants."""

from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


def school_year_of(case: RuleInput) -> str:
    """Return the school year of the day of application: from July on, the one that begins on 1 September.

    A case keeps the school year of its application however long the review takes.
    """
    applied_on = case.facts.opened_on
    first = applied_on.year if applied_on.month >= 7 else applied_on.year - 1
    return f"{first}-{first + 1}"


def enrolled_this_school_year(case: RuleInput) -> Reason | None:
    """The grant is for the school year of the day of application (docs/domain/glossary.md fact 5)."""
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


def parts_within_requested(case: RuleInput) -> Reason | None:
    """其中学费 and 其中生活费 are parts of the sum asked for, so together they are at most that sum."""
    parts = [case.facts.answers.get(key) for key in ("tuition_part", "living_part")]
    total = sum(part for part in parts if isinstance(part, int))
    if total > case.facts.requested:
        return Reason.of("parts_over_requested", parts=total, requested=case.facts.requested)
    return None


@reads("student_stage")
def stage_as_filed(case: RuleInput) -> Reason | None:
    """The stage of the form, on which the cap rests, is that of the student on file, where the file has one.

    It is asked for the stage of the day of review; the file is corrected when the student moves up.
    """
    given, on_file = case.facts.answers.get("stage"), case.facts.student_stage
    if on_file is not None and given != on_file:
        return Reason.of("stage_differs", stage=given, stage_on_file=on_file)
    return None


@reads("others")
def student_not_repeated(case: RuleInput) -> Reason | None:
    """A student gets one grant per school year, across units and fund sources (docs/domain/eligibility.md §2.7).

    The school year is that of the application, of this case and of the others; no day is asked.
    """
    year = case.facts.answers.get("school_year")
    if any(other.same_student and other.school_year == year and other.item == "EDU" for other in case.facts.others):
        return Reason.of("student_repeated", school_year=year)
    return None
