"""The database: engine, naming convention, column shapes every table shares, client-made keys."""

import re
import select
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
import uuid_utils.compat
from psycopg.rows import namedtuple_row
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from service.bounds import Bounds

_SILENT = {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""A server that answers nothing any more is given up after half a minute."""

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the house hangs here; migrations are checked against it."""

Instant = sa.DateTime(timezone=True)
Path = sa.Text(collation="C")
Words = pg.ARRAY(sa.Text())
Json = pg.JSONB


_ANY_PAGE = "-c random_page_cost=1.1"
"""On the disks of today a page here costs as much as a page there: without this PostgreSQL would rather read a whole table
than ask an index a thousand times (benchmarks/scale.py: a county's section took five times as long)."""


def engine(url: str, *, pool: int = 8, echo: bool = False, bounds: Bounds = Bounds()) -> sa.Engine:  # noqa: B008 - frozen
    """An engine on PostgreSQL through psycopg 3; `url` may start with postgresql:// or postgresql+psycopg://.

    Instants come back aware and in UTC. Nothing waits without end: not for a connection, a lock or a statement (see
    Bounds), not for a server that has gone silent; a forgotten transaction is ended after 60 s.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {scheme}://")
    waits = f"-c statement_timeout={bounds.statement_time}s -c lock_timeout={bounds.lock_wait}s"
    options = f"-c timezone=UTC {waits} -c idle_in_transaction_session_timeout=60s {_ANY_PAGE}"
    made = sa.create_engine(
        f"postgresql+psycopg://{rest}",
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=bounds.pool_wait,
        echo=echo,
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": 3, **_SILENT},
    )
    sa.event.listen(made, "connect", _remembers)
    sa.event.listen(made, "checkout", _still_there)
    return made


def _remembers(connection: Any, _record: object) -> None:
    """Every shape of SELECT and of rows that the programmes know stays prepared: there are more than psycopg's hundred."""
    connection.prepared_max = 500


def _still_there(connection: Any, _record: object, _proxy: object) -> None:
    """A server that went away has hung up: there is something to read on a line on which nobody has asked. Seen without
    a word to the server, where a ping before every use costs as much as a SELECT. The pool then opens another line.
    """
    line = select.poll()
    if not connection.closed:
        line.register(connection.fileno(), select.POLLIN)
    if connection.closed or line.poll(0):
        raise sa.exc.DisconnectionError("the server hung up")


_NAMED = re.compile(r"%\((\w+)\)s")


class Prepared:
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

    def rows(self, tx: sa.Connection, values: dict[str, Any]) -> list[Any]:
        """Run it in `tx` with its values by name; its rows, each with its columns as attributes.

        Raises what SQLAlchemy raises: IntegrityError, OperationalError …
        """
        if not tx.in_transaction():
            tx.begin()
        held = tx.connection
        line: Any = held.driver_connection
        cursor = held.info.get(self)
        if cursor is None:
            cursor = held.info[self] = psycopg.RawCursor(line, row_factory=self._row_maker)
        try:
            cursor.execute(self.sql, [values[name] for name in self.names], prepare=True)
            return cursor.fetchall()
        except psycopg.Error as fault:
            if line.closed:
                tx.invalidate(fault)
            raise sa.exc.DBAPIError.instance(
                self.sql,
                None,
                fault,
                psycopg.Error,
                hide_parameters=True,
                connection_invalidated=line.closed,
                dialect=tx.dialect,
            ) from fault

    def _row_maker(self, cursor: Any) -> Callable[[Any], Any]:
        if self._make is None:
            make = namedtuple_row(cursor)
            if cursor.pgresult is None or not cursor.pgresult.nfields:
                return make
            self._make = make
        return self._make


def constraint_of(error: sa.exc.IntegrityError) -> str:
    """Return the name of the constraint that refused a row, or "" when the database names none."""
    diagnosis = error.orig.diag if isinstance(error.orig, psycopg.Error) else None
    return (diagnosis.constraint_name if diagnosis else None) or ""


def new_id() -> UUID:
    """A UUIDv7: made by us before the row exists, so that what is sealed can be bound to its row."""
    return uuid_utils.compat.uuid7()


def key() -> sa.Column[UUID]:
    """The primary key of a table whose rows are made by us."""
    return sa.Column("id", sa.Uuid(), primary_key=True)


def to(target: str, name: str, *, optional: bool = False, index: bool = False) -> sa.Column[UUID]:
    """A foreign key to `target`.id."""
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{target}.id"), nullable=optional, index=index)


def money(name: str, *, optional: bool = False) -> sa.Column[int]:
    """An amount in fen."""
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def sealed(name: str, *, optional: bool = True) -> sa.Column[bytes]:
    """Personal data, encrypted and bound to table, column and row (see privacy)."""
    return sa.Column(name, sa.LargeBinary(), nullable=optional)


def one_of(column: str, values: object) -> sa.CheckConstraint:
    """A CHECK that a text column holds one of an enumeration's values."""
    words = ", ".join(f"'{value}'" for value in values)  # type: ignore[attr-defined]
    return sa.CheckConstraint(f"{column} IN ({words})", name=column)
