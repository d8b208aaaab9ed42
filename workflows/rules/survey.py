"""Survey rules: visits, consent, papers and the economic check before review."""

from datetime import date

from workflows.code_lists import Item, SurveyConclusion, VerificationOutcome
from workflows.facts import RuleInput, reads
from workflows.policy_codes import Requirement
from workflows.rules.evidence import went_enough
from workflows.vocabulary import INCOMPATIBLE_DUTIES, Duty, Reason


@reads("consented_until")
def consent_given(case: RuleInput) -> Reason | None:
    """承诺与授权: the family's signed authorisation is in force on the day of the step, when its data is used
    (docs/domain/procedure.md §1.3 step 3; PIPL 29).
    """
    until = case.facts.consented_until
    if until is None or until < case.today:
        return Reason.of("consent_missing", until=until.isoformat() if until else None)
    return None


def visitors_enough(case: RuleInput) -> Reason | None:
    """At least `min_visitors` different people went (docs/domain/procedure.md §1.3 step 5)."""
    visitors = case.accounts("visitors")
    if visitors and len(visitors) < case.policy.min_visitors:
        return Reason.of("too_few_visitors", given=len(visitors), param="min_visitors", value=case.policy.min_visitors)
    return None


def recorder_went(case: RuleInput) -> Reason | None:
    """The person who records a visit is one of its visitors."""
    visitors = case.accounts("visitors")
    if visitors and case.actor.account not in visitors:
        return Reason.of("recorder_not_among_visitors")
    return None


def visitors_entitled(case: RuleInput) -> Reason | None:
    """Every visitor had the visitor's role over the case's unit on the day of the visit."""
    ineligible = case.accounts("visitors") - case.eligible_visitors.keys()
    if ineligible:
        return Reason.of("visitor_not_entitled", accounts=sorted(map(str, ineligible)))
    return None


def visitors_not_family(case: RuleInput) -> Reason | None:
    """No visitor is a relative of the household (docs/domain/procedure.md §1.2)."""
    relatives = case.visitors_and_principals & case.facts.family_staff
    if relatives:
        return Reason.of("visitor_is_family", accounts=sorted(map(str, relatives)))
    return None


def _incompatible_visitors(case: RuleInput, duty: Duty) -> Reason | None:
    for done, person in sorted(case.facts.duties, key=str):
        if person in case.visitors_and_principals and frozenset((duty, done)) in INCOMPATIBLE_DUTIES:
            return Reason.of("visitor_has_incompatible_duty", account=str(person), duty=duty.value, done=done.value)
    return None


def surveyors_have_no_incompatible_duty(case: RuleInput) -> Reason | None:
    """No visitor has reviewed, approved or paid this case (docs/domain/procedure.md §1.2)."""
    return _incompatible_visitors(case, Duty.VISITOR)


def followers_have_no_incompatible_duty(case: RuleInput) -> Reason | None:
    """Nobody who paid the money does the follow-up visit (docs/domain/audit-rules.md §5.5)."""
    return _incompatible_visitors(case, Duty.FOLLOWER)


def _not_in_future(case: RuleInput, key: str) -> Reason | None:
    day = case.text(key)
    if day is not None and date.fromisoformat(day) > case.today:
        return Reason.of("in_the_future", field=key, given=day, today=case.today.isoformat())
    return None


def visited_already(case: RuleInput) -> Reason | None:
    """A visit is dated today or earlier, and not before the case was opened."""
    day = case.text("on")
    if day is not None and date.fromisoformat(day) < case.facts.opened_on:
        return Reason.of("before_the_case", field="on", given=day, opened_on=case.facts.opened_on.isoformat())
    return _not_in_future(case, "on")


def reply_already(case: RuleInput) -> Reason | None:
    """The reply of the economic check is dated today or earlier."""
    return _not_in_future(case, "replied_on")


@reads("returned", "visits")
def surveyed_by_two(case: RuleInput) -> Reason | None:
    """入户调查: at least `min_visitors` people made a survey visit and say so themselves, and the latest visit did not
    refute the need (docs/domain/procedure.md §1.4). A case that was returned to survey needs a new visit.
    """
    visits, returned = case.facts.surveys, case.facts.returned
    if not visits and returned is not None:
        return Reason.of("survey_not_repeated", returned_on=returned.on.isoformat())
    if not visits:
        return Reason.of("survey_missing", param="min_visitors", value=case.policy.min_visitors)
    most = max(len(visit.visitors) for visit in visits)
    if most < case.policy.min_visitors:
        return Reason.of("too_few_visitors", given=most, param="min_visitors", value=case.policy.min_visitors)
    if not any(went_enough(case, visit) for visit in visits):
        waiting = sorted(map(str, visits[-1].visitors - visits[-1].went))
        least = case.policy.min_visitors
        return Reason.of("visit_unconfirmed", accounts=waiting, people=waiting, param="min_visitors", value=least)
    if visits[-1].conclusion == SurveyConclusion.REFUTED:
        return Reason.of("survey_refuted", on=visits[-1].on.isoformat())
    return None


def papers_complete(case: RuleInput) -> Reason | None:
    """All papers that the policy requires for this cause and item have been seen, and for medical aid those of an
    illness, whatever the cause (docs/domain/data-dictionary.md §3.8).
    """
    causes = (case.facts.cause, *(("illness",) if case.facts.item == Item.MEDICAL else ()))
    required = dict.fromkeys(kind for cause in causes for kind in case.policy.papers_for(cause, case.facts.item))
    missing = [kind for kind in required if kind not in case.facts.papers]
    return Reason.of("papers_missing", missing=list(missing), param="papers") if missing else None


@reads("returned")
def papers_seen_again(case: RuleInput) -> Reason | None:
    """A return that names the papers requires papers recorded since (docs/domain/procedure.md §1.3 steps 4 and 5)."""
    returned = case.facts.returned
    if returned is not None and case.facts.must_repeat("papers") and not returned.papers_since:
        return Reason.of("papers_not_repeated", returned_on=returned.on.isoformat())
    return None


@reads("returned")
def checked_again(case: RuleInput) -> Reason | None:
    """A return that names the economic check requires a reply since then (docs/domain/procedure.md §1.3 step 6)."""
    returned, replied_on = case.facts.returned, case.text("replied_on")
    if returned is None or not case.facts.must_repeat("verification") or replied_on is None:
        return None
    if date.fromisoformat(replied_on) < returned.on:
        return Reason.of("verification_not_repeated", given=replied_on, returned_on=returned.on.isoformat())
    return None


@reads("verification")
def verified(case: RuleInput) -> Reason | None:
    """经济状况核对: the reply is about the current members, its hits are explained, and on the day of the review, which
    relies on it, it is at most `verification_valid_days` old (docs/domain/procedure.md §1.3 step 6).
    """
    if not case.policy.verification_required or not case.policy.binds(Requirement.VERIFICATION, case.facts.item):
        return None
    check = case.facts.verification
    if check is None:
        return Reason.of("verification_missing", param="verification_required", value=True)
    if check.people is not None and check.people != case.facts.people:
        return Reason.of("verification_of_others", replied_on=check.replied_on.isoformat())
    age = (case.today - check.replied_on).days
    if age > case.policy.verification_valid_days:
        return Reason.of(
            "verification_stale", age=age, param="verification_valid_days", value=case.policy.verification_valid_days
        )
    if check.outcome == VerificationOutcome.HITS and not check.explained:
        return Reason.of("verification_hits_unexplained")
    return None
