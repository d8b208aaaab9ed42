"""An engine of one connection whose commits are savepoints, so that a whole walk is taken back at its end."""

from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.pool import StaticPool


class TakenBack(psycopg.Connection[Any]):
    """Between `begin_walk` and `end_walk` a commit keeps what was done only until the end of the walk."""

    walking = False
    deferred = ""

    def begin_walk(self) -> None:
        """Begin a walk; what is written from now on is taken back by `end_walk`."""
        psycopg.Connection.rollback(self)
        names = self.execute("SELECT conname FROM pg_constraint WHERE condeferred").fetchall()
        self.deferred = ", ".join(sorted(f'"{name}"' for (name,) in names))
        self.execute("SAVEPOINT act")
        self.walking = True

    def end_walk(self) -> None:
        """Take back everything since `begin_walk`."""
        self.walking = False
        psycopg.Connection.rollback(self)

    def commit(self) -> None:
        """Check the deferred constraints, as a commit does; keep what was done for the rest of the walk."""
        if not self.walking:
            super().commit()
            return
        if self.deferred:
            self.execute(f"SET CONSTRAINTS {self.deferred} IMMEDIATE".encode())
            self.execute(f"SET CONSTRAINTS {self.deferred} DEFERRED".encode())
        self.execute("RELEASE SAVEPOINT act")
        self.execute("SAVEPOINT act")

    def rollback(self) -> None:
        """Take back what was done since the last commit."""
        if self.walking:
            self.execute("ROLLBACK TO SAVEPOINT act")
        else:
            super().rollback()


def one_connection(url: str) -> tuple[sa.Engine, TakenBack]:
    """Return an engine with one connection to a database, and that connection."""
    libpq_url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = TakenBack.connect(libpq_url, options="-c timezone=UTC -c random_page_cost=1.1 -c lock_timeout=5s")
    connection.prepared_max = 2_000
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True
    )
    return engine, connection
