"""Numbers of the first page, each with the address of the list that it counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from service.http.context import caller, today
from service.http.transaction import connection
from service.queries import page, payment_list
from service.queries.page import CountedSum
from service.report.period import last_day
from service.web.formatting import month
from service.web.home_tiles import PAYMENTS, Asked, HomeList
from workflows.code_lists import FundSource


@dataclass(frozen=True, slots=True)
class CountedLink:
    """The count and sum of a list, and its address with the filters in it."""

    url: str
    total: CountedSum


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """The money of a month, or of all: by source, in all, and in percent of the month with the most; None for no payment."""

    label: str
    by_source: tuple[CountedLink | None, ...]
    whole: CountedLink | None
    percent: int


@dataclass(frozen=True, slots=True)
class MoneyTable:
    """The money that arrived in a year, by month and source."""

    year: int
    sources: tuple[str, ...]
    months: tuple[MoneyRow, ...]
    whole: MoneyRow


def address(counts: HomeList, asked: Asked) -> str:
    """Return the address of a list with filters."""
    joint = "&" if "?" in counts.path else "?"
    return f"{counts.path}{joint}{urlencode(asked)}" if asked else counts.path


def of_this_year(asked: Asked) -> dict[str, str]:
    """Return filters with the present year filled in."""
    return {name: value.format(year=today().year) for name, value in asked.items()}


def counted_links(numbers: Mapping[str, tuple[HomeList, Asked]]) -> dict[str, CountedLink]:
    """Count lists by one SELECT, each as its own page counts it under the filters of its address."""
    conn, who, on = connection(), caller(), today()
    asked = {key: (counts, of_this_year(filters)) for key, (counts, filters) in numbers.items()}
    rows = {key: counts.listed(conn, who, counts.read(filters), on) for key, (counts, filters) in asked.items()}
    totals = page.totals(conn, rows)
    return {key: CountedLink(address(*asked[key]), totals[key]) for key in asked}


def money_of_this_year() -> MoneyTable | None:
    """Return what arrived this year by month of payment and source, up to the present month; None without a payment."""
    on = today()
    asked = of_the_days(date(on.year, 1, 1), date(on.year, 12, 31))
    found = payment_list.totals_by_month_and_source(connection(), caller(), PAYMENTS.read(asked))
    sources = tuple(source.value for source in FundSource if (None, source.value) in found)
    if not sources:
        return None
    most = max(_fen(total) for (number, source), total in found.items() if number is not None and source is None)
    firsts = (date(on.year, number, 1) for number in range(1, on.month + 1))
    months = tuple(
        _money_row(found, first.month, month(first), sources, of_the_days(first, last_day(first)), most)
        for first in firsts
    )
    return MoneyTable(on.year, sources, months, _money_row(found, None, "", sources, asked, most))


def of_the_days(first: date, last: date) -> dict[str, str]:
    """Return the filters of the list of payments for those that left in a period and arrived."""
    return {"state": "live", "paid_from": first.isoformat(), "paid_to": last.isoformat()}


def _money_row(
    found: Mapping[tuple[int | None, str | None], CountedSum],
    number: int | None,
    label: str,
    sources: tuple[str, ...],
    asked: Asked,
    most: int,
) -> MoneyRow:
    def link(source: str | None) -> CountedLink | None:
        total = found.get((number, source))
        return (
            CountedLink(address(PAYMENTS, {**asked, **({"source": source} if source else {})}), total)
            if total
            else None
        )

    whole = link(None)
    percent = 100 * _fen(whole.total) // most if whole and most else 0
    return MoneyRow(label, tuple(link(source) for source in sources), whole, percent)


def _fen(total: CountedSum) -> int:
    return total.fen or 0
