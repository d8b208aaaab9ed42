"""The period of a report: whole months, so that no figure is of one family's day."""

from datetime import date, timedelta

from workflows.vocabulary import Reason

_DAY = timedelta(days=1)


def period_problem(start: date, end: date) -> Reason | None:
    """Return why a report cannot be of these days, both included; None for whole months."""
    if start > end:
        return Reason.of("period_backwards", field="to")
    if start.day != 1 or (end < date.max and (end + _DAY).day != 1):
        return Reason.of("period_not_months", field="to")
    return None


def last_day(first: date) -> date:
    """Return the last day of the month that begins on `first`."""
    return (first + 31 * _DAY).replace(day=1) - _DAY
