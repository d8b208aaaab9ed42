"""Public notice (公示) rules: its length, its objections, and the content it showed."""

from datetime import date

from workflows import workdays
from workflows.evidence import Notice
from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


@reads("notice")
def notice_ended(case: RuleInput) -> Reason | None:
    """公示 lasts at least `notice_days` working days, and until the day it showed; the day of posting does not count.

    The days are counted from the day of posting, under the policy set that the notice cites.
    Source: docs/domain/procedure.md §1.5.
    """
    notice = case.facts.notice
    if notice is None:
        return Reason.of("notice_missing")
    days = case.policy.notice_days
    try:
        counted = workdays.after(notice.posted_on, days, case.calendar)
    except workdays.CalendarUnknown as unknown:
        return Reason.of("calendar_unknown", year=unknown.year)
    ends = _last_day(notice, counted)
    if case.today <= ends:
        return Reason.of("notice_running", ends_on=ends.isoformat(), param="notice_days", value=days)
    return None


def _last_day(notice: Notice, counted: date) -> date:
    """Return the last day of a notice: a calendar that changed since cannot end it before the day that it showed."""
    return max(counted, notice.ends_on or counted)


@reads("notice")
def notice_taken_down(case: RuleInput) -> Reason | None:
    """The notice has ended and was taken down before the decision."""
    if case.facts.notice is None or case.facts.notice.ended_on is None:
        return Reason.of("notice_missing")
    return None


@reads("notice")
def no_open_objection(case: RuleInput) -> Reason | None:
    """Every objection has been answered (docs/domain/procedure.md §1.6)."""
    notice = case.facts.notice
    if notice and notice.open_objections:
        return Reason.of("objection_open", count=notice.open_objections)
    return None


@reads("notice")
def no_upheld_objection(case: RuleInput) -> Reason | None:
    """No objection was upheld; an upheld one returns the case to review (docs/domain/procedure.md §1.6)."""
    notice = case.facts.notice
    if notice and notice.upheld_objections:
        return Reason.of("objection_upheld", count=notice.upheld_objections)
    return None


@reads("notice")
def this_notice(case: RuleInput) -> Reason | None:
    """An objection or its answer that names a notice names the current one."""
    notice_id, notice = case.text("notice"), case.facts.notice
    if notice_id is not None and (notice is None or str(notice.id) != notice_id):
        return Reason.of("notice_over")
    return None


def notice_can_end(case: RuleInput) -> Reason | None:
    """The calendar covers the days of a notice that is posted today (docs/domain/procedure.md §1.5)."""
    try:
        workdays.after(case.today, case.policy.notice_days, case.calendar)
    except workdays.CalendarUnknown as unknown:
        return Reason.of("calendar_unknown", year=unknown.year)
    return None


@reads("notice")
def an_objection_is_open(case: RuleInput) -> Reason | None:
    """The notice has an open objection to answer."""
    notice = case.facts.notice
    return None if notice and notice.open_objections else Reason.of("no_objection")


@reads("notice")
def shown_is_unchanged(case: RuleInput) -> Reason | None:
    """Amount, payee, category and household facts are those of the notice (docs/domain/audit-rules.md rule 37)."""
    notice = case.facts.notice
    if notice and notice.content != case.facts.content:
        return Reason.of("content_changed", since="notice")
    return None
