"""Means-test rules: the assessment, the caps, and the limits on repeated aid.

The assessment asks the day of the step: the review proposes on its day, and the decision assesses again on its own,
with the 低保 line of that day and the aid of the twelve months before it (docs/domain/eligibility.md §2.2). The year of
caps and repeated aid is that of the decision (`RuleInput.decided_on`), as an earlier award counts on its decision's day.
"""

from dataclasses import dataclass

from workflows import assessment, eligibility, policy
from workflows.assessment import Assessment
from workflows.facts import RuleInput, reads
from workflows.policy_codes import Requirement
from workflows.vocabulary import Fen, Reason


def assessed(case: RuleInput) -> Assessment | None:
    """Return the assessment under the case's policy set on the day of the step.

    None without finances on file or a local 低保 line.
    """
    if case.facts.finances is None or _line(case) is None:
        return None
    return eligibility.assess_need(case.policy, case.facts.finances, case.facts.division, case.today)


def _line(case: RuleInput) -> Fen | None:
    try:
        return policy.dibao_line(case.policy, case.facts.division, case.today)
    except policy.NoLine:
        return None


def line_known(case: RuleInput) -> Reason | None:
    """The policy has a 低保 line for the household's division on the step's day (docs/domain/audit-rules.md rule 08)."""
    if _line(case) is None:
        return Reason.of("line_unknown", division=case.facts.division, param="dibao_lines")
    return None


def filed(case: RuleInput) -> Reason | None:
    """先建档、后帮扶: the household's file is active (docs/domain/glossary.md fact 2)."""
    if case.facts.filed or not _binds(case, Requirement.FILED):
        return None
    return Reason.of("household_not_filed")


def _binds(case: RuleInput, requirement: Requirement) -> bool:
    """Return whether the policy applies a requirement to the case's item (docs/domain/eligibility.md §2.1, TMP)."""
    return case.policy.binds(requirement, case.facts.item)


@reads("beneficiary_in_family")
def beneficiary_stays(case: RuleInput) -> Reason | None:
    """The beneficiary is still a member of the household (docs/domain/audit-rules.md rule 16)."""
    return None if case.facts.beneficiary_in_family else Reason.of("beneficiary_left")


@reads("finances", "fund")
def fund_for_category(case: RuleInput) -> Reason | None:
    """A fund line for some categories pays for no other one (docs/domain/funds.md §4.3, permitted archive levels)."""
    fund, need = case.facts.fund, assessed(case)
    category = need.category if need else None
    if fund is None or not fund.categories or category in fund.categories:
        return None
    if category is None and _binds(case, Requirement.INCOME_TEST):
        return None  # refused by the income test, or for want of finances
    if category is None:
        return Reason.of("category_missing", permitted_categories=sorted(fund.categories))
    return Reason.of("category_not_permitted", category=category, permitted_categories=sorted(fund.categories))


@reads("finances")
def finances_on_file(case: RuleInput) -> Reason | None:
    """Income, spending and assets of the last twelve months are on file."""
    missing = case.facts.finances is None and _binds(case, Requirement.FINANCES)
    return Reason.of("finances_missing") if missing else None


@reads("finances")
def within_income_test(case: RuleInput) -> Reason | None:
    """The sum per head meets the line of at least one category (docs/domain/eligibility.md §2.2)."""
    need = assessed(case)
    if need is None or need.category is not None or not _binds(case, Requirement.INCOME_TEST):
        return None
    record = assessment.as_record(need)
    return Reason.of("income_over_line", per_head=record["per_head"], line=record["line"], rules=record["rules"])


@reads("finances")
def category_as_shown(case: RuleInput) -> Reason | None:
    """On the day of the decision the household is still in the category that the notice showed.

    Source: docs/domain/procedure.md §1.4, guard of the approval.
    """
    need, shown = assessed(case), case.facts.category
    if need is None or need.category is None or shown in {None, need.category}:
        return None
    return Reason.of("category_changed", shown=shown, category=need.category)


@reads("finances")
def no_exclusion(case: RuleInput) -> Reason | None:
    """No exclusion of the policy was observed (docs/domain/eligibility.md §2.5)."""
    need = assessed(case)
    if need is None or not need.exclusions or not _binds(case, Requirement.EXCLUSIONS):
        return None
    return Reason.of("excluded", exclusions=sorted(need.exclusions), param="exclusions")


def _award(case: RuleInput) -> Fen | None:
    return case.fen("award") if case.fen("award") is not None else case.facts.award


def award_positive(case: RuleInput) -> Reason | None:
    """An award is more than zero; a case that gets nothing is declined instead."""
    return Reason.of("award_nothing") if case.fen("award") == 0 else None


def within_requested(case: RuleInput) -> Reason | None:
    """The award is at most the amount requested."""
    award = _award(case)
    if award is not None and award > case.facts.requested:
        return Reason.of("over_requested", award=award, requested=case.facts.requested)
    return None


def cap(case: RuleInput) -> Fen | None:
    """Return the maximum of the item for the household (or student) in its year, in fen, before earlier awards.

    A share of what the family paid itself is one of the lower sum: that of the form, or that of the survey.
    """
    need, line = assessed(case), _line(case)
    if line is None:
        return None
    return eligibility.cap_for(
        case.policy,
        case.facts.item,
        category=need.category if need else None,
        stage=_stage(case),
        line=line,
        self_paid=_self_paid(case),
    )


def _self_paid(case: RuleInput) -> Fen | None:
    """Return what counts as paid by the family itself, or None without a sum on the form."""
    given = case.facts.answers.get("self_paid")
    if not isinstance(given, int):
        return None
    finances = case.facts.finances
    surveyed = eligibility.self_paid_surveyed(case.policy, case.facts.item, finances) if finances else Fen(0)
    return min(Fen(given), surveyed)


@reads("finances")
def self_paid_as_surveyed(case: RuleInput) -> Reason | None:
    """What the form says the family paid itself is what the survey found, where the cap is a share of it.

    The surveyed lines are those on file on the day of the step (docs/domain/eligibility.md §2.4).
    """
    given, finances, need = case.facts.answers.get("self_paid"), case.facts.finances, assessed(case)
    if not isinstance(given, int) or finances is None or need is None:
        return None
    caps = eligibility.caps_that_fit(case.policy, case.facts.item, category=need.category, stage=_stage(case))
    surveyed = eligibility.self_paid_surveyed(case.policy, case.facts.item, finances)
    if given == surveyed or all(cap.share is None for cap in caps):
        return None
    return Reason.of("self_paid_differs", typed=given, surveyed=surveyed)


@dataclass(frozen=True, slots=True)
class AwardLimits:
    """What limits the award of a case, in fen; `most` is never below zero, and `cap` is None without a cap."""

    requested: Fen
    cap: Fen | None
    earlier: Fen
    most: Fen
    waived: tuple[Requirement, ...]


def award_limits(case: RuleInput) -> AwardLimits:
    """Return the amount requested, the cap, the earlier grants under it, and the most that may be awarded."""
    requested, limit, earlier = case.facts.requested, cap(case), Fen(sum(_earlier_grants(case)))
    most = requested if limit is None else min(requested, max(0, limit - earlier))
    return AwardLimits(requested, limit, earlier, Fen(most), case.policy.rule_for(case.facts.item).waived)


def _stage(case: RuleInput) -> str | None:
    stage = case.facts.answers.get("stage")
    return stage if isinstance(stage, str) else None


def _earlier_grants(case: RuleInput) -> list[Fen]:
    school_year = case.facts.answers.get("school_year")
    return [
        other.fen
        for other in case.facts.others
        if other.item == case.facts.item
        and (
            other.same_student and other.school_year == school_year
            if school_year
            else other.on.year == case.decided_on.year
        )
    ]


@reads("finances", "others")
def within_cap(case: RuleInput) -> Reason | None:
    """The award and earlier awards of the item in the year of the decision (or the school year) are within the cap.

    Sources: docs/domain/eligibility.md §2.1, docs/domain/audit-rules.md rules 48–50.
    """
    award, limit = _award(case), cap(case)
    if award is None or limit is None:
        return None
    before = sum(_earlier_grants(case))
    if award + before > limit:
        return Reason.of("over_cap", award=award, before=before, cap=limit, param="caps")
    return None


@reads("others", "pending")
def not_repeated(case: RuleInput) -> Reason | None:
    """A household gets the same item at most `same_item_per_year` times in the year of the decision.

    An open case that was opened before this one counts too, so that two cases do not reach their notices together
    (docs/domain/eligibility.md §2.7).
    """
    most, item = case.policy.same_item_per_year, case.facts.item
    if not _binds(case, Requirement.SAME_ITEM_PER_YEAR):
        return None
    before = len(_earlier_grants(case))
    if before >= most:
        return Reason.of("item_repeated", item=item, times=before, param="same_item_per_year", value=most)
    if before + case.facts.pending.count(item) >= most:
        return Reason.of("same_item_pending", item=item, param="same_item_per_year", value=most)
    return None


@reads("finances", "others", "pending")
def items_allowed(case: RuleInput) -> Reason | None:
    """A household gets at most its category's `items_per_year` different items in the year of the decision.

    An open case that was opened before this one counts too, so that two cases do not reach their notices together
    (docs/domain/eligibility.md §2.7).
    """
    need = assessed(case)
    most = case.policy.items_per_year.get(need.category or "") if need else None
    if most is None or not _binds(case, Requirement.ITEMS_PER_YEAR):
        return None
    items = {other.item for other in case.facts.others if other.on.year == case.decided_on.year} | {case.facts.item}
    if len(items) > most:
        return Reason.of("too_many_items", items=sorted(items), param="items_per_year", value=most)
    pending = set(case.facts.pending) - items
    if len(items | pending) > most:
        return Reason.of("items_pending", items=sorted(pending), param="items_per_year", value=most)
    return None
