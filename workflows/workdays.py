"""Working days over a calendar that is passed in: Monday to Friday, but for holidays and swapped days (调休)."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from workflows.vocabulary import Plain, Reason

OFF, WORKING = "休", "班"
COLUMNS = ("日期", "类型", "名称")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_ONE = timedelta(days=1)


class CalendarUnknown(Exception):
    """The State Council's notice for `year` has not been loaded: no day of that year can be counted."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no statutory calendar for {year}")
        self.year = year


class InvalidCalendar(Exception):
    """The list of days could not be read: each problem says the line, what stands there and what would do."""

    def __init__(self, *problems: Reason) -> None:
        super().__init__(", ".join(f"line {problem.values.get('line')}: {problem.code}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days which differ from Monday–Friday (True = working, False = off), and the years this is known for."""

    days: Mapping[date, bool] = field(default_factory=dict)
    years: frozenset[int] = frozenset()


def is_workday(day: date, calendar: Calendar) -> bool:
    """Say whether `day` is worked. Raises CalendarUnknown for a year the calendar does not know."""
    if day.year not in calendar.years:
        raise CalendarUnknown(day.year)
    return calendar.days.get(day, day.weekday() < 5)


def after(start: date, days: int, calendar: Calendar) -> date:
    """Return the last of `days` full working days; the start day itself is not counted (民法典 201).

    `after(date(2025, 9, 29), 5, calendar)` is 2025-10-13: 30 September, then 9, 10, 11 (swapped Saturday) and 13
    October (domain/1 §1.5). Raises CalendarUnknown when the count runs into an unknown year.
    """
    if days < 0:
        raise ValueError(f"days to count must not be negative: {days}")
    day = start
    while days:
        day += _ONE
        days -= is_workday(day, calendar)
    return day


def due(start: date, days: int, calendar: Calendar, *, working: bool = True) -> date:
    """Return the last day on which something is still in time, `days` after `start`.

    Counted in working days, it is `after`. Counted in calendar days (`working=False`), a term that would end on a day
    off ends on the next working day (民法典 203).
    """
    if working:
        return after(start, days, calendar)
    if days < 0:
        raise ValueError(f"days to count must not be negative: {days}")
    day = start + days * _ONE
    while not is_workday(day, calendar):
        day += _ONE
    return day


def count(start: date, end: date, calendar: Calendar) -> int:
    """Count the working days after `start` up to and including `end`; 0 when `end` is not after `start`."""
    return sum(is_workday(start + step * _ONE, calendar) for step in range(1, (end - start).days + 1))


def read_calendar(text: str) -> Calendar:
    """Read a list of days: columns 日期, 类型 (休 off, 班 working), 名称; lines that begin with # are remarks.

    A year is known when one of 1–3 October stands in the list: every yearly notice has one that is no weekend, and a
    stray day of the next January does not make that year known. Raises BadCalendar with every problem.
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
    """Number the rows below the heading, remarks and empty lines left out."""
    written = [(line, row) for line, row in enumerate(text.removeprefix("\ufeff").splitlines(), start=1)]
    cells = [(line, next(csv.reader([row]))) for line, row in written if row.strip(" ,") and not row.startswith("#")]
    if not cells or tuple(cell.strip() for cell in cells[0][1][:3]) != COLUMNS:
        line, found = cells[0] if cells else (1, [])
        problems.append(Reason.of("calendar_heading", line=line, found=",".join(found), wanted=",".join(COLUMNS)))
        return []
    return cells[1:]


def _read_row(cells: list[str]) -> tuple[date, bool]:
    written, kind = (cell.strip() for cell in [*cells, "", ""][:2])
    found = _DATE.fullmatch(written)
    try:
        day = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise _Unreadable("calendar_date", found=written, wanted="2025-10-01")
    if kind not in (OFF, WORKING):
        raise _Unreadable("calendar_kind", found=kind, wanted=f"{OFF}/{WORKING}")
    return day, kind == WORKING
