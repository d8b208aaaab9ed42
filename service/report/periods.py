"""Periods of a report by name: calendar year, half, quarter, month, statistics year, school year."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from service.i18n.catalogue import translate
from service.report.figure_wording import format_day

MonthAndDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NamedPeriod:
    """A period with a name of its own (docs/domain/report.md §6.3); it ends `years` calendar years after it begins."""

    key: str
    first: MonthAndDay
    last: MonthAndDay
    years: int = 0


NAMED_PERIODS = (
    NamedPeriod("year", (1, 1), (12, 31)),
    NamedPeriod("first_half", (1, 1), (6, 30)),
    NamedPeriod("second_half", (7, 1), (12, 31)),
    NamedPeriod("quarter_1", (1, 1), (3, 31)),
    NamedPeriod("quarter_2", (4, 1), (6, 30)),
    NamedPeriod("quarter_3", (7, 1), (9, 30)),
    NamedPeriod("quarter_4", (10, 1), (12, 31)),
    NamedPeriod("statistics_year", (10, 1), (9, 30), years=1),
    NamedPeriod("school_year", (9, 1), (8, 31), years=1),
)


def format_period(start: date, end: date, lang: str) -> str:
    """Return a period by its name, 2025年上半年 or 2025统计年度; without a name, its first and last day."""
    key = _key(start, end)
    if key is None:
        return translate("report.from_to", lang, start=format_day(start, lang), end=format_day(end, lang))
    month = translate(f"report.month.{start.month}", lang)
    return translate(f"report.period.{key}", lang, start=start.year, end=end.year, month=month)


def format_whole(start: date, end: date, lang: str) -> str:
    """Return the period as a sentence names it: 全年, 上半年, otherwise 期内."""
    return translate(f"report.whole.{_key(start, end) or 'period'}", lang)


def _key(start: date, end: date) -> str | None:
    for period in NAMED_PERIODS:
        same_days = (start.month, start.day) == period.first and (end.month, end.day) == period.last
        if same_days and end.year == start.year + period.years:
            return period.key
    if start.day == 1 and end == start.replace(day=monthrange(start.year, start.month)[1]):
        return "month"
    whole_years = (start.month, start.day, end.month, end.day) == (1, 1, 12, 31)
    return "years" if whole_years else None
