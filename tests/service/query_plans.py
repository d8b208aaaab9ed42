"""Find the tables that a statement can only read whole."""

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
"""Tables that a page or a step must never read whole."""


def read_whole(conn: sa.Connection, statement: PreparedStatement, values: dict[str, Any]) -> set[str]:
    """Return the growing tables that a statement reads from end to end."""
    # PostgreSQL reads small test tables whole by choice; with these settings off it does so only without an index.
    for method in ("seqscan", "hashjoin", "mergejoin"):
        conn.exec_driver_sql(f"SET LOCAL enable_{method} = off")
    driver_connection: Any = conn.connection.driver_connection
    with psycopg.RawCursor(driver_connection) as cursor:
        plan = cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", [values[name] for name in statement.names])
        root = plan.fetchall()[0][0][0]["Plan"]
    return {node["Relation Name"] for node in nodes_below(root) if _is_whole(node)} & GROWING


def nodes_of(conn: sa.Connection, statement: sa.Select[Any]) -> list[dict[str, Any]]:
    """Return every node of a statement's plan, without running it."""
    compiled = statement.compile(conn.engine)
    plan = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params).scalar_one()
    return list(nodes_below(plan[0]["Plan"]))


def nodes_below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node and those below it."""
    yield node
    for child in node.get("Plans", ()):
        yield from nodes_below(child)


def _is_whole(node: dict[str, Any]) -> bool:
    """Whether a node is a sequential scan, or an index scan without a condition."""
    without_index = node["Node Type"] == "Seq Scan"
    return without_index or (node["Node Type"] in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node)
