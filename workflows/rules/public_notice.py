"""公示: nothing is approved before the notice ends, while an objection is open, or when what was shown has changed."""

from workflows import workdays
from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


@reads("notice")
def notice_ended(case: RuleInput) -> Reason | None:
    """The notice hung `notice_days` full working days; the day of posting does not count (domain/1 §1.5)."""
    notice = case.facts.notice
    if notice is None:
        return Reason.of("notice_missing")
    days = case.policy.notice_days
    try:
        ends = workdays.after(notice.posted_on, days, case.calendar)
    except workdays.CalendarUnknown as unknown:
        return Reason.of("calendar_unknown", year=unknown.year)
    if case.today <= ends:
        return Reason.of("notice_running", ends_on=ends.isoformat(), param="notice_days", value=days)
    return None


@reads("notice")
def notice_taken_down(case: RuleInput) -> Reason | None:
    """The notice was ended and taken down before the decision."""
    if case.facts.notice is None or case.facts.notice.ended_on is None:
        return Reason.of("notice_missing")
    return None


@reads("notice")
def no_open_objection(case: RuleInput) -> Reason | None:
    """An objection stops approval until it is answered (domain/1 §1.6)."""
    notice = case.facts.notice
    if notice and notice.open_objections:
        return Reason.of("objection_open", count=notice.open_objections)
    return None


@reads("notice")
def no_upheld_objection(case: RuleInput) -> Reason | None:
    """An objection that was upheld sends the case back to review (domain/1 §1.6)."""
    notice = case.facts.notice
    if notice and notice.upheld_objections:
        return Reason.of("objection_upheld", count=notice.upheld_objections)
    return None


@reads("notice")
def this_notice(case: RuleInput) -> Reason | None:
    """An objection that names a notice, or its answer, is about the one that hangs now."""
    named, notice = case.text("notice"), case.facts.notice
    if named is not None and (notice is None or str(notice.id) != named):
        return Reason.of("notice_over")
    return None


def notice_can_end(case: RuleInput) -> Reason | None:
    """The calendar that says when a notice posted today would end is known (domain/1 §1.5)."""
    try:
        workdays.after(case.today, case.policy.notice_days, case.calendar)
    except workdays.CalendarUnknown as unknown:
        return Reason.of("calendar_unknown", year=unknown.year)
    return None


@reads("notice")
def an_objection_is_open(case: RuleInput) -> Reason | None:
    """There is something to answer."""
    notice = case.facts.notice
    return None if notice and notice.open_objections else Reason.of("no_objection")


@reads("notice")
def shown_is_unchanged(case: RuleInput) -> Reason | None:
    """Amount, payee, category and household facts are those the notice was made from (audit rule 37)."""
    notice = case.facts.notice
    if notice and notice.content != case.facts.content:
        return Reason.of("content_changed", since="notice")
    return None
