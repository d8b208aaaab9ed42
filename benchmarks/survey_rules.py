"""The hand-written checks of visits, their confirmation and the economic check."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from benchmarks.check_input import CheckInput
from benchmarks.file_digests import people, seen_now
from benchmarks.steps import CLASHES
from workflows.evidence import seen_of

Visit = Mapping[str, Any]
"""A visit with `id`, `kind`, `on`, `conclusion`, `seq`, `visitors`, `confirmed` and `seen`."""


def record_visit(check: CheckInput) -> None:
    """Check the visitors of a survey visit."""
    check.refuse_if("too_few_visitors", len(check.answers["visitors"]) < check.policy.min_visitors)
    _visitors(check)
    _visitors_without_other_duty(check, "visitor")


def record_follow_up(check: CheckInput) -> None:
    """Check the visitors of a follow-up visit."""
    _visitors(check)
    _visitors_without_other_duty(check, "follower")


def _visitors(check: CheckInput) -> None:
    named = [UUID(each) for each in check.answers["visitors"]]
    visited_on = date.fromisoformat(check.answers["on"])
    check.refuse_if("recorder_not_among_visitors", check.clerk.account not in named)
    check.refuse_if("visitor_not_entitled", set(named) - set(check.row.eligible_visitors))
    check.refuse_if("visitor_is_family", set(named) & set(check.row.family_staff))
    check.refuse_if("before_the_case", visited_on < check.row.opened_on)
    check.refuse_if("in_the_future", visited_on > check.today)


def _visitors_without_other_duty(check: CheckInput, duty: str) -> None:
    named = set(check.answers["visitors"])
    done = {each for each, account in check.row.duties or () if account in named}
    done |= {"filer" for account in check.row.filers or () if account in named}
    check.refuse_if("visitor_has_incompatible_duty", any((duty, each) in CLASHES for each in done))


def confirm_visit(check: CheckInput) -> None:
    """Check that a survey visit that counts names the clerk, who has not confirmed it."""
    me = str(check.clerk.account)
    waits = any(me in set(visit["visitors"]) - _went(visit) for visit in _surveys(check.row))
    check.refuse_if("no_visit_to_confirm", not waits)


def unconfirmed(row: Any, account: UUID) -> list[UUID]:
    """Return the survey visits that name an account which has not confirmed them."""
    visits = [each for each in row.visits or () if each["kind"] == "survey"]
    return [UUID(each["id"]) for each in visits if str(account) in set(each["visitors"]) - _went(each)]


def _surveys(row: Any) -> list[Visit]:
    """Return the survey visits since the latest return to survey."""
    since = row.returned[0] if row.returned else -1
    return [each for each in row.visits or () if each["kind"] == "survey" and (each["seq"] or 0) > since]


def _went(visit: Visit) -> set[str]:
    """Return the visitors who confirmed a visit; all of them for one of before confirmations."""
    named = set(visit["visitors"] or ())
    return named if visit["seen"] is None else named & set(visit["confirmed"] or ())


def finish_survey(check: CheckInput) -> None:
    """Check the survey, and the papers since a return."""
    _, _, again, papers_since = check.row.returned or (-1, None, None, True)
    check.refuse_if("papers_not_repeated", "papers" in (again or ()) and not papers_since)
    surveyed(check)


def surveyed(check: CheckInput) -> None:
    """Check that enough visitors confirmed a visit, and that it saw the file as it is now."""
    visits, least = _surveys(check.row), check.policy.min_visitors
    if not visits:
        check.codes.append("survey_missing")
        return
    counting = [each for each in visits if len(_went(each)) >= least]
    check.refuse_if("too_few_visitors", max(len(each["visitors"]) for each in visits) < least)
    check.refuse_if("visit_unconfirmed", not counting)
    check.refuse_if("survey_refuted", visits[-1]["conclusion"] == "refuted")
    check.refuse_if("survey_void", counting and all(_changed(check, each["seen"]) for each in counting))


def _changed(check: CheckInput, stored: Mapping[str, Any] | None) -> bool:
    seen = seen_of(stored)
    return seen is not None and bool(seen.changed_in(seen_now(check.row)))


def record_check(check: CheckInput) -> None:
    """Check the day of the reply."""
    replied = date.fromisoformat(check.answers["replied_on"])
    _, returned, again, _ = check.row.returned or (-1, check.answers["replied_on"], None, True)
    check.refuse_if("in_the_future", replied > check.today)
    check.refuse_if(
        "verification_not_repeated", "verification" in (again or ()) and replied < date.fromisoformat(returned)
    )


def verified(check: CheckInput) -> None:
    """Check that the economic check is recent, explained, and of the family and the finances on file now."""
    reply = check.row.verification
    if not check.policy.verification_required:
        return
    if reply is None:
        check.codes.append("verification_missing")
        return
    age, seen = (check.today - date.fromisoformat(reply[0])).days, seen_of(reply[4])
    check.refuse_if("verification_stale", age > check.policy.verification_valid_days)
    check.refuse_if("verification_of_others", reply[3] is not None and reply[3] != people(check.row))
    check.refuse_if("verification_hits_unexplained", reply[1] == "hits" and not reply[2])
    check.refuse_if("check_void", seen and seen.changed_in(seen_now(check.row), ("finances", "exclusions")))
