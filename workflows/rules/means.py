"""The means test, the caps, and the rule against the same help twice."""

from workflows import eligibility, judgement, policy
from workflows.facts import Ask
from workflows.judgement import Judgement
from workflows.terms import Fen, Reason


def judged(ask: Ask) -> Judgement | None:
    """The household judged under the policy at hand, or None while its economy or the local line is not on file."""
    if ask.facts.economy is None or _line(ask) is None or ask.facts.economy.members < 1:
        return None
    return eligibility.judge(ask.policy, ask.facts.economy, ask.facts.division, ask.today)


def _line(ask: Ask) -> Fen | None:
    try:
        return policy.dibao_line(ask.policy, ask.facts.division, ask.today)
    except policy.NoLine:
        return None


def line_known(ask: Ask) -> Reason | None:
    """The policy has a 低保 line for the household's division on the day (audit rule 08)."""
    if _line(ask) is None:
        return Reason.of("line_unknown", division=ask.facts.division, param="dibao_lines")
    return None


def filed(ask: Ask) -> Reason | None:
    """先建档、后帮扶: the household's file is active (domain/0, fact 2)."""
    return None if ask.facts.filed else Reason.of("household_not_filed")


def beneficiary_stays(ask: Ask) -> Reason | None:
    """Who is to be helped is still a member of the family (audit rule 16)."""
    return None if ask.facts.beneficiary_in_family else Reason.of("beneficiary_left")


def fund_for_category(ask: Ask) -> Reason | None:
    """A line kept for some categories helps no other (domain/4 §4.3, permitted archive levels)."""
    fund, found = ask.facts.fund, judged(ask)
    if fund is None or not fund.categories or found is None or found.category in {None, *fund.categories}:
        return None
    return Reason.of("category_not_permitted", category=found.category, permitted_categories=sorted(fund.categories))


def economy_on_file(ask: Ask) -> Reason | None:
    """Income, spending and assets of the last twelve months have been recorded."""
    return Reason.of("economy_missing") if ask.facts.economy is None else None


def within_income_test(ask: Ask) -> Reason | None:
    """The per-head sum meets one category's line (domain/2 §2.2)."""
    found = judged(ask)
    if found is None or found.category is not None:
        return None
    record = judgement.as_record(found)
    return Reason.of("income_over_line", per_head=record["per_head"], line=record["line"], rules=record["rules"])


def no_exclusion(ask: Ask) -> Reason | None:
    """None of the policy's exclusions was observed (domain/2 §2.5)."""
    found = judged(ask)
    if found is None or not found.exclusions:
        return None
    return Reason.of("excluded", exclusions=sorted(found.exclusions), param="exclusions")


def _award(ask: Ask) -> Fen | None:
    return ask.fen("award") if ask.fen("award") is not None else ask.facts.award


def award_positive(ask: Ask) -> Reason | None:
    """An award of nothing is a refusal by another name: decline instead."""
    return Reason.of("award_nothing") if ask.fen("award") == 0 else None


def within_asked(ask: Ask) -> Reason | None:
    """The award is at most what the family asked for."""
    award = _award(ask)
    if award is not None and award > ask.facts.asked:
        return Reason.of("over_asked", award=award, asked=ask.facts.asked)
    return None


def cap(ask: Ask) -> Fen | None:
    """The most this item may reach for this household (or student) in its year, before earlier awards count."""
    found, line, paid_self = judged(ask), _line(ask), ask.facts.answers.get("self_paid")
    if line is None:
        return None
    return eligibility.cap_for(
        ask.policy,
        ask.facts.item,
        category=found.category if found else None,
        stage=_stage(ask),
        line=line,
        self_paid=Fen(paid_self) if isinstance(paid_self, int) else None,
    )


def _stage(ask: Ask) -> str | None:
    stage = ask.facts.answers.get("stage")
    return stage if isinstance(stage, str) else None


def _same_grant(ask: Ask) -> list[Fen]:
    school_year = ask.facts.answers.get("school_year")
    return [
        other.fen
        for other in ask.facts.others
        if other.item == ask.facts.item
        and (
            other.same_student and other.school_year == school_year if school_year else other.on.year == ask.today.year
        )
    ]


def within_cap(ask: Ask) -> Reason | None:
    """The award and what was given for the item before stay under the cap (domain/2 §2.1, audit rules 48–50)."""
    award, limit = _award(ask), cap(ask)
    if award is None or limit is None:
        return None
    before = sum(_same_grant(ask))
    if award + before > limit:
        return Reason.of("over_cap", award=award, before=before, cap=limit, param="caps")
    return None


def not_repeated(ask: Ask) -> Reason | None:
    """The same item at most `same_item_per_year` times a year (domain/2 §2.7)."""
    before = len(_same_grant(ask))
    if before >= ask.policy.same_item_per_year:
        return Reason.of(
            "item_repeated",
            item=ask.facts.item,
            before=before,
            param="same_item_per_year",
            value=ask.policy.same_item_per_year,
        )
    return None


def items_allowed(ask: Ask) -> Reason | None:
    """How many different items a year the household's category may have (domain/2 §2.7)."""
    found = judged(ask)
    most = ask.policy.items_per_year.get(found.category or "") if found else None
    had = {other.item for other in ask.facts.others if other.on.year == ask.today.year} | {ask.facts.item}
    if most is not None and len(had) > most:
        return Reason.of("too_many_items", items=sorted(had), param="items_per_year", value=most)
    return None
