"""Plans as PostgreSQL makes them when it may not read a table whole for being small: which ones it must read whole even so."""

from collections.abc import Iterator
from typing import Any

import psycopg
import sqlalchemy as sa

from service.db.columns import METADATA
from service.db.prepared import PreparedStatement

SMALL = frozenset(
    ("unit", "account", "role_grant", "token", "fund", "fund_allocation", "policy_set", "calendar_year", "calendar_day")
)
"""Tables that grow with the union and not with its cases."""

GROWING = frozenset(METADATA.tables) - SMALL
"""Tables of which a page or a step must never read all."""


def read_whole(conn: sa.Connection, statement: PreparedStatement, values: dict[str, Any]) -> set[str]:
    """The growing tables that a statement reads from end to end."""
    for way in ("seqscan", "hashjoin", "mergejoin"):
        conn.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    line: Any = conn.connection.driver_connection
    with psycopg.RawCursor(line) as cursor:
        plan = cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", [values[name] for name in statement.names])
        whole = plan.fetchall()[0][0][0]["Plan"]
    return {node["Relation Name"] for node in _nodes(whole) if _is_whole(node)} & GROWING


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _is_whole(node: dict[str, Any]) -> bool:
    """A table read in order, or an index read without a question."""
    without_index = node["Node Type"] == "Seq Scan"
    return without_index or (node["Node Type"] in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node)
