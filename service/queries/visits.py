"""The list of visits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries.page import Page, page_by_id
from service.queries.scope import Caller, visible_to
from service.tables.visits import visit, visit_visitor


def page(conn: sa.Connection, caller: Caller, filters: Mapping[str, Any], after: list[str] | None, size: int) -> Page:
    """Return visits of the caller's units, newest entry first, each with its visitors."""
    visitor_ids = sa.select(sa.func.array_agg(visit_visitor.c.account_id)).where(visit_visitor.c.visit_id == visit.c.id)
    rows = sa.select(visit, visitor_ids.scalar_subquery().label("visitors")).where(
        visible_to(caller, visit.c.unit_path)
    )
    for name in ("kind", "household_id", "case_id"):
        if name in filters:
            rows = rows.where(visit.c[name] == filters[name])
    count = conn.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
    if after is not None:
        rows = rows.where(visit.c.id < UUID(after[0]))
    newest = rows.order_by(visit.c.id.desc()).limit(size + 1)
    page_rows = [dict(row) for row in conn.execute(newest).mappings()]
    return page_by_id(page_rows, size, count)
