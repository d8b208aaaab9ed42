"""The list of gifts outside cases."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from service.queries.page import Page, newest_page
from service.queries.scope import Caller, visible_to
from service.tables.gifts import gift


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return gifts outside cases of the caller's units, newest entry first, voided ones included."""
    rows = sa.select(gift).where(visible_to(caller, gift.c.unit_path))
    return newest_page(conn, rows, gift.c.id, {gift.c[name]: value for name, value in filters.items()}, after, size)
