"""Working days are counted over a calendar that the caller passes in.

A working day is Monday to Friday, except holidays and swapped days (调休).
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from workflows.vocabulary import Plain, Reason

OFF, WORKING = "休", "班"
COLUMNS = ("日期", "类型", "名称")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_ONE_DAY = timedelta(days=1)
WEEKDAYS = 5
"""Monday to Friday."""


class CalendarUnknown(Exception):
    """The calendar of `year` (the State Council's yearly notice) is not loaded, so its days cannot be counted."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no statutory calendar for {year}")
        self.year = year


class InvalidCalendar(Exception):
    """A list of days that cannot be read; each problem has the line, the value found and the value wanted."""

    def __init__(self, *problems: Reason) -> None:
        super().__init__(", ".join(f"line {problem.values.get('line')}: {problem.code}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days that differ from Monday–Friday (True: working, False: off), and the years for which they are known."""

    days: Mapping[date, bool] = field(default_factory=dict)
    years: frozenset[int] = frozenset()


def is_workday(day: date, calendar: Calendar) -> bool:
    """Return whether `day` is a working day. Raises CalendarUnknown when the calendar does not cover its year."""
    if day.year not in calendar.years:
        raise CalendarUnknown(day.year)
    return calendar.days.get(day, day.weekday() < WEEKDAYS)


def after(start: date, days: int, calendar: Calendar) -> date:
    """Return the last of `days` full working days after `start`; the start day does not count (民法典 201).

    `after(date(2025, 9, 29), 5, calendar)` is 2025-10-13: 30 September, then 9, 10, 11 (swapped Saturday) and 13
    October (docs/domain/procedure.md §1.5).

    Raises CalendarUnknown when the count reaches a year that the calendar does not cover.
    """
    if days < 0:
        raise ValueError(f"days to count must not be negative: {days}")
    day = start
    while days:
        day += _ONE_DAY
        days -= is_workday(day, calendar)
    return day


def due(start: date, days: int, calendar: Calendar, *, working: bool = True) -> date:
    """Return the last day of a term of `days` after `start`.

    In working days it is `after`. In calendar days (`working=False`) a term that would end on a day off ends on the
    next working day (民法典 203). Raises CalendarUnknown as `after` does.
    """
    if working:
        return after(start, days, calendar)
    if days < 0:
        raise ValueError(f"days to count must not be negative: {days}")
    day = start + days * _ONE_DAY
    while not is_workday(day, calendar):
        day += _ONE_DAY
    return day


def count(start: date, end: date, calendar: Calendar) -> int:
    """Count the working days after `start` up to and including `end`; 0 when `end` is not after `start`."""
    return sum(is_workday(start + step * _ONE_DAY, calendar) for step in range(1, (end - start).days + 1))


def left(today: date, due_on: date, calendar: Calendar) -> int | None:
    """Return the working days until `due_on`: 0 on the day itself, below 0 once it has passed.

    None while the calendar does not cover the days between.
    """
    try:
        return count(today, due_on, calendar) if due_on >= today else -count(due_on, today, calendar)
    except CalendarUnknown:
        return None


def read_calendar(text: str) -> Calendar:
    """Read a list of days: columns 日期, 类型 (休 off, 班 working), 名称; lines that begin with # are comments.

    Raises InvalidCalendar with every problem.
    """
    days: dict[date, bool] = {}
    problems: list[Reason] = []
    for line, cells in _rows(text, problems):
        try:
            day, working = _read_row(cells)
        except _Unreadable as unreadable:
            problems.append(Reason(unreadable.code, {"line": line, **unreadable.values}))
            continue
        if day in days:
            problems.append(Reason.of("calendar_day_twice", line=line, found=day.isoformat()))
        days[day] = working
    # The list covers a year when it has one of 1–3 October: every yearly notice has one of them on a weekday. A single
    # day of the next January, which a notice may also list, does not make that year covered.
    years = frozenset(day.year for day in days if day.month == 10 and day.day <= 3)
    if not years and not problems:
        problems.append(Reason.of("calendar_without_national_day", line=1, wanted="10-01"))
    if problems:
        raise InvalidCalendar(*problems)
    return Calendar(days, years)


class _Unreadable(Exception):
    def __init__(self, code: str, **values: Plain) -> None:
        self.code, self.values = code, values


def _rows(text: str, problems: list[Reason]) -> list[tuple[int, list[str]]]:
    """Return the rows below the heading with their line numbers, without comments and empty lines."""
    text_rows = enumerate(text.removeprefix("\ufeff").splitlines(), start=1)
    rows = [(line, next(csv.reader([row]))) for line, row in text_rows if row.strip(" ,") and not row.startswith("#")]
    if not rows or tuple(cell.strip() for cell in rows[0][1][:3]) != COLUMNS:
        line, heading = rows[0] if rows else (1, [])
        problems.append(Reason.of("calendar_heading", line=line, found=",".join(heading), wanted=",".join(COLUMNS)))
        return []
    return rows[1:]


def _read_row(cells: list[str]) -> tuple[date, bool]:
    date_text, kind = (cell.strip() for cell in [*cells, "", ""][:2])
    match = _DATE.fullmatch(date_text)
    try:
        day = date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        day = None
    if day is None:
        raise _Unreadable("calendar_date", found=date_text, wanted="2025-10-01")
    if kind not in (OFF, WORKING):
        raise _Unreadable("calendar_kind", found=kind, wanted=f"{OFF}/{WORKING}")
    return day, kind == WORKING
