"""Evidence rules: a survey and a check hold only for what they saw (docs/decisions/0033)."""

from calendar import monthrange
from datetime import date

from workflows.evidence import Visit
from workflows.facts import RuleInput, reads
from workflows.policy_codes import Requirement
from workflows.vocabulary import Reason


def went_enough(case: RuleInput, visit: Visit) -> bool:
    """Return whether enough visitors of a visit count for the survey."""
    return len(visit.went) >= case.policy.min_visitors


@reads("returned", "visits")
def survey_still_holds(case: RuleInput) -> Reason | None:
    """The finances, exclusions and members on file are those of a survey that counts; else visitors go again."""
    counting = [visit for visit in case.facts.surveys if went_enough(case, visit)]
    if not counting or any(_holds(case, visit) for visit in counting):
        return None
    latest = counting[-1]
    changed = latest.seen.changed_in(case.facts.seen) if latest.seen else []
    return Reason.of("survey_void", changed=changed, visited_on=latest.on.isoformat())


def _holds(case: RuleInput, visit: Visit) -> bool:
    return visit.seen is None or not visit.seen.changed_in(case.facts.seen)


@reads("verification")
def check_still_holds(case: RuleInput) -> Reason | None:
    """The finances and exclusions on file are those of the economic check; `verified` compares the members."""
    check = case.facts.verification
    if check is None or check.seen is None:
        return None
    changed = check.seen.changed_in(case.facts.seen, ("finances", "exclusions"))
    return Reason.of("check_void", changed=changed, replied_on=check.replied_on.isoformat()) if changed else None


@reads("returned", "visits")
def visit_names_me(case: RuleInput) -> Reason | None:
    """A survey visit that counts names the actor, who has not confirmed it yet."""
    me = case.actor.account
    waits = any(me in visit.visitors - visit.went for visit in case.facts.surveys)
    return None if waits else Reason.of("no_visit_to_confirm")


@reads("finances")
def finances_recent(case: RuleInput) -> Reason | None:
    """The finances on file are at most `finances_valid_months` old on the step's day (docs/domain/audit-rules.md rule 17)."""
    as_of, months = case.facts.finances_as_of, case.policy.finances_valid_months
    if case.facts.finances is None or as_of is None or not case.policy.binds(Requirement.FINANCES, case.facts.item):
        return None
    if _months_later(as_of, months) >= case.today:
        return None
    return Reason.of("finances_stale", as_of=as_of.isoformat(), param="finances_valid_months", value=months)


def _months_later(day: date, months: int) -> date:
    """Return the day some months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
