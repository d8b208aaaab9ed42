"""Statements compiled once and run on psycopg directly, for the paths every step takes."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.rows import namedtuple_row
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_NAMED = re.compile(r"%\((\w+)\)s")


class PreparedStatement:
    """A statement spelled once, when its module is read, and handed to the driver as it is: for the paths that every
    case step goes through, where spelling it anew and describing its rows cost as much as running it. Each connection
    keeps a cursor for it, which knows how its values are told and its rows read.
    """

    _make: Callable[[Any], Any] | None = None
    """Makes a row of its values, once the first rows have told their names."""

    def __init__(self, statement: sa.ClauseElement | str) -> None:
        dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
        spelled = statement if isinstance(statement, str) else str(statement.compile(dialect=dialect))
        self.names = tuple(dict.fromkeys(_NAMED.findall(spelled)))
        places = {name: f"${number}" for number, name in enumerate(self.names, start=1)}
        self.sql = _NAMED.sub(lambda found: places[found[1]], spelled).replace("%%", "%")

    def rows(self, conn: sa.Connection, values: dict[str, Any]) -> list[Any]:
        """Run it in `conn` with its values by name; its rows, each with its columns as attributes.

        Raises what SQLAlchemy raises: IntegrityError, OperationalError …
        """
        if not conn.in_transaction():
            conn.begin()
        held = conn.connection
        line: Any = held.driver_connection
        cursor = held.info.get(self)
        if cursor is None:
            cursor = held.info[self] = psycopg.RawCursor(line, row_factory=self._row_maker)
        try:
            cursor.execute(self.sql, [values[name] for name in self.names], prepare=True)
            return cursor.fetchall()
        except psycopg.Error as fault:
            if line.closed:
                conn.invalidate(fault)
            raise sa.exc.DBAPIError.instance(
                self.sql,
                None,
                fault,
                psycopg.Error,
                hide_parameters=True,
                connection_invalidated=line.closed,
                dialect=conn.dialect,
            ) from fault

    def _row_maker(self, cursor: Any) -> Callable[[Any], Any]:
        if self._make is None:
            make = namedtuple_row(cursor)
            if cursor.pgresult is None or not cursor.pgresult.nfields:
                return make
            self._make = make
        return self._make
