"""The means test, the caps, and the rule against the same help twice."""

from workflows import assessment, eligibility, policy
from workflows.assessment import Assessment
from workflows.facts import RuleInput, reads
from workflows.vocabulary import Fen, Reason


def assessed(case: RuleInput) -> Assessment | None:
    """The household judged under the policy at hand, or None while its finances or the local line is not on file."""
    if case.facts.finances is None or _line(case) is None or case.facts.finances.members < 1:
        return None
    return eligibility.assess_need(case.policy, case.facts.finances, case.facts.division, case.today)


def _line(case: RuleInput) -> Fen | None:
    try:
        return policy.dibao_line(case.policy, case.facts.division, case.today)
    except policy.NoLine:
        return None


def line_known(case: RuleInput) -> Reason | None:
    """The policy has a 低保 line for the household's division on the day (audit rule 08)."""
    if _line(case) is None:
        return Reason.of("line_unknown", division=case.facts.division, param="dibao_lines")
    return None


def filed(case: RuleInput) -> Reason | None:
    """先建档、后帮扶: the household's file is active (domain/0, fact 2)."""
    return None if case.facts.filed else Reason.of("household_not_filed")


@reads("beneficiary_in_family")
def beneficiary_stays(case: RuleInput) -> Reason | None:
    """Who is to be helped is still a member of the family (audit rule 16)."""
    return None if case.facts.beneficiary_in_family else Reason.of("beneficiary_left")


@reads("finances", "fund")
def fund_for_category(case: RuleInput) -> Reason | None:
    """A line kept for some categories helps no other (domain/4 §4.3, permitted archive levels)."""
    fund, found = case.facts.fund, assessed(case)
    if fund is None or not fund.categories or found is None or found.category in {None, *fund.categories}:
        return None
    return Reason.of("category_not_permitted", category=found.category, permitted_categories=sorted(fund.categories))


@reads("finances")
def finances_on_file(case: RuleInput) -> Reason | None:
    """Income, spending and assets of the last twelve months have been recorded."""
    return Reason.of("finances_missing") if case.facts.finances is None else None


@reads("finances")
def within_income_test(case: RuleInput) -> Reason | None:
    """The per-head sum meets one category's line (domain/2 §2.2)."""
    found = assessed(case)
    if found is None or found.category is not None:
        return None
    record = assessment.as_record(found)
    return Reason.of("income_over_line", per_head=record["per_head"], line=record["line"], rules=record["rules"])


@reads("finances")
def no_exclusion(case: RuleInput) -> Reason | None:
    """None of the policy's exclusions was observed (domain/2 §2.5)."""
    found = assessed(case)
    if found is None or not found.exclusions:
        return None
    return Reason.of("excluded", exclusions=sorted(found.exclusions), param="exclusions")


def _award(case: RuleInput) -> Fen | None:
    return case.fen("award") if case.fen("award") is not None else case.facts.award


def award_positive(case: RuleInput) -> Reason | None:
    """An award of nothing is a refusal by another name: decline instead."""
    return Reason.of("award_nothing") if case.fen("award") == 0 else None


def within_requested(case: RuleInput) -> Reason | None:
    """The award is at most what the family asked for."""
    award = _award(case)
    if award is not None and award > case.facts.requested:
        return Reason.of("over_requested", award=award, requested=case.facts.requested)
    return None


def cap(case: RuleInput) -> Fen | None:
    """The most this item may reach for this household (or student) in its year, before earlier awards count."""
    found, line, paid_self = assessed(case), _line(case), case.facts.answers.get("self_paid")
    if line is None:
        return None
    return eligibility.cap_for(
        case.policy,
        case.facts.item,
        category=found.category if found else None,
        stage=_stage(case),
        line=line,
        self_paid=Fen(paid_self) if isinstance(paid_self, int) else None,
    )


def _stage(case: RuleInput) -> str | None:
    stage = case.facts.answers.get("stage")
    return stage if isinstance(stage, str) else None


def _same_grant(case: RuleInput) -> list[Fen]:
    school_year = case.facts.answers.get("school_year")
    return [
        other.fen
        for other in case.facts.others
        if other.item == case.facts.item
        and (
            other.same_student and other.school_year == school_year if school_year else other.on.year == case.today.year
        )
    ]


@reads("finances", "others")
def within_cap(case: RuleInput) -> Reason | None:
    """The award and what was given for the item before stay under the cap (domain/2 §2.1, audit rules 48–50)."""
    award, limit = _award(case), cap(case)
    if award is None or limit is None:
        return None
    before = sum(_same_grant(case))
    if award + before > limit:
        return Reason.of("over_cap", award=award, before=before, cap=limit, param="caps")
    return None


@reads("others")
def not_repeated(case: RuleInput) -> Reason | None:
    """The same item at most `same_item_per_year` times a year (domain/2 §2.7)."""
    before = len(_same_grant(case))
    if before >= case.policy.same_item_per_year:
        return Reason.of(
            "item_repeated",
            item=case.facts.item,
            before=before,
            param="same_item_per_year",
            value=case.policy.same_item_per_year,
        )
    return None


@reads("finances", "others")
def items_allowed(case: RuleInput) -> Reason | None:
    """How many different items a year the household's category may have (domain/2 §2.7)."""
    found = assessed(case)
    most = case.policy.items_per_year.get(found.category or "") if found else None
    had = {other.item for other in case.facts.others if other.on.year == case.today.year} | {case.facts.item}
    if most is not None and len(had) > most:
        return Reason.of("too_many_items", items=sorted(had), param="items_per_year", value=most)
    return None
