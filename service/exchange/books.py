"""Every kind of workbook the union keeps, in the order one needs the other."""

from collections.abc import Mapping

from service.exchange.applications import APPLICATION_BOOK
from service.exchange.care import GIFT_BOOK, VISIT_BOOK
from service.exchange.columns import Book, Sheet
from service.exchange.families import FAMILY_BOOK
from service.exchange.money_lines import FUND_BOOK
from service.exchange.organisation import STAFF_BOOK, UNIT_BOOK
from service.exchange.year import ACTIVITY_BOOK, DONATION_BOOK

BOOKS: tuple[Book, ...] = (
    UNIT_BOOK,
    STAFF_BOOK,
    FUND_BOOK,
    FAMILY_BOOK,
    VISIT_BOOK,
    GIFT_BOOK,
    DONATION_BOOK,
    ACTIVITY_BOOK,
    APPLICATION_BOOK,
)

SHEETS: Mapping[str, Sheet] = {sheet.title: sheet for book in BOOKS for sheet in book.sheets}

BOOK_OF: Mapping[str, Book] = {sheet.title: book for book in BOOKS for sheet in book.sheets}
