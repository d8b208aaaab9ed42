"""Prepared statements are compiled once and run on psycopg directly."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.rows import namedtuple_row
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_NAMED = re.compile(r"%\((\w+)\)s")


class PreparedStatement:
    """A statement compiled when it is first used, for the statements of every case step.

    Each connection keeps one cursor for it. With `prepare=False` PostgreSQL plans it for its values at each run: for a
    list that is short for one person and long for another.
    """

    # SQLAlchemy's compile and result set-up cost as much as the query itself on this path (docs/decisions/0008).

    _make_row: Callable[[Any], Any] | None = None
    """Makes a row from its values; set by the first result that has columns."""

    def __init__(self, statement: sa.ClauseElement | str, *, prepare: bool = True) -> None:
        self._statement, self._prepare = statement, prepare

    @property
    def sql(self) -> str:
        """The text that PostgreSQL gets."""
        return self._compiled[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values, in the order of their numbers."""
        return self._compiled[1]

    @cached_property
    def _compiled(self) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """The text, the names of its values, and the values that the statement brings with it."""
        # Not when the module is imported: a process uses few of the statements, and all of them take half a second.
        fixed: dict[str, Any] = {}
        text = self._statement if isinstance(self._statement, str) else _compile(self._statement, fixed)
        names = tuple(dict.fromkeys(_NAMED.findall(text)))
        placeholders = {name: f"${number}" for number, name in enumerate(names, start=1)}
        return _NAMED.sub(lambda name: placeholders[name[1]], text).replace("%%", "%"), names, fixed

    def rows(self, conn: sa.Connection, values: dict[str, Any]) -> list[Any]:
        """Run the statement in `conn` with its values by name and return its rows, columns as attributes.

        Raises the errors of SQLAlchemy: IntegrityError, OperationalError …
        """
        if not conn.in_transaction():
            conn.begin()
        pooled = conn.connection
        connection: Any = pooled.driver_connection
        cursor = pooled.info.get(self)
        if cursor is None:
            cursor = pooled.info[self] = psycopg.RawCursor(connection, row_factory=self._row_factory)
        try:
            text, names, fixed = self._compiled
            given = fixed | values if fixed else values
            cursor.execute(text, [given[name] for name in names], prepare=self._prepare)
            return cursor.fetchall()
        except psycopg.Error as fault:
            if connection.closed:
                conn.invalidate(fault)
            raise sa.exc.DBAPIError.instance(
                self.sql,
                None,
                fault,
                psycopg.Error,
                hide_parameters=True,
                connection_invalidated=connection.closed,
                dialect=conn.dialect,
            ) from fault

    def dicts(self, conn: sa.Connection, values: dict[str, Any]) -> list[dict[str, Any]]:
        """Run the statement as rows() does, and return its rows as dictionaries by column name."""
        return [row._asdict() for row in self.rows(conn, values)]

    def _row_factory(self, cursor: Any) -> Callable[[Any], Any]:
        if self._make_row is None:
            make_row = namedtuple_row(cursor)
            if cursor.pgresult is None or not cursor.pgresult.nfields:
                return make_row
            self._make_row = make_row
        return self._make_row


def _compile(statement: sa.ClauseElement, fixed: dict[str, Any]) -> str:
    """Return the text of a statement, and add the values of its literals. It may hold no IN with a list of values."""
    compiled: Any = statement.compile(dialect=PGDialect_psycopg())  # type: ignore[no-untyped-call]
    to_give = {each.key: None for each in compiled.binds.values() if each.required}
    params = compiled.construct_params(to_give)
    fixed |= {name: value for name, value in params.items() if name not in to_give}
    return str(compiled)
