"""公示: nothing is approved before the notice ends, while an objection is open, or when what was shown has changed."""

from workflows import workdays
from workflows.facts import Ask
from workflows.terms import Reason


def notice_ended(ask: Ask) -> Reason | None:
    """The notice hung `notice_days` full working days; the day of posting does not count (domain/1 §1.5)."""
    notice = ask.facts.notice
    if notice is None:
        return Reason.of("notice_missing")
    days = ask.policy.notice_days
    try:
        ends = workdays.after(notice.posted_on, days, ask.calendar)
    except workdays.CalendarUnknown as unknown:
        return Reason.of("calendar_unknown", year=unknown.year)
    if ask.today <= ends:
        return Reason.of("notice_running", ends_on=ends.isoformat(), param="notice_days", value=days)
    return None


def notice_taken_down(ask: Ask) -> Reason | None:
    """The notice was ended and taken down before the decision."""
    if ask.facts.notice is None or ask.facts.notice.ended_on is None:
        return Reason.of("notice_missing")
    return None


def no_open_objection(ask: Ask) -> Reason | None:
    """An objection stops approval until it is answered (domain/1 §1.6)."""
    notice = ask.facts.notice
    if notice and notice.open_objections:
        return Reason.of("objection_open", count=notice.open_objections)
    return None


def no_upheld_objection(ask: Ask) -> Reason | None:
    """An objection that was upheld sends the case back to review (domain/1 §1.6)."""
    notice = ask.facts.notice
    if notice and notice.upheld_objections:
        return Reason.of("objection_upheld", count=notice.upheld_objections)
    return None


def this_notice(ask: Ask) -> Reason | None:
    """An objection that names a notice, or its answer, is about the one that hangs now."""
    named, notice = ask.text("notice"), ask.facts.notice
    if named is not None and (notice is None or str(notice.id) != named):
        return Reason.of("notice_over")
    return None


def notice_can_end(ask: Ask) -> Reason | None:
    """The calendar that says when a notice posted today would end is known (domain/1 §1.5)."""
    try:
        workdays.after(ask.today, ask.policy.notice_days, ask.calendar)
    except workdays.CalendarUnknown as unknown:
        return Reason.of("calendar_unknown", year=unknown.year)
    return None


def an_objection_is_open(ask: Ask) -> Reason | None:
    """There is something to answer."""
    notice = ask.facts.notice
    return None if notice and notice.open_objections else Reason.of("no_objection")


def shown_is_unchanged(ask: Ask) -> Reason | None:
    """Amount, payee, category and household facts are those the notice was made from (audit rule 37)."""
    notice = ask.facts.notice
    if notice and notice.content != ask.facts.content:
        return Reason.of("content_changed", since="notice")
    return None
