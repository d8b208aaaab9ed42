"""The engine connects to PostgreSQL with timeouts for every wait."""

import select
from typing import Any

import psycopg
import sqlalchemy as sa

from service.limits import Limits

_DEAD_SERVER_TIMEOUTS = {
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""TCP settings that give up a silent server after about 30 seconds."""

# On an SSD a random page costs about as much as the next page. With the default of 4, PostgreSQL reads a whole table
# instead of an index a thousand times (benchmarks/scale.py: a county's report section took five times as long).
_PAGE_COST = "-c random_page_cost=1.1"


def make_engine(url: str, *, pool: int = 8, echo: bool = False, limits: Limits = Limits()) -> sa.Engine:  # noqa: B008
    """Return an engine on PostgreSQL through psycopg 3; `url` starts with postgresql:// or postgresql+psycopg://.

    Instants come back aware and in UTC. Waits for a connection, a lock and a statement end as `limits` says; an idle
    transaction ends after 60 s. Raises ValueError when `url` has another scheme.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {scheme}://")
    timeouts = f"-c statement_timeout={limits.statement_time}s -c lock_timeout={limits.lock_wait}s"
    options = f"-c timezone=UTC {timeouts} -c idle_in_transaction_session_timeout=60s {_PAGE_COST}"
    engine = sa.create_engine(
        f"postgresql+psycopg://{rest}",
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=limits.db_pool_timeout,
        echo=echo,
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": 3, **_DEAD_SERVER_TIMEOUTS},
    )
    sa.event.listen(engine, "connect", _raise_prepared_limit)
    sa.event.listen(engine, "checkout", _reject_closed_connection)
    return engine


def _raise_prepared_limit(connection: Any, _record: object) -> None:
    # psycopg keeps 100 prepared statements per connection; the programmes need more different ones.
    connection.prepared_max = 500


def _reject_closed_connection(connection: Any, _record: object, _proxy: object) -> None:
    """Raise DisconnectionError when the server has closed an idle connection; the pool then opens a new one."""
    # An idle socket is readable only when the server has closed it. SQLAlchemy's pool_pre_ping would ask the server,
    # which costs as much as a SELECT.
    poller = select.poll()
    if not connection.closed:
        poller.register(connection.fileno(), select.POLLIN)
    if connection.closed or poller.poll(0):
        raise sa.exc.DisconnectionError("the server closed the connection")


def constraint_of(error: sa.exc.IntegrityError) -> str:
    """Return the name of the constraint that refused a row, or "" when the database names none."""
    diagnosis = error.orig.diag if isinstance(error.orig, psycopg.Error) else None
    return (diagnosis.constraint_name if diagnosis else None) or ""


def is_denied(error: sa.exc.DBAPIError) -> bool:
    """Return whether the database refused a statement because the role has no right to it."""
    return isinstance(error.orig, psycopg.errors.InsufficientPrivilege)
