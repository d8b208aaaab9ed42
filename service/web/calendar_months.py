"""A year of working days as months: each day with what is unusual about it, and how many days are worked."""

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from babel import Locale
from babel.dates import get_day_names, get_month_names

from service.http.errors import language
from workflows.workdays import WEEKDAYS, Calendar, is_workday

WEEK = 7


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of a month: `kind` is work, weekend, holiday or swapped; None stands outside the month."""

    number: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class NamedDays:
    """Days of a month, one after the other, with one name: the first, the last, and whether they are worked."""

    first: int
    last: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its name, its weeks from Monday, its days that have a name, and how many are worked."""

    title: str
    weeks: tuple[tuple[DayCell | None, ...], ...]
    named: tuple[NamedDays, ...]
    workdays: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year as its page shows it."""

    number: int
    weekdays: tuple[tuple[str, str], ...]
    """The days of the week from Monday: the letter above the column, and the name."""

    months: tuple[Month, ...]

    @property
    def workdays(self) -> int:
        """Return how many days of the year are worked."""
        return sum(month.workdays for month in self.months)


def year_of(number: int, days: list[dict[str, Any]]) -> Year:
    """Return a year of which these days differ from Monday–Friday."""
    locale = Locale.parse(language())
    letters: Mapping[int, str] = get_day_names("narrow", "stand-alone", locale=locale)
    names: Mapping[int, str] = get_day_names("wide", "stand-alone", locale=locale)
    titles: Mapping[int, str] = get_month_names("wide", "stand-alone", locale=locale)
    rows = {row["on"]: row for row in days}
    known = Calendar({on: row["working"] for on, row in rows.items()}, frozenset((number,)))
    months = (_month(number, month, titles[month], known, rows) for month in range(1, 13))
    return Year(number, tuple((letters[day], names[day]) for day in range(WEEK)), tuple(months))


def _month(year: int, month: int, title: str, known: Calendar, rows: Mapping[date, Mapping[str, Any]]) -> Month:
    weeks = tuple(
        tuple(_cell(day, known, rows) if day.month == month else None for day in week)
        for week in calendar.Calendar().monthdatescalendar(year, month)
    )
    cells = [cell for week in weeks for cell in week if cell]
    return Month(title, weeks, tuple(_named(cells)), sum(cell.kind in {"work", "swapped"} for cell in cells))


def _named(cells: list[DayCell]) -> Iterator[NamedDays]:
    """Yield the days that have a name, those of one name and kind that follow each other together."""
    run: NamedDays | None = None
    for cell in (each for each in cells if each.name):
        if run and (run.last + 1, run.kind, run.name) == (cell.number, cell.kind, cell.name):
            run = replace(run, last=cell.number)
            continue
        if run:
            yield run
        run = NamedDays(cell.number, cell.number, cell.kind, cell.name)
    if run:
        yield run


def _cell(day: date, known: Calendar, rows: Mapping[date, Mapping[str, Any]]) -> DayCell:
    usual, is_on = day.weekday() < WEEKDAYS, is_workday(day, known)
    kind = ("work" if usual else "weekend") if is_on is usual else ("swapped" if is_on else "holiday")
    return DayCell(day.day, kind, rows[day]["name"] if day in rows else "")
