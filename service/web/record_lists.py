"""Lists of records: filtered, counted, summed, and paged."""

from collections.abc import Callable
from typing import Any

from service.http.context import caller
from service.http.transaction import connection
from service.queries.page import CountedSum, Page
from service.web import lists
from service.web.list_filters import Filters, inputs_of, labels_of, read_filters

Read = Callable[..., tuple[Page, CountedSum]]
Row = dict[str, Any]


def _as_it_is(row: Row) -> Row:
    return row


def list_values(name: str, filters: Filters, read: Read, worded: Callable[[Row], Row] = _as_it_is) -> dict[str, Any]:
    """Return what the template of the list `name` shows; `worded` adds to a row what is made of its columns."""
    values = read_filters(filters)
    page, total = read(connection(), caller(), values, lists.cursor_key(values), lists.PAGE_SIZE)
    return {
        "name": name,
        "rows": [worded(row) for row in page.rows],
        "total": total,
        "next_url": lists.next_url(page.last, values),
        "chosen": lists.chosen_filters(labels_of(filters, values)),
        "filters": inputs_of(filters, values),
    }
