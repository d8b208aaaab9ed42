"""A figure counted from its rows, whether or not the report withholds it."""

import sqlalchemy as sa

from service.report.figure_definition import Scope, SharedRows
from service.report.figure_definitions import TABLE

DEFINITIONS = {each.key: each for each in TABLE}


def figure_amount(conn: sa.Connection, key: str, scope: Scope) -> int:
    """Return a figure from its rows: the report withholds the sums of few families."""
    definition = DEFINITIONS[key]
    rows = definition.rows(SharedRows(scope)).subquery()
    amount = sa.func.coalesce(sa.func.sum(rows.c.amount), 0) if definition.sums else sa.func.count()
    return int(conn.scalar(sa.select(amount).select_from(rows)) or 0)
