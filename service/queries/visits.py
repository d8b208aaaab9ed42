"""The list of visits."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from service.queries.page import Page, newest_page
from service.queries.scope import Caller, visible_to
from service.tables.visits import visit, visit_visitor


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return visits of the caller's units, newest entry first, each with its visitors."""
    visitor_ids = sa.select(sa.func.array_agg(visit_visitor.c.account_id)).where(visit_visitor.c.visit_id == visit.c.id)
    rows = sa.select(visit, visitor_ids.scalar_subquery().label("visitors")).where(
        visible_to(caller, visit.c.unit_path)
    )
    return newest_page(conn, rows, visit.c.id, {visit.c[name]: value for name, value in filters.items()}, after, size)
