"""What a calendar file would do, shown before its proposal: other days, due dates that move, what stands against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from flask import request

from service.actions import policies as actions
from service.actions.confirmations import try_write
from service.http.context import action_context
from service.http.errors import language
from service.http.transaction import connection
from service.i18n.catalogue import translate
from service.queries import calendars
from service.queries.calendars import MovedDue, moved_dues, provisional
from service.web.refusals import NO_PROBLEMS, REFUSALS, Problems, problems_of
from service.web.rule_files import posted_source
from workflows.vocabulary import InvalidForm
from workflows.workdays import InvalidCalendar, read_calendar

LONGEST = 20_000
"""Characters of a calendar file; a year has some thirty lines."""

FORM = "calendar"
"""The key of the form: its labels are forms.field.calendar.<name>."""


@dataclass(frozen=True, slots=True)
class TypedCalendar:
    """A calendar file as it was typed or chosen."""

    source: str = ""

    @property
    def digest(self) -> str:
        """Return what a proposal repeats of its preview: another text is previewed again."""
        return sha256(self.source.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day that is worked in one calendar and not in the other; None: the year was not loaded."""

    on: date
    before: bool | None
    after: bool


@dataclass(frozen=True, slots=True)
class CalendarChanges:
    """What the days of one year would change."""

    year: int
    is_first: bool
    """Whether the year was not loaded before."""

    days: tuple[ChangedDay, ...]
    moved: tuple[MovedDue, ...]
    provisional: int
    """Open cases with an estimated due date in the year."""


@dataclass(frozen=True, slots=True)
class YearPreview:
    """One year of a file: what it would change, and the reasons against it."""

    changes: CalendarChanges
    problems: Problems


def typed_calendar() -> TypedCalendar:
    """Return the posted file: what was chosen, else what was typed. Raises InvalidForm."""
    return TypedCalendar(posted_source(LONGEST))


def calendar_changes(source: str, year: int) -> CalendarChanges:
    """Return what a file would change in a year. Raises InvalidCalendar."""
    conn = connection()
    days = {day: working for day, working in read_calendar(source).days.items() if day.year == year}
    is_first = all(row["year"] != year for row in calendars.years(conn))
    stored = {row["on"]: row["working"] for row in calendars.days_of(conn, year)}
    moved = () if is_first else tuple(moved_dues(conn, year, days))
    changed = _changed(None if is_first else stored, days)
    return CalendarChanges(year, is_first, changed, moved, provisional(conn, year))


def _changed(stored: Mapping[date, bool] | None, days: Mapping[date, bool]) -> tuple[ChangedDay, ...]:
    if stored is None:
        return tuple(ChangedDay(day, None, working) for day, working in sorted(days.items()))
    differing = calendars.differing_days(stored, days)
    return tuple(ChangedDay(day, calendars.is_worked(day, stored), calendars.is_worked(day, days)) for day in differing)


def preview(typed: TypedCalendar) -> tuple[tuple[YearPreview, ...], Problems]:
    """Return what each year of a file would change, and what is wrong with the file; nothing is written."""
    try:
        years = sorted(read_calendar(typed.source).years)
    except InvalidCalendar as refusal:
        return (), file_problems(refusal)
    return tuple(YearPreview(calendar_changes(typed.source, year), _trial(typed, year)) for year in years), NO_PROBLEMS


def _trial(typed: TypedCalendar, year: int) -> Problems:
    """Load a year and take it back; return the reasons against it."""
    conn = connection()
    try:
        try_write(conn, action_context(), lambda trial: actions.load_calendar(conn, typed.source, year, trial))
    except REFUSALS as refusal:
        return file_problems(refusal)
    return NO_PROBLEMS


def asked_year() -> int | None:
    """Return the year whose button was pressed, or None."""
    asked = request.form.get("year", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else None


def labels() -> dict[str, str]:
    """Return the labels of the form by the names of its fields."""
    return {name: translate(f"forms.field.{FORM}.{name}", language()) for name in ("file", "source")}


def file_problems(refusal: Exception) -> Problems:
    """Return what is wrong with a file; problems of its lines are at the text."""
    if isinstance(refusal, InvalidCalendar):
        found = problems_of(InvalidForm(*refusal.problems), {})
        return Problems(found.status, {"source": found.of_form})
    return problems_of(refusal, labels())
