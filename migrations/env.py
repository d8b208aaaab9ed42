"""Alembic runs the migrations with the tables of service.tables and a lock timeout."""

from alembic import context
from sqlalchemy import Connection, text

import service.tables
from service.db.columns import METADATA
from service.db.engine import make_engine

__all__ = ["service"]


def _run(connection: Connection) -> None:
    # A migration gives up after 5 s instead of blocking the requests that queue behind its lock.
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _run_online() -> None:
    open_connection = context.config.attributes.get("connection")
    if open_connection is not None:
        _run(open_connection)
        return
    url = context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise SystemExit("Give the database: songnuan migrate, or DATABASE_URL=postgresql://… songnuan migrate")
    with make_engine(url).connect() as connection:
        _run(connection)


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=METADATA, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    _run_online()
