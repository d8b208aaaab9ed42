"""A migrated database for each worker; a transaction that is undone for each test."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from service.db import migrate
from service.db.engine import make_engine


@pytest.fixture(scope="session")
def database_url(empty_database: Callable[..., str]) -> str:
    """A database at the newest migration."""
    url = empty_database()
    fresh = make_engine(url)
    migrate.upgrade(fresh)
    fresh.dispose()
    return url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Connections to it."""
    made = make_engine(database_url, pool=40)
    yield made
    made.dispose()


@pytest.fixture
def conn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that is undone when the test ends."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()
