"""Fixtures: a migrated database per worker and a rolled-back transaction per test."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from service.db.engine import make_engine


@pytest.fixture(scope="session")
def database_url(migrated_database: Callable[[], str]) -> str:
    """Return the URL of a database at the newest migration."""
    return migrated_database()


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Yield an engine of the migrated database."""
    pooled_engine = make_engine(database_url, pool=40)
    yield pooled_engine
    pooled_engine.dispose()


@pytest.fixture
def conn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection whose transaction is rolled back when the test ends."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()
