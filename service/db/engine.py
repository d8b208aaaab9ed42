"""The database: engine, naming convention, column shapes every table shares, client-made keys."""

import select
from typing import Any

import psycopg
import sqlalchemy as sa

from service.limits import Limits

_SILENT = {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""A server that answers nothing any more is given up after half a minute."""


_ANY_PAGE = "-c random_page_cost=1.1"
"""On the disks of today a page here costs as much as a page there: without this PostgreSQL would rather read a whole table
than ask an index a thousand times (benchmarks/scale.py: a county's section took five times as long)."""


def make_engine(url: str, *, pool: int = 8, echo: bool = False, limits: Limits = Limits()) -> sa.Engine:  # noqa: B008 - frozen
    """An engine on PostgreSQL through psycopg 3; `url` may start with postgresql:// or postgresql+psycopg://.

    Instants come back aware and in UTC. Nothing waits without end: not for a connection, a lock or a statement (see
    Bounds), not for a server that has gone silent; a forgotten transaction is ended after 60 s.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {scheme}://")
    waits = f"-c statement_timeout={limits.statement_time}s -c lock_timeout={limits.lock_wait}s"
    options = f"-c timezone=UTC {waits} -c idle_in_transaction_session_timeout=60s {_ANY_PAGE}"
    made = sa.create_engine(
        f"postgresql+psycopg://{rest}",
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=limits.db_pool_timeout,
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


def constraint_of(error: sa.exc.IntegrityError) -> str:
    """Return the name of the constraint that refused a row, or "" when the database names none."""
    diagnosis = error.orig.diag if isinstance(error.orig, psycopg.Error) else None
    return (diagnosis.constraint_name if diagnosis else None) or ""
