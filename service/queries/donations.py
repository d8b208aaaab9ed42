"""The list of donations."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from service.queries.page import Page, newest_page
from service.queries.scope import Caller, visible_to
from service.tables.donations import donation


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return donations of the caller's units, newest entry first, voided ones included."""
    rows = sa.select(donation).where(visible_to(caller, donation.c.unit_path))
    return newest_page(
        conn, rows, donation.c.id, {donation.c[name]: value for name, value in filters.items()}, after, size
    )
