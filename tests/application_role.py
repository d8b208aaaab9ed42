"""The application's database role: what the service and the worker of a test connect as."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.engine import make_url

from service.db import migrate
from service.db.engine import make_engine
from service.local_servers.database_roles import APPLICATION
from service.tables.privileges import grant_to

_granted: set[str] = set()


def application_url(url: str) -> str:
    """Return the URL of a test's database for the role that owns nothing; give the role its privileges first.

    Tests that forge rows keep the URL they have, of the server's superuser. A database that cannot be reached, or that
    is not at the newest migration, keeps what privileges it has.
    """
    if url not in _granted:
        engine = make_engine(url, pool=1)
        try:
            with engine.begin() as conn:
                if migrate.present(conn) == migrate.newest():
                    grant_to(conn, APPLICATION)
                    _granted.add(url)
                else:
                    conn.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {APPLICATION}")
        except sa.exc.OperationalError:
            return url
        finally:
            engine.dispose()
    return make_url(url).set(username=APPLICATION).render_as_string(hide_password=False)


def act_as_application(conn: sa.Connection) -> None:
    """Give the rest of a transaction the rights of the role; the database must have its privileges."""
    conn.exec_driver_sql(f"SET LOCAL ROLE {APPLICATION}")


@contextmanager
def as_owner(conn: sa.Connection) -> Iterator[None]:
    """Forge rows with the rights of the connection itself, then act as the application again."""
    conn.exec_driver_sql("RESET ROLE")
    yield
    act_as_application(conn)


def make_role(url: str) -> None:
    """Make the role on a server that is not ours, with the password of the URL."""
    with psycopg.connect(url, autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION]).fetchone():
            server.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(APPLICATION), sql.Literal(make_url(url).password or "")
                )
            )
