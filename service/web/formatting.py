"""Jinja filters: money, days and instants as people read them, and codes as their terms."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date

from service.clock import UNION_TIME
from service.http.errors import language
from service.i18n.catalogue import MissingTranslation, translate
from workflows.money_format import in_yuan_with_thousands

NOTHING = "—"
_locale = cache(Locale.parse)
"""Babel looks through all its locales each time it is given a name."""


def yuan(fen: int | None) -> str:
    """Return fen as yuan with thousands: `2200000 → "22,000.00"`; a dash for no amount."""
    return NOTHING if fen is None else in_yuan_with_thousands(fen)


def day(value: date | str | None) -> str:
    """Return a day as people read it: 2025年3月4日, Mar 4, 2025."""
    if value is None:
        return NOTHING
    on = date.fromisoformat(value) if isinstance(value, str) else value
    return _day(on, language())


def day_in(field: str, value: str) -> str | None:
    """Return the day in a field that holds days, as people read it: `("advised_on", "2025-03-04")`; None for other text."""
    if not field.endswith(("on", "until", "from")):
        return None
    try:
        return day(date.fromisoformat(value))
    except ValueError:
        return None


@lru_cache(maxsize=4096)  # a list shows the same days in many rows
def _day(on: date, lang: str) -> str:
    return format_date(on, "medium", locale=_locale(lang))


def month(value: date) -> str:
    """Return the month of a day as people read it: 3月, Mar."""
    return format_date(value, "MMM", locale=_locale(language()))


def instant(value: datetime | None) -> str:
    """Return an instant as union time, with the day as `day` writes it: 2025年3月4日 09:30."""
    if value is None:
        return NOTHING
    local = value.astimezone(UNION_TIME)
    return f"{day(local.date())} {local:%H:%M}"


def sortable_instant(value: datetime) -> str:
    """Return an instant for a column of a spreadsheet, as union time: 2025-03-04 09:30."""
    return f"{value.astimezone(UNION_TIME):%Y-%m-%d %H:%M}"


def thousands(amount: str) -> str:
    """Return an amount of yuan in text with thousands, as `yuan` writes fen: `"1550.00" → "1,550.00"`."""
    return f"{Decimal(amount):,}"


def term(code: object, group: str) -> str:
    """Return the word for a code: `term("living", "item")`; the code itself where it has none."""
    if code is None:
        return NOTHING
    try:
        return translate(f"terms.{group}.{code}", language())
    except MissingTranslation:
        return str(code)


def joined(words: Iterable[str]) -> str:
    """Return words in a row: 生活救助、医疗救助; Living aid, Medical aid."""
    return translate("pages.comma", language()).join(words)


def document_kind(code: str) -> str:
    """Return the word for a kind of document: a paper that policies name, or what is none of them."""
    word = term(code, "paper")
    return word if word != code else term(code, "document_kind")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "yuan": yuan,
    "day": day,
    "instant": instant,
    "thousands": thousands,
    "term": term,
    "document_kind": document_kind,
    "joined": joined,
}
