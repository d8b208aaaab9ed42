"""Tests of working days: the calendars of 2025 and 2026, 民法典 201 and 203."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.sample_policy import CALENDAR
from workflows.workdays import Calendar, CalendarUnknown, InvalidCalendar, after, count, due, is_workday, read_calendar

ONE = timedelta(days=1)

days_2025 = st.dates(date(2025, 1, 1), date(2025, 12, 31))
exceptions = st.dictionaries(days_2025, st.booleans(), max_size=80)


def test_notice_of_29_september_2025_ends_on_13_october() -> None:
    assert after(date(2025, 9, 29), 5, CALENDAR) == date(2025, 10, 13)
    counted = [day for day in (date(2025, 9, 29) + n * ONE for n in range(1, 15)) if is_workday(day, CALENDAR)]
    assert [day.isoformat()[5:] for day in counted] == ["09-30", "10-09", "10-10", "10-11", "10-13"]
    assert count(date(2025, 9, 29), date(2025, 10, 13), CALENDAR) == 5


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        (date(2025, 1, 24), 1, date(2025, 1, 26)),
        (date(2025, 1, 27), 5, date(2025, 2, 10)),
        (date(2026, 2, 13), 5, date(2026, 2, 27)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),
        (date(2025, 10, 4), 0, date(2025, 10, 4)),
    ],
)
def test_term_skips_holidays_and_counts_swapped_days(start: date, days: int, last: date) -> None:
    assert after(start, days, CALENDAR) == last


def test_sample_calendars_list_only_exceptions_and_cover_both_years() -> None:
    assert CALENDAR.years == {2025, 2026}
    assert all(working != (day.weekday() < 5) for day, working in CALENDAR.days.items())
    worked = [sum(is_workday(date(year, 1, 1) + n * ONE, CALENDAR) for n in range(365)) for year in (2025, 2026)]
    assert worked == [248, 248]


def test_term_into_unknown_year_is_refused() -> None:
    with pytest.raises(CalendarUnknown) as error:
        after(date(2026, 12, 30), 5, CALENDAR)
    assert error.value.year == 2027
    assert after(date(2024, 12, 31), 1, CALENDAR) == date(2025, 1, 2)


def test_calendar_term_ending_on_holiday_ends_after_it() -> None:
    assert due(date(2025, 9, 25), 10, CALENDAR, working=False) == date(2025, 10, 9)
    assert due(date(2025, 9, 1), 10, CALENDAR, working=False) == date(2025, 9, 11)
    assert due(date(2025, 9, 29), 5, CALENDAR) == after(date(2025, 9, 29), 5, CALENDAR)


@pytest.mark.parametrize("term", [after, lambda *terms: due(*terms, working=False)])
def test_negative_term_is_refused(term: object) -> None:
    assert callable(term)
    with pytest.raises(ValueError, match="negative"):
        term(date(2025, 3, 3), -1, CALENDAR)


@given(start=days_2025, days=st.integers(0, 60), exceptions=exceptions)
def test_after_agrees_with_a_list_of_all_days(start: date, days: int, exceptions: dict[date, bool]) -> None:
    calendar = Calendar(exceptions, frozenset({2025, 2026}))
    following = (start + n * ONE for n in range(1, 300))
    worked = [day for day in following if exceptions.get(day, day.isoweekday() not in (6, 7))]
    end = after(start, days, calendar)
    assert end == ([start, *worked][days])
    assert count(start, end, calendar) == days
    assert days == 0 or is_workday(end, calendar)


@given(start=days_2025, end=days_2025, exceptions=exceptions)
def test_count_agrees_with_a_list_of_all_days(start: date, end: date, exceptions: dict[date, bool]) -> None:
    calendar = Calendar(exceptions, frozenset({2025}))
    between = [date(2025, 1, 1) + n * ONE for n in range(365)]
    assert count(start, end, calendar) == len(
        [day for day in between if start < day <= end and exceptions.get(day, day.isoweekday() < 6)]
    )


@given(exceptions=exceptions)
def test_calendar_round_trips(exceptions: dict[date, bool]) -> None:
    exceptions = {**exceptions, date(2025, 10, 1): False}
    rows = "\n".join(f"{day},{'班' if working else '休'}," for day, working in exceptions.items())
    assert read_calendar(f"\ufeff# 来源\n日期,类型,名称\n\n{rows}\n") == Calendar(exceptions, frozenset({2025}))


def test_calendar_accepts_spreadsheet_dates() -> None:
    calendar = read_calendar("日期,类型,名称\n2025/10/1,休,国庆节\n2025年10月11日,班,\n2026-1-2,休,元旦\n")
    assert calendar.days == {date(2025, 10, 1): False, date(2025, 10, 11): True, date(2026, 1, 2): False}
    assert calendar.years == {2025}


def test_calendar_with_more_columns_is_read() -> None:
    calendar = read_calendar("日期,类型,名称,备注\n2025-10-01,休,国庆节,八天\n")
    assert calendar.days == {date(2025, 10, 1): False}


def test_calendar_reports_every_invalid_line() -> None:
    with pytest.raises(InvalidCalendar) as error:
        read_calendar(
            "# 来源\n日期,类型,名称\n2025-10-01,休,国庆节\n"
            "十月二日,休,\n2025-02-30,休,\n2025-10-11,上班,\n2025-10-01,班,\n2025\n"
        )
    codes_by_line = [(problem.values["line"], problem.code) for problem in error.value.problems]
    assert codes_by_line == [
        (4, "calendar_date"),
        (5, "calendar_date"),
        (6, "calendar_kind"),
        (7, "calendar_day_twice"),
        (8, "calendar_date"),
    ]
    assert error.value.problems[2].values["wanted"] == "休/班"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "calendar_heading"),
        ("date,kind\n2025-10-01,休", "calendar_heading"),
        ("日期,类型,名称\n", "calendar_without_national_day"),
        ("日期,类型,名称\n2025-01-01,休,元旦\n", "calendar_without_national_day"),
    ],
)
def test_text_without_calendar_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidCalendar) as error:
        read_calendar(text)
    assert [problem.code for problem in error.value.problems] == [code]
